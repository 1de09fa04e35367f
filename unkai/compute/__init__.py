"""Nova: servers, and everything a server is made of.

`service.Compute` is what every action takes first; `actions/create_server.py` is the story that the
rest follows from.
"""
