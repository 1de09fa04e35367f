"""Identity: who a caller is, what they may, and where the services are (Keystone v3)."""
