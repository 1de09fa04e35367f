"""Cinder: volumes, their snapshots and backups, and who is attached to what.

Only this package knows where a volume's bytes lie; whoever opens one is handed a `Connection`.
"""
