"""PostgreSQL by asyncpg: serializable transactions, run again when they lost a race.

Serializable gives every transaction the isolation that SQLite's single writer gives, so the same
actions are right on both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar, cast

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.sql.base import Executable

from unkai.kit.db.base import (
    ATTEMPTS,
    LOST_RACES,
    Answer,
    Parameters,
    Session,
    StaleWrite,
    Tx,
)
from unkai.kit.db.ddl import script

T = TypeVar("T")
EXISTS = "23505"
"""SQLSTATE of a unique value that is there: of somebody who was faster, so we look once more."""


class _Driver(Protocol):
    """asyncpg's connection, which takes several statements at once."""

    async def execute(self, query: str) -> str: ...


class _Reader(Session):
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Answer:
        async with self._engine.connect() as connection:
            return cast("Answer", await connection.execute(statement, parameters))


class _WriteTx(Tx):
    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__()
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> Answer:
        return cast("Answer", await self._connection.execute(statement, parameters))


class PostgresDatabase:
    """`url` as SQLAlchemy writes it: postgresql+asyncpg://..."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            url,
            isolation_level="SERIALIZABLE",
            pool_size=8,
            max_overflow=8,
            hide_parameters=True,
        )
        self._losers = asyncio.Lock()
        self.reader: Session = _Reader(self._engine.execution_options(isolation_level="AUTOCOMMIT"))

    async def create_tables(self) -> bool:
        """Make the tables of a fresh database; False if they are there."""
        async with self._engine.begin() as connection:
            found = await connection.exec_driver_sql(
                "select count(*) from information_schema.tables where table_schema = 'public'"
            )
            if found.scalar():
                return False
            raw = await connection.get_raw_connection()
            driver = cast("_Driver", raw.driver_connection)
            await driver.execute(script("postgresql+asyncpg://"))
        return True

    async def transact(self, fn: Callable[[Tx], Awaitable[T]]) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._turn(attempt), self._engine.begin() as connection:
                    tx = _WriteTx(connection)
                    result = await fn(tx)
            except StaleWrite:
                if attempt == ATTEMPTS:
                    raise
            except DBAPIError as error:
                state = getattr(error.orig, "sqlstate", None)
                again = state in LOST_RACES or (state == EXISTS and attempt == 1)
                if not again or attempt == ATTEMPTS:
                    raise
            else:
                tx.committed()
                return result
        raise AssertionError("unreachable")

    @asynccontextmanager
    async def _turn(self, attempt: int) -> AsyncGenerator[None]:
        """Who lost a race waits for its turn among the losers, or all would lose again."""
        if attempt == 1:
            yield
            return
        async with self._losers:
            yield

    async def read_apart(self, fn: Callable[[Session], Awaitable[T]]) -> T:
        return await fn(self.reader)

    async def close(self) -> None:
        await self._engine.dispose()
