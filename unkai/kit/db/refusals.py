"""What a database refuses, as a fault for the user: the last line behind the checks of each API.

PostgreSQL keeps the lengths of strings and the range of integers; SQLite is made to do so by CHECKs
(`keep_limits`), so that the same request gets the same answer on both.
"""

from __future__ import annotations

import sqlite3

from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Text, and_, func
from sqlalchemy.exc import DBAPIError

from unkai.kit.db.base import LOST_RACES, StaleWrite
from unkai.kit.errors import BadRequest, Conflict, Fault, NoRoom

PATTERN = "2201B"
INT_MAX = 2**31 - 1
EXISTS = ("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY")
REFERRED = ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY")
FULL = ("53100", "SQLITE_FULL", "SQLITE_IOERR_SHMSIZE")
"""The last is the index of the write-ahead log, which could not grow."""
UNFIT = ("22000", "22001", "22003", "22021", "SQLITE_CONSTRAINT_CHECK")
"""22000 is asyncpg's own: a value that its column cannot take is not even sent."""


def keep_limits(metadata: MetaData) -> None:
    """Give every table the CHECKs that SQLite needs; PostgreSQL's types say the same."""
    for table in metadata.tables.values():
        if table.info.get("limited"):
            continue
        table.info["limited"] = True
        for column in table.columns:
            check = _check(column)
            if check is not None:
                table.append_constraint(check.ddl_if(dialect="sqlite"))


def _check(column: Column[object]) -> CheckConstraint | None:
    kind = column.type
    if isinstance(kind, String) and not isinstance(kind, Text) and kind.length:
        return CheckConstraint(func.length(column) <= kind.length)
    if type(kind) is Integer and not column.primary_key:
        return CheckConstraint(and_(column >= -INT_MAX - 1, column <= INT_MAX))
    return None


def refusal(error: Exception) -> Fault | None:
    """What to tell the user; None where the fault is not the request's."""
    if isinstance(error, StaleWrite):
        return _raced()
    code = _code(error)
    if code in FULL:
        return NoRoom(
            "The cloud's database has no room left: nothing was changed.",
            code="database-full",
            remedy="An administrator must free space on its disk; then ask again.",
        )
    if code in LOST_RACES:
        return _raced()
    if code in EXISTS:
        return Conflict("Something with this name or value exists already.", code="already-exists")
    if code in REFERRED:
        return Conflict(
            "What the request refers to is gone, or something still refers to it.",
            code="still-referred-to",
        )
    if code in UNFIT:
        return BadRequest(
            "A value is longer or larger than its field takes.", code="value-too-large"
        )
    if code == PATTERN:
        return BadRequest("A filter is no regular expression.", code="invalid-pattern")
    return None


def _code(error: Exception) -> str:
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return getattr(original, "sqlite_errorname", "")
    return getattr(original, "sqlstate", None) or ""


def _raced() -> Fault:
    return Conflict(
        "Others changed the same at the same time.",
        code="changed-meanwhile",
        remedy="Try again.",
    )
