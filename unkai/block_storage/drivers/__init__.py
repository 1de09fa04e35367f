"""Where volumes lie: what a driver does, and the drivers."""
