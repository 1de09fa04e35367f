"""The rows of identity; the only SQL of the service."""
