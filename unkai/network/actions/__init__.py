"""What can be done with networks: one story per file, the only door for other services."""
