"""Pages of volumes, snapshots, backups and the like: filters, sorting, markers and offsets.

A page begins after its marker's own sort keys, so that the last costs as much as the first.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, false, func, or_, select

from unkai.block_storage.model import Filter, ListQuery
from unkai.block_storage.store.schema import snapshot_metadata, volume_metadata, volumes
from unkai.kit.db import AnyRow, Session
from unkai.kit.errors import NotFound

Condition = ColumnElement[bool]
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "neq": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
EMPTY: dict[str, Any] = {"name": "", "updated_at": -1.0, "description": ""}
"""What a missing value sorts as."""


async def page(session: Session, table: Table, query: ListQuery) -> Sequence[AnyRow]:
    """NotFound (code "no-such-marker") where the marker is not among the listed."""
    keys = _keys(table, query.sort)
    statement = _filtered(table, query, select(table))
    if query.marker is not None:
        statement = statement.where(await _after(session, table, query, keys))
    ordered = [key.desc() if down else key.asc() for _, key, down in keys]
    statement = statement.order_by(*ordered).limit(query.limit)
    if query.offset:
        statement = statement.offset(query.offset)
    return await session.all(statement)


async def count(session: Session, table: Table, query: ListQuery) -> int:
    """How many there are on all pages together."""
    return await session.scalar(_filtered(table, query, select(func.count()).select_from(table)))


def _filtered(table: Table, query: ListQuery, statement: Select[Any]) -> Select[Any]:
    if query.project_id is not None:
        statement = statement.where(table.c.project_id == query.project_id)
    for one in query.filters:
        statement = statement.where(_condition(table, one))
    return statement


def _condition(table: Table, one: Filter) -> Condition:
    if one.how in ("user", "image"):
        return _has_pair(table, one)
    column = table.c[one.field]
    if one.how == "like":
        return column.contains(str(one.value), autoescape=True)
    if one.how == "in":
        values: Any = one.value
        return column.in_(values) if values else false()
    if one.value is None:
        return column.is_(None)
    if isinstance(one.value, bool):
        return column.is_(one.value)
    return OPERATORS[one.how](column, one.value)


def _has_pair(table: Table, one: Filter) -> Condition:
    """A pair of metadata: what users said, or what came with the image."""
    if table is volumes:
        pairs, owner = volume_metadata, volume_metadata.c.volume_id
        kind: list[Condition] = [volume_metadata.c.kind == one.how]
    else:
        pairs, owner, kind = snapshot_metadata, snapshot_metadata.c.snapshot_id, []
    return (
        select(owner)
        .where(owner == table.c.id, pairs.c.name == one.field, pairs.c.value == one.value, *kind)
        .exists()
    )


def _keys(table: Table, sort: Sequence[tuple[str, str]]) -> list[tuple[str, Any, bool]]:
    """(column, what is compared, whether it goes down); completed to a total order."""
    order = [(name, direction == "desc") for name, direction in sort]
    down = order[-1][1] if order else True
    named = {name for name, _ in order}
    order += [(name, down) for name in ("created_at", "id") if name not in named]
    return [(name, _key(table, name), down) for name, down in order]


def _key(table: Table, name: str) -> Any:
    column = table.c[name]
    return func.coalesce(column, EMPTY[name]) if name in EMPTY else column


async def _after(
    session: Session, table: Table, query: ListQuery, keys: list[tuple[str, Any, bool]]
) -> Condition:
    marked = select(table).where(table.c.id == query.marker)
    if query.project_id is not None:
        marked = marked.where(table.c.project_id == query.project_id)
    row = await session.first(marked)
    if row is None:
        raise NotFound(f"The marker {query.marker} was not found.", code="no-such-marker")
    choices: list[Condition] = []
    equal: list[Condition] = []
    for name, key, down in keys:
        value = getattr(row, name)
        value = EMPTY.get(name) if value is None else value
        choices.append(and_(*equal, key < value if down else key > value))
        equal.append(key == value)
    return or_(*choices)
