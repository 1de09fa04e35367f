"""Where volumes of machines come from."""
