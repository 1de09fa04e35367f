"""The agent of a compute host: machines, their disks and their ports, played by QEMU.

Compute reaches it through the Protocol in `client`; the agent in the same process (`local`), the
one behind mutual TLS (`remote`) and the one of the tests (`fake`) are the same to it.
"""
