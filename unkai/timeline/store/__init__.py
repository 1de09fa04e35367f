"""The rows of timelines."""
