"""How a machine comes to boot what it should."""
