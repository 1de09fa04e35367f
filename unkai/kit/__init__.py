"""The workbench of every service: HTTP, database, operations, events, time. Knows no cloud."""
