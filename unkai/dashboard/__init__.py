"""The dashboard's door: the built files of `dashboard/`, served under `/dashboard`.

It serves files and knows nothing of the cloud: the program in the browser speaks the public APIs
with its user's token, like every other client.
"""
