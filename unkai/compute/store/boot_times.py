"""How long servers took from their request to ACTIVE: one row a boot, the newest are kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select

from unkai.compute.model import BootTime
from unkai.compute.store.schema import boot_times as table
from unkai.kit.db import AnyRow, Session, Tx

KEPT = 5000
ADD = insert(table)
NEWEST = select(func.max(table.c.id))
FORGET = delete(table).where(table.c.id <= bindparam("last"))


async def add_boot_time(tx: Tx, one: BootTime) -> None:
    await tx.execute(ADD, {name: getattr(one, name) for name in one.__struct_fields__})


async def boot_times_of(
    session: Session,
    *,
    flavor_id: str | None = None,
    image_id: str | None = None,
    project_id: str | None = None,
    limit: int = KEPT,
) -> Sequence[AnyRow]:
    """Newest first."""
    wheres: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (table.c.flavor_id, flavor_id),
            (table.c.image_id, image_id),
            (table.c.project_id, project_id),
        )
        if value is not None
    ]
    return await session.all(select(table).where(*wheres).order_by(table.c.id.desc()).limit(limit))


async def forget_old(tx: Tx) -> None:
    newest: int = await tx.scalar(NEWEST) or 0
    if newest > KEPT:
        await tx.execute(FORGET, {"last": newest - KEPT})
