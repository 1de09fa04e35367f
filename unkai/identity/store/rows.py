"""What all of identity's tables share: a row is its model, field by field.

Lists are ordered by id, so that a marker (the last id seen) finds its place by the primary key.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Select, Table, delete, insert, select, update
from sqlalchemy.sql.base import Executable

from unkai.kit.db import AnyRow, Session

M = TypeVar("M")
OPERATORS = ("contains", "startswith", "endswith")
_by_column: Callable[[AnyRow], Mapping[str, Any]] = attrgetter("_mapping")


@dataclass(frozen=True, slots=True)
class Page:
    """What a list is asked for.

    equal: column to value; like: (column, operator, value) with an operator of OPERATORS, or the
    same with an "i" before it for any case; ids: only these; marker: the id to go on after.
    """

    equal: Mapping[str, Any] = field(default_factory=dict[str, Any])
    like: Sequence[tuple[str, str, str]] = ()
    ids: Collection[str] | None = None
    marker: str | None = None
    limit: int | None = None


def as_values(model: Any) -> dict[str, Any]:
    return {f.name: getattr(model, f.name) for f in dataclasses.fields(model)}


def as_model(shape: type[M], row: Mapping[str, Any]) -> M:
    """The model of a row whose columns bear the model's field names; others are ignored."""
    values: dict[str, Any] = {}
    for item in dataclasses.fields(cast("Any", shape)):
        value = row[item.name]
        values[item.name] = tuple(cast("list[Any]", value)) if isinstance(value, list) else value
    return shape(**values)


async def read(session: Session, statement: Executable) -> Sequence[Mapping[str, Any]]:
    """The rows of a statement by column name."""
    return [_by_column(row) for row in await session.all(statement)]


async def read_one(session: Session, statement: Executable) -> Mapping[str, Any] | None:
    row = await session.first(statement)
    return None if row is None else _by_column(row)


async def add(session: Session, table: Table, model: Any) -> None:
    await session.execute(insert(table).values(as_values(model)))


async def get(session: Session, table: Table, shape: type[M], key: str) -> M | None:
    row = await read_one(session, select(table).where(table.c.id == key))
    return None if row is None else as_model(shape, row)


async def get_many(
    session: Session, table: Table, shape: type[M], keys: Collection[str]
) -> dict[str, M]:
    """The models of these ids, by id; in groups that both databases take."""
    found: dict[str, M] = {}
    ordered = list(keys)
    for start in range(0, len(ordered), 500):
        part = ordered[start : start + 500]
        for row in await read(session, select(table).where(table.c.id.in_(part))):
            found[row["id"]] = as_model(shape, row)
    return found


async def change(session: Session, table: Table, key: str, changes: Mapping[str, Any]) -> None:
    if changes:
        await session.execute(update(table).where(table.c.id == key).values(dict(changes)))


async def remove(session: Session, table: Table, key: str) -> bool:
    return await session.count(delete(table).where(table.c.id == key)) > 0


async def find(
    session: Session,
    table: Table,
    shape: type[M],
    page: Page,
    *conditions: ColumnElement[bool],
) -> list[M]:
    statement = paged(table, select(table).where(*conditions), page)
    return [as_model(shape, row) for row in await read(session, statement)]


def paged(table: Table, statement: Select[Any], page: Page) -> Select[Any]:
    """The statement with the filters, order and bounds of a page."""
    for name, value in page.equal.items():
        column = table.c[name]
        statement = statement.where(column.is_(None) if value is None else column == value)
    for name, operator, value in page.like:
        statement = statement.where(_like(table.c[name], operator, value))
    if page.ids is not None:
        statement = statement.where(table.c.id.in_(list(page.ids)))
    if page.marker is not None:
        statement = statement.where(table.c.id > page.marker)
    if page.limit is not None:
        statement = statement.limit(page.limit)
    return statement.order_by(table.c.id)


def _like(column: ColumnElement[Any], operator: str, value: str) -> ColumnElement[bool]:
    if operator.startswith("i"):
        method = getattr(column, f"i{operator[1:]}")
    else:
        method = getattr(column, operator)
    return method(value, autoescape=True)
