"""The HTTP door of identity."""
