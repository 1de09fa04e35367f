"""Rows of backups."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from unkai.block_storage.model import Backup, ListQuery
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import backups
from unkai.kit.db import AnyRow, Session, Tx

COLUMNS = tuple(column.name for column in backups.c)


def of_row(row: AnyRow) -> Backup:
    return Backup(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, backup_id: str) -> Backup | None:
    row = await session.first(select(backups).where(backups.c.id == backup_id))
    return of_row(row) if row else None


async def page(session: Session, query: ListQuery) -> list[Backup]:
    return [of_row(row) for row in await listing.page(session, backups, query)]


async def count(session: Session, query: ListQuery) -> int:
    return await listing.count(session, backups, query)


async def latest(session: Session, volume_id: str) -> Backup | None:
    """The newest one that is whole."""
    row = await session.first(
        select(backups)
        .where(backups.c.volume_id == volume_id, backups.c.status == "available")
        .order_by(backups.c.data_timestamp.desc(), backups.c.id)
        .limit(1)
    )
    return of_row(row) if row else None


async def parents(session: Session, backup_ids: Collection[str]) -> set[str]:
    """Those of these that others build on."""
    statement = select(backups.c.parent_id).where(backups.c.parent_id.in_(list(backup_ids)))
    return set(await session.scalars(statement)) if backup_ids else set()


async def add(tx: Tx, made: Backup) -> None:
    await tx.execute(insert(backups), {name: getattr(made, name) for name in COLUMNS})


async def change(tx: Tx, backup_id: str, at: float, **values: Any) -> None:
    statement = update(backups).where(backups.c.id == backup_id)
    await tx.execute(statement.values(updated_at=at, **values))


async def remove(tx: Tx, backup_id: str) -> None:
    await tx.execute(delete(backups).where(backups.c.id == backup_id))


async def with_data(session: Session, data_id: str) -> int:
    """How many backups have this data."""
    return await session.scalar(select(func.count()).where(backups.c.data_id == data_id))


async def data_ids(session: Session) -> set[str]:
    return set(await session.scalars(select(backups.c.data_id)))
