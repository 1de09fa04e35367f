"""Exports: which volumes are iSCSI targets, where, and for whom."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from unkai.block_storage.model import Export
from unkai.block_storage.store.schema import exports
from unkai.kit.db import AnyRow, Session, Tx

COLUMNS: Final = tuple(one.name for one in fields(Export))
ONE = select(exports).where(exports.c.volume_id == bindparam("one"))
ALL = select(exports).order_by(exports.c.volume_id)
PORTS = select(exports.c.port).where(exports.c.network_id == bindparam("network"))
ADD = insert(exports)
REMOVE = delete(exports).where(exports.c.volume_id == bindparam("one"))


def of_row(row: AnyRow) -> Export:
    return Export(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, volume_id: str) -> Export | None:
    row = await session.first(ONE, {"one": volume_id})
    return of_row(row) if row else None


async def listed(session: Session) -> list[Export]:
    return [of_row(row) for row in await session.all(ALL)]


async def ports_taken(session: Session, network_id: str) -> set[int]:
    return {row.port for row in await session.all(PORTS, {"network": network_id})}


async def add(tx: Tx, export: Export) -> None:
    await tx.execute(ADD, {name: getattr(export, name) for name in COLUMNS})


async def remove(tx: Tx, volume_id: str) -> None:
    await tx.execute(REMOVE, {"one": volume_id})
