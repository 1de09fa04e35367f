"""What can be done with images, one story a file; the only door for other services."""
