"""A statement that is prepared brings the same as through SQLAlchemy."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import importlib
import pkgutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    String,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    func,
    insert,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.selectable import CompoundSelect, Select

import unkai
from unkai.kit.db import Json, among, metadata, open_database
from unkai.kit.db.prepared import PreparedStatements, prepare
from unkai.kit.db.sqlite import SqliteDatabase

pytestmark = pytest.mark.anyio

things = Table(
    "test_things",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(8), nullable=False, unique=True),
    Column("key", Text),
    Column("size", Float),
    Column("good", Boolean),
    Column("notes", Json),
)
parts = Table(
    "test_parts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("thing_id", Integer),
    Column("made_by", String(8), default=lambda: "python"),
)
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "a", "key": "k", "size": 1.5, "good": True, "notes": {"n": [1, None, "ü"]}},
    {"id": 2, "name": "b", "key": None, "size": None, "good": False, "notes": None},
    {"id": 3, "name": "c", "key": "", "size": 3, "good": None, "notes": []},
]
SELECTS: dict[str, tuple[Any, Any]] = {
    "whole rows": (select(things).order_by(things.c.id), None),
    "by a parameter": (
        select(things).where(things.c.name == bindparam("of_name")),
        {"of_name": "b"},
    ),
    "by a value": (
        select(things.c.notes).where(things.c.good.is_(True), things.c.size > 1.0),
        None,
    ),
    "nothing": (select(things).where(things.c.id == bindparam("one")), {"one": 99}),
    "among some": (select(things).where(among(things.c.id)).order_by("id"), {"ids": [3, 1]}),
    "among a set": (select(things.c.name).where(among(things.c.id)), {"ids": {2}}),
    "among none": (select(things).where(among(things.c.id)), {"ids": []}),
    "among fixed": (select(things).where(things.c.name.in_(["a", "c"])).order_by("id"), None),
    "a JSON value": (select(things.c.id).where(things.c.notes == bindparam("n")), {"n": []}),
    "a boolean": (select(things.c.id).where(things.c.good == bindparam("g")), {"g": False}),
    "two columns of one name": (
        select(things.c.id, parts.c.id).join(parts, parts.c.thing_id == things.c.id),
        None,
    ),
    "labels and sums": (
        select(func.count().label("number"), func.sum(things.c.size), func.max(things.c.name)),
        None,
    ),
    "JSON as text": (select(type_coerce(things.c.notes, Text).label("notes")), None),
    "a limit": (select(things).order_by("id").limit(bindparam("most")), {"most": 2}),
    "a parameter twice": (
        select(things.c.id).where(
            (things.c.id == bindparam("x")) | (things.c.size == bindparam("x"))
        ),
        {"x": 3},
    ),
    "a union": (
        select(things.c.id, things.c.good).union(select(parts.c.id, parts.c.id > 3)).order_by("id"),
        None,
    ),
}


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = await open_database(str(tmp_path / "db"))
    assert isinstance(database, SqliteDatabase)

    async def fill(tx: Any) -> None:
        await tx.execute(insert(things), ROWS)
        await tx.execute(insert(parts), [{"id": 7, "thing_id": 2}])

    await database.transact(fill)
    yield database
    await database.close()


@pytest.mark.parametrize("name", SELECTS)
async def test_rows_are_the_same(database: SqliteDatabase, name: str) -> None:
    statement, parameters = SELECTS[name]
    plain, *prepared = [await database.reader.all(statement, parameters) for _ in range(3)]
    for rows in prepared:
        assert rows == plain
        assert [row._mapping for row in rows] == [row._mapping for row in plain]
        assert [[type(value) for value in row] for row in rows] == [
            [type(value) for value in row] for row in plain
        ]
    assert prepare(statement, tuple(parameters or ()), database._write_engine.dialect)
    first, again = [await database.reader.first(statement, parameters) for _ in range(2)]
    assert first == again == (plain[0] if plain else None)
    scalar = await database.reader.scalar(statement, parameters)
    assert scalar == (plain[0][0] if plain else None)


async def test_lists_may_change_their_size(database: SqliteDatabase) -> None:
    statement = select(things.c.id).where(among(things.c.id)).order_by(things.c.id)
    for ids in ([1], [1, 2], [], [1, 2, 3], [2], range(1, 90)):
        found = await database.reader.scalars(statement, {"ids": ids})
        assert found == [one for one in ids if one < 4]


WRITES: dict[str, tuple[Any, Callable[[int], Any]]] = {
    "an insert": (insert(things), lambda n: {**ROWS[0], "id": n, "name": f"n{n}"}),
    "an insert of some columns": (insert(things), lambda n: {"name": f"n{n}", "notes": {"a": n}}),
    "an insert of many": (
        insert(things),
        lambda n: [{"id": 10 * n + i, "name": f"n{n}{i}", "notes": i} for i in range(3)],
    ),
    "an update": (
        update(things)
        .where(things.c.id == bindparam("of_id"))
        .values(size=func.coalesce(things.c.size, 0) + 1),
        lambda n: {"of_id": 2, "notes": [n], "good": True},
    ),
    "an update of a list": (
        update(things).where(among(things.c.id)),
        lambda n: {"ids": [1, 3], "key": f"k{n}"},
    ),
    "a delete": (delete(things).where(things.c.id > bindparam("over")), lambda n: {"over": n - 2}),
    "a default made in Python": (insert(parts), lambda n: {"thing_id": n}),
}


@pytest.mark.parametrize("name", WRITES)
async def test_writes_do_the_same(tmp_path: Path, name: str) -> None:
    """Three times on one database, prepared from the second on; built anew each time on another."""
    statement, parameters = WRITES[name]
    outcomes: list[Any] = []
    for at, again in enumerate((lambda: statement, statement._generate)):
        folder = tmp_path / str(at)
        folder.mkdir()
        database = await open_database(str(folder / "db"))

        async def work(tx: Any, again: Any = again) -> list[int]:
            await tx.execute(insert(things), ROWS)
            return [await tx.count(again(), parameters(n)) for n in range(4, 7)]

        counts = await database.transact(work)
        left = [await database.reader.all(select(one)) for one in (things, parts)]
        outcomes.append((counts, left))
        await database.close()
    assert outcomes[0] == outcomes[1]


async def test_what_is_returned_is_returned(database: SqliteDatabase) -> None:
    add = insert(things).returning(things.c.id, things.c.notes)
    change = update(things).where(things.c.id > 1).values(good=True).returning(things.c.name)

    async def work(tx: Any) -> None:
        for n in range(4, 7):
            row = await tx.first(add, {"name": f"n{n}", "notes": {"n": n}})
            assert (row.id, row.notes) == (n, {"n": n})
        for _ in range(3):
            assert await tx.scalars(change) == ["b", "c", "n4", "n5", "n6"]

    await database.transact(work)


async def test_refusals_are_the_same(database: SqliteDatabase) -> None:
    add = insert(things)

    async def twice(tx: Any) -> None:
        for name in ("x", "y", "a"):
            await tx.execute(add, {"name": name})

    with pytest.raises(IntegrityError) as refused:
        await database.transact(twice)
    assert isinstance(refused.value.orig, sqlite3.Error)
    assert refused.value.orig.sqlite_errorname == "SQLITE_CONSTRAINT_UNIQUE"
    assert "x" not in await database.reader.scalars(select(things.c.name))


async def test_what_only_sqlalchemy_can_do_stays_with_it(database: SqliteDatabase) -> None:
    dialect = database._write_engine.dialect
    assert prepare(text("select 1"), (), dialect) is None
    assert prepare(insert(parts), ("thing_id",), dialect) is None


async def test_a_statement_that_is_gone_is_forgotten() -> None:
    statements = PreparedStatements(create_engine("sqlite://").dialect)
    statement = select(things)
    assert statements.run(None, statement, None) is None  # type: ignore[arg-type]
    assert len(statements._known) == 1
    del statement
    assert len(statements._known) == 0


def constants() -> Iterator[tuple[str, Select[Any] | CompoundSelect[Any]]]:
    """Every SELECT that is a constant of some module."""
    for module in pkgutil.walk_packages(unkai.__path__, "unkai."):
        if ".store." not in module.name and not module.name.startswith("unkai.kit."):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            several: list[Any] = [*value.values()] if isinstance(value, dict) else [value]
            for one in several:
                if isinstance(one, Select | CompoundSelect):
                    yield f"{module.name}.{name}", one


async def test_every_constant_is_read_by_the_same_names(tmp_path: Path) -> None:
    found = list(constants())
    assert len(found) > 40
    database = await open_database(str(tmp_path / "db"))
    assert isinstance(database, SqliteDatabase)
    for name, statement in found:
        compiled = statement.compile(dialect=database._write_engine.dialect)
        asked: dict[str, Any] = {
            bind.key: [] if bind.expanding else 1
            for bind in compiled.binds.values()
            if bind.required
        }
        plain = database._read_connection.execute(statement, asked)
        prepared = prepare(statement, tuple(asked), database._write_engine.dialect)
        assert prepared is not None, name
        answer = prepared.run(database._raw, asked)
        assert [one[0] for one in answer._cursor.description] == list(plain.keys()), name
        assert len(statement.exported_columns) == len(plain.keys()), name
    await database.close()
