"""Rows of transfers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from unkai.block_storage.model import ListQuery, Transfer
from unkai.block_storage.store.schema import snapshots, transfers, volumes
from unkai.kit.db import AnyRow, Session, Tx

COLUMNS = tuple(column.name for column in transfers.c)
SORTS = frozenset({"id", "created_at", "name", "volume_id"})


def of_row(row: AnyRow) -> Transfer:
    return Transfer(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, transfer_id: str) -> Transfer | None:
    row = await session.first(select(transfers).where(transfers.c.id == transfer_id))
    return of_row(row) if row else None


async def page(session: Session, query: ListQuery) -> list[Transfer]:
    """What a project offers, and what it was given; the newest first."""
    statement = select(transfers).order_by(transfers.c.created_at.desc(), transfers.c.id)
    if query.project_id is not None:
        mine = (transfers.c.source_project_id, transfers.c.destination_project_id)
        statement = statement.where(or_(*(column == query.project_id for column in mine)))
    rows = await session.all(statement.offset(query.offset).limit(query.limit))
    return [of_row(row) for row in rows]


async def add(tx: Tx, made: Transfer) -> None:
    await tx.execute(insert(transfers), {name: getattr(made, name) for name in COLUMNS})


async def change(tx: Tx, transfer_id: str, **values: Any) -> None:
    await tx.execute(update(transfers).where(transfers.c.id == transfer_id).values(**values))


async def remove(tx: Tx, transfer_id: str) -> None:
    await tx.execute(delete(transfers).where(transfers.c.id == transfer_id))


async def give(tx: Tx, volume_id: str, *, at: float, project_id: str, user_id: str) -> None:
    """The volume and its snapshots are this project's."""
    owner = {"project_id": project_id, "user_id": user_id, "updated_at": at}
    await tx.execute(update(volumes).where(volumes.c.id == volume_id).values(**owner))
    await tx.execute(update(snapshots).where(snapshots.c.volume_id == volume_id).values(**owner))
