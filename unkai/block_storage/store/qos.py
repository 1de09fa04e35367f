"""Rows of QoS specs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select, update

from unkai.block_storage.model import QosSpecs
from unkai.block_storage.store.schema import qos_specs, volume_types
from unkai.kit.db import AnyRow, Session, Tx

COLUMNS = tuple(column.name for column in qos_specs.c)


def of_row(row: AnyRow) -> QosSpecs:
    return QosSpecs(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, qos_id: str) -> QosSpecs | None:
    row = await session.first(select(qos_specs).where(qos_specs.c.id == qos_id))
    return of_row(row) if row else None


async def all_specs(session: Session) -> list[QosSpecs]:
    rows = await session.all(select(qos_specs).order_by(qos_specs.c.created_at, qos_specs.c.id))
    return [of_row(row) for row in rows]


async def add(tx: Tx, made: QosSpecs) -> None:
    await tx.execute(insert(qos_specs), {name: getattr(made, name) for name in COLUMNS})


async def change(tx: Tx, qos_id: str, **values: Any) -> None:
    await tx.execute(update(qos_specs).where(qos_specs.c.id == qos_id).values(**values))


async def remove(tx: Tx, qos_id: str) -> None:
    await tx.execute(delete(qos_specs).where(qos_specs.c.id == qos_id))


async def disassociate_all(tx: Tx, qos_id: str) -> None:
    using = volume_types.c.qos_specs_id == qos_id
    await tx.execute(update(volume_types).where(using).values(qos_specs_id=None))
