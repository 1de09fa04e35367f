"""Which networks a machine's ports are on."""
