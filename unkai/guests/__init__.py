"""Recipes of guest images, built from Debian packages without root."""
