"""The network tables: the only SQL of this service."""
