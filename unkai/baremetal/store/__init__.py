"""The SQL of the bare-metal service."""
