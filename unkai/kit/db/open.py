"""Open the database that the settings name, with its tables made."""

from __future__ import annotations

from pathlib import Path

from unkai.kit.db.base import Database


async def open_database(url: str) -> Database:
    """`url`: a path of an SQLite file, or postgresql+asyncpg://user@host/name."""
    if url.startswith("postgresql"):
        from unkai.kit.db.postgres import PostgresDatabase

        database = PostgresDatabase(url)
        await database.create_tables()
        return database
    from unkai.kit.db.sqlite import SqliteDatabase

    lite = SqliteDatabase(Path(url))
    lite.create_tables()
    return lite
