"""What the service does; the only door for other services."""
