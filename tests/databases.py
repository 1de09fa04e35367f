"""Databases for tests: a copy of one whose tables are made costs a tenth of making them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from unkai.kit.db import metadata
from unkai.kit.db.ddl import script


def with_tables(url: str) -> str:
    """The same `url`; an SQLite file that is not there yet is made, with its tables."""
    path = Path(url)
    if not url.startswith("postgresql") and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_template(tuple(metadata.tables)))
    return url


@cache
def _template(_tables: tuple[str, ...]) -> bytes:
    """Once for each set of tables: they are declared as modules are imported."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.executescript(script("sqlite://"))
        return made.serialize()
