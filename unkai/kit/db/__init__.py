"""The database: SQLAlchemy Core statements on SQLite or PostgreSQL, the same code for both.

A store function takes a `Session` and awaits its statements. `Database.reader` is a session for
reads outside a transaction; `Database.transact(fn)` runs `fn(tx)` in one and commits it once, and
runs it again when it lost a race. A transaction awaits nothing but its own statements: on SQLite
that is asserted, since its statements never suspend.

Rejected: an ORM (identity map and lazy loads hide queries), aiosqlite (a thread hop costs more than
most statements here).
"""

from unkai.kit.db.announced import Announced, announce
from unkai.kit.db.base import AnyRow, Database, Session, StaleWrite, Tx, among, metadata
from unkai.kit.db.json_type import Json
from unkai.kit.db.open import open_database
from unkai.kit.db.refusals import refusal

__all__ = [
    "Announced",
    "AnyRow",
    "Database",
    "Json",
    "Session",
    "StaleWrite",
    "Tx",
    "among",
    "announce",
    "metadata",
    "open_database",
    "refusal",
]
