"""The database: one commit, races run again, nothing awaited inside, the same on both kinds."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, String, Table, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from unkai.kit.db import Database, Json, StaleWrite, Tx, metadata, open_database, refusal
from unkai.kit.db.sqlite import SqliteDatabase
from unkai.kit.errors import BadRequest, Conflict, Fault, Unavailable

pytestmark = pytest.mark.anyio

counters = Table(
    "test_counters",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Integer, nullable=False),
    Column("notes", Json),
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


async def put(tx: Tx, name: str, value: int) -> None:
    await tx.execute(insert(counters).values(name=name, value=value, notes={"n": [value]}))


async def value_of(database: Database, name: str) -> int | None:
    return await database.reader.scalar(select(counters.c.value).where(counters.c.name == name))


async def test_what_is_committed_is_read(database: Database) -> None:
    await database.transact(lambda tx: put(tx, "a", 1))
    row = await database.reader.first(select(counters))
    assert row is not None
    assert (row.name, row.value, row.notes) == ("a", 1, {"n": [1]})


async def test_a_raising_transaction_leaves_nothing_and_tells_nobody(database: Database) -> None:
    told: list[str] = []

    async def fail(tx: Tx) -> None:
        await put(tx, "a", 1)
        tx.after_commit(lambda: told.append("committed"))
        raise KeyError("no")

    with pytest.raises(KeyError):
        await database.transact(fail)
    assert await value_of(database, "a") is None
    assert told == []


async def test_one_failing_among_many_harms_no_other(database: Database) -> None:
    await database.transact(lambda tx: put(tx, "a", 1))
    results = await asyncio.gather(
        *(database.transact(lambda tx, n=name: put(tx, n, 1)) for name in "abcdeab"),
        return_exceptions=True,
    )
    failed = [result for result in results if result is not None]
    assert len(failed) == 3
    assert all(isinstance(error, IntegrityError) for error in failed)
    assert len(await database.reader.all(select(counters))) == 5


async def test_racing_increments_all_count(database: Database) -> None:
    await database.transact(lambda tx: put(tx, "a", 0))

    async def increment(tx: Tx) -> None:
        value = await tx.scalar(select(counters.c.value).where(counters.c.name == "a"))
        await tx.execute(update(counters).where(counters.c.name == "a").values(value=value + 1))

    await asyncio.gather(*(database.transact(increment) for _ in range(5)))
    assert await value_of(database, "a") == 5


async def test_a_stale_write_runs_again(database: Database) -> None:
    runs: list[int] = []

    async def stale_twice(tx: Tx) -> int:
        runs.append(1)
        await put(tx, "a", len(runs))
        if len(runs) < 3:
            raise StaleWrite
        return len(runs)

    assert await database.transact(stale_twice) == 3
    assert await value_of(database, "a") == 3


async def test_a_long_read_sees_the_same(database: Database) -> None:
    await database.transact(lambda tx: put(tx, "a", 7))
    rows = await database.read_apart(lambda session: session.all(select(counters)))
    assert rows[0].value == 7


async def test_sqlite_asserts_that_nothing_else_is_awaited(tmp_path: Path) -> None:
    database = await open_database(str(tmp_path / "db"))

    async def sleepy(tx: Tx) -> None:
        await put(tx, "a", 1)
        await asyncio.sleep(0)

    with pytest.raises(AssertionError):
        await database.transact(sleepy)
    assert await value_of(database, "a") is None
    await database.close()


async def test_sqlite_belongs_to_one_process(tmp_path: Path) -> None:
    database = await open_database(str(tmp_path / "db"))
    with pytest.raises(Unavailable, match="in use"):
        await open_database(str(tmp_path / "db"))
    await database.close()
    again = await open_database(str(tmp_path / "db"))
    await again.close()


class FullDisk:
    """The writer's connection; its first COMMIT fails."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw
        self.commits = 0

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    def execute(self, sql: str) -> sqlite3.Cursor:
        if sql == "commit":
            self.commits += 1
            if self.commits == 1:
                raise sqlite3.OperationalError("disk is full")
        return self._raw.execute(sql)


async def test_who_is_told_of_a_failed_commit(tmp_path: Path) -> None:
    """Whose transaction was in it; one that waits for its next attempt runs and is told then."""
    database = SqliteDatabase(tmp_path / "db")
    database.create_tables()
    database._raw = FullDisk(database._raw)  # type: ignore[assignment]
    attempts = 0

    async def late(tx: Tx) -> None:
        nonlocal attempts
        attempts += 1
        if attempts == 1:
            raise StaleWrite
        await put(tx, "late", 1)

    told = await asyncio.gather(
        database.transact(lambda tx: put(tx, "a", 1)),
        database.transact(late),
        return_exceptions=True,
    )
    assert isinstance(told[0], sqlite3.OperationalError)
    assert told[1] is None
    assert await value_of(database, "a") is None
    assert await value_of(database, "late") == 1
    await database.close()


async def test_a_failing_statement_does_not_tell_its_parameters(database: Database) -> None:
    """Password hashes and tokens are among them, and the message is logged."""
    await database.transact(lambda tx: put(tx, "secret-name", 1))
    with pytest.raises(IntegrityError) as told:
        await database.transact(lambda tx: put(tx, "secret-name", 1))
    assert "parameters hidden" in str(told.value)
    assert "secret-name" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("x" * 33, 1, BadRequest),
        ("big", 2**31, BadRequest),
        ("small", -(2**31) - 1, BadRequest),
        ("there", 1, Conflict),
    ],
)
async def test_what_the_database_refuses_is_the_same_on_both(
    database: Database, name: str, value: int, kind: type[Fault]
) -> None:
    await database.transact(lambda tx: put(tx, "there", 1))
    with pytest.raises(DBAPIError) as told:
        await database.transact(lambda tx: put(tx, name, value))
    assert isinstance(refusal(told.value), kind)


async def test_a_string_may_be_as_long_as_its_column(database: Database) -> None:
    """In characters, whatever they weigh."""
    await database.transact(lambda tx: put(tx, "\U0001f980" * 32, 2**31 - 1))
    assert await value_of(database, "\U0001f980" * 32) == 2**31 - 1
