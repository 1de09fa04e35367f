"""The doors of the timeline: write it, read it, show it."""
