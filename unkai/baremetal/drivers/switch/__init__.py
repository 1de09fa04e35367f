"""The Ethernet switches that machines are plugged into."""
