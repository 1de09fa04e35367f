"""The doors of the bare-metal service: one file a verb."""
