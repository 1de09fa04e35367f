"""Reads over all services."""
