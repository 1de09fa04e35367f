"""Rows of groups, of their snapshots and their types."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, select, update

from unkai.block_storage.model import Group, GroupSnapshot, GroupType, ListQuery
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import group_snapshots, group_types, groups, snapshots
from unkai.kit.db import AnyRow, Session, Tx

GROUP = tuple(column.name for column in groups.c)
SNAPSHOT = tuple(column.name for column in group_snapshots.c)
TYPE = tuple(column.name for column in group_types.c)


def _group(row: AnyRow) -> Group:
    return Group(**{name: getattr(row, name) for name in GROUP})


def _snapshot(row: AnyRow) -> GroupSnapshot:
    return GroupSnapshot(**{name: getattr(row, name) for name in SNAPSHOT})


def _type(row: AnyRow) -> GroupType:
    return GroupType(**{name: getattr(row, name) for name in TYPE})


async def find(session: Session, group_id: str) -> Group | None:
    row = await session.first(select(groups).where(groups.c.id == group_id))
    return _group(row) if row else None


async def page(session: Session, query: ListQuery) -> list[Group]:
    return [_group(row) for row in await listing.page(session, groups, query)]


async def add(tx: Tx, made: Group) -> None:
    await tx.execute(insert(groups), {name: getattr(made, name) for name in GROUP})


async def change(tx: Tx, group_id: str, **values: Any) -> None:
    await tx.execute(update(groups).where(groups.c.id == group_id).values(**values))


async def remove(tx: Tx, group_id: str) -> None:
    await tx.execute(delete(groups).where(groups.c.id == group_id))


async def find_snapshot(session: Session, snapshot_id: str) -> GroupSnapshot | None:
    row = await session.first(select(group_snapshots).where(group_snapshots.c.id == snapshot_id))
    return _snapshot(row) if row else None


async def page_snapshots(session: Session, query: ListQuery) -> list[GroupSnapshot]:
    return [_snapshot(row) for row in await listing.page(session, group_snapshots, query)]


async def snapshots_of(session: Session, group_id: str) -> int:
    """How many snapshots the group has."""
    return await session.scalar(select(func.count()).where(group_snapshots.c.group_id == group_id))


async def add_snapshot(tx: Tx, made: GroupSnapshot) -> None:
    await tx.execute(insert(group_snapshots), {name: getattr(made, name) for name in SNAPSHOT})


async def change_snapshot(tx: Tx, snapshot_id: str, **values: Any) -> None:
    mine = group_snapshots.c.id == snapshot_id
    await tx.execute(update(group_snapshots).where(mine).values(**values))


async def remove_snapshot(tx: Tx, snapshot_id: str) -> None:
    await tx.execute(delete(group_snapshots).where(group_snapshots.c.id == snapshot_id))


async def members(session: Session, group_snapshot_id: str) -> list[tuple[str, str, str]]:
    """(id, volume, status) of the snapshots of volumes that belong to it."""
    found = await session.all(
        select(snapshots.c.id, snapshots.c.volume_id, snapshots.c.status)
        .where(snapshots.c.group_snapshot_id == group_snapshot_id)
        .order_by(snapshots.c.created_at, snapshots.c.id)
    )
    return [(row.id, row.volume_id, row.status) for row in found]


async def find_type(session: Session, said: str) -> GroupType | None:
    """By id or by name."""
    mine = (group_types.c.id == said) | (group_types.c.name == said)
    row = await session.first(select(group_types).where(mine))
    return _type(row) if row else None


async def all_types(
    session: Session, *, public: bool | None, sort: tuple[tuple[str, str], ...]
) -> list[GroupType]:
    statement = select(group_types)
    if public is not None:
        statement = statement.where(group_types.c.is_public.is_(public))
    keys = [
        group_types.c[name].desc() if way == "desc" else group_types.c[name] for name, way in sort
    ]
    return [_type(row) for row in await session.all(statement.order_by(*keys, group_types.c.id))]


async def add_type(tx: Tx, made: GroupType) -> None:
    await tx.execute(insert(group_types), {name: getattr(made, name) for name in TYPE})


async def change_type(tx: Tx, type_id: str, **values: Any) -> None:
    await tx.execute(update(group_types).where(group_types.c.id == type_id).values(**values))


async def remove_type(tx: Tx, type_id: str) -> None:
    await tx.execute(delete(group_types).where(group_types.c.id == type_id))


async def of_type(session: Session, type_id: str) -> int:
    return await session.scalar(select(func.count()).where(groups.c.group_type_id == type_id))
