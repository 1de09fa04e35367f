"""The workbench every service stands on: HTTP, database, operations, events, time. Knows no cloud."""
