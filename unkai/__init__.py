"""Unkai: an OpenStack-compatible cloud in one program."""
