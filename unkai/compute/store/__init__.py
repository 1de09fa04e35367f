"""The only SQL of compute: a noun a file."""
