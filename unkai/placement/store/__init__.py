"""The SQL of placement, one file per noun."""
