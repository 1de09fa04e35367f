"""What puts the network tables on the wire: the protocol (`base`), a fake in memory, and OVN."""
