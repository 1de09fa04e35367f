"""What compute does: one file per verb; the only door for higher services."""
