"""What makes the tables of a fresh database: one script, worked out once per process.

Compiling it takes longer than running it, and a process that opens many databases (tests do) would
compile the same each time. On PostgreSQL one script is also one round trip instead of hundreds.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import create_mock_engine

from unkai.kit.db.announced import triggers
from unkai.kit.db.base import metadata
from unkai.kit.db.refusals import keep_limits


def script(url: str) -> str:
    """The statements for the kind of database that SQLAlchemy's `url` names."""
    return _script(url, tuple(metadata.tables))


@cache
def _script(url: str, _tables: tuple[str, ...]) -> str:
    """Once for each set of tables: they are declared as modules are imported."""
    keep_limits(metadata)
    statements: list[str] = []

    def keep(statement: Any, *_parameters: Any) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)).strip())

    engine = create_mock_engine(url, keep)
    metadata.create_all(engine, checkfirst=False)
    return ";\n".join([*statements, *triggers(engine.dialect.name)])
