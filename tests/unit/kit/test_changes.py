"""Changes as the database writes them, on both databases, to listeners of several processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Column, Integer, String, Table, delete, func, insert, select, update

from unkai.kit import changes
from unkai.kit.changes import Change, Feed, together
from unkai.kit.clock import Clock
from unkai.kit.db import Announced, Database, Tx, announce, metadata, open_database
from unkai.kit.db.announced import changes as written

pytestmark = pytest.mark.anyio

toys = Table(
    "test_toys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("project_id", String(36)),
    Column("colour", String(36)),
    Column("seen", Integer),
)
announce(toys, Announced("toy", about="row.colour", only=("colour", "project_id"), leaves="colour"))
MAKE = insert(toys)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
def feed(database: Database, database_url: str) -> Feed:
    return Feed(database, Clock(), several=database_url.startswith("postgresql"))


async def write(database: Database, *statements: object) -> None:
    async def run(tx: Tx) -> None:
        for statement in statements:
            await tx.execute(statement)  # type: ignore[arg-type]

    await database.transact(run)


def toy(number: int, colour: str = "red") -> object:
    return MAKE.values(id=str(number), project_id="p", colour=colour, seen=0)


def everything(_: Change) -> bool:
    return True


async def heard(listener: changes.Listener, count: int) -> list[tuple[str, str, str | None]]:
    found: list[Change] = []
    async with asyncio.timeout(10):
        while len(found) < count:
            found += await listener.next(1)
    return [(one.what, one.key, one.about) for one in found]


async def test_each_row_of_a_statement_counts(database: Database, feed: Feed) -> None:
    async with feed.listening(everything) as listener:
        await write(database, toy(1), toy(2))
        assert await heard(listener, 2) == [("created", "1", "red"), ("created", "2", "red")]
        await write(database, update(toys).values(seen=1))
        await write(database, update(toys).values(colour="blue"))
        assert sorted(await heard(listener, 2)) == [("changed", str(n), "blue") for n in (1, 2)]
        await write(database, delete(toys))
        assert sorted(await heard(listener, 2)) == [("deleted", str(n), "blue") for n in (1, 2)]


async def test_what_is_rolled_back_was_not(database: Database, feed: Feed) -> None:
    async def fail(tx: Tx) -> None:
        await tx.execute(toy(1))  # type: ignore[arg-type]
        raise LookupError

    async with feed.listening(everything) as listener:
        with pytest.raises(LookupError):
            await database.transact(fail)
        await write(database, toy(2))
        assert await heard(listener, 1) == [("created", "2", "red")]
        await write(database, toy(3))
        assert await heard(listener, 1) == [("created", "3", "red")]


async def test_who_comes_back_hears_what_came_after(database: Database, feed: Feed) -> None:
    await write(database, toy(1))
    async with feed.listening(everything, since=0) as listener:
        assert await heard(listener, 1) == [("created", "1", "red")]
    await write(database, toy(2))
    async with feed.listening(everything, since=listener.start) as listener:
        assert ("created", "2", "red") in await heard(listener, 1)
    async with feed.listening(everything, since=10**9) as listener:
        assert listener.missed
    assert feed.listeners == 0


async def test_what_was_pruned_is_missed(
    database: Database, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 2)
    await write(database, *(toy(number) for number in range(6)))
    await feed.prune()
    assert await database.reader.scalar(select(func.count()).select_from(written)) == 2
    async with feed.listening(everything, since=1) as listener:
        assert listener.missed


async def test_a_number_that_comes_late_is_heard(database_url: str) -> None:
    """Of two transactions at once the later number may be there first; also of another process."""
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has one writer.")
    here, there = await open_database(database_url), await open_database(database_url)
    began, go_on = asyncio.Event(), asyncio.Event()

    async def late(tx: Tx) -> None:
        await tx.execute(toy(1))  # type: ignore[arg-type]
        began.set()
        await go_on.wait()

    try:
        feed = Feed(here, Clock(), several=True)
        async with feed.listening(everything) as listener:
            slow = asyncio.ensure_future(there.transact(late))
            await began.wait()
            await write(here, toy(2))
            assert await heard(listener, 1) == [("created", "2", "red")]
            go_on.set()
            await slow
            assert await heard(listener, 1) == [("created", "1", "red")]
    finally:
        await here.close()
        await there.close()


def test_several_changes_of_one_thing_are_one() -> None:
    def change(number: int, what: str, key: str = "a") -> Change:
        return Change(number, "toy", key, what, "p", None, everyone=False, about=None)

    found = [
        change(1, "created"),
        change(2, "created", "b"),
        change(3, "changed"),
        change(4, "x", ""),
    ]
    assert [(one.id, one.key, one.what) for one in together(found)] == [
        (2, "b", "created"),
        (3, "a", "created"),
    ]
    gone = [change(1, "created"), change(2, "deleted")]
    assert [one.what for one in together(gone)] == ["deleted"]
