"""What BIOSes are set to, as their BMCs told last."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select

from unkai.baremetal.store.schema import bios_settings
from unkai.kit.db import AnyRow, Session, Tx


async def bios_settings_of(session: Session, node_uuid: str) -> list[AnyRow]:
    """Rows with name, value, registry, created_at and updated_at, by name."""
    query = select(bios_settings).where(bios_settings.c.node_uuid == node_uuid)
    return list(await session.all(query.order_by(bios_settings.c.name)))


async def save_bios_settings(
    tx: Tx, node_uuid: str, settings: dict[str, dict[str, Any]], at: float
) -> None:
    """In place of those known; each setting has a `value`, the rest is what its registry says."""
    known = {row.name: row for row in await bios_settings_of(tx, node_uuid)}
    await tx.execute(delete(bios_settings).where(bios_settings.c.node_uuid == node_uuid))
    rows: list[dict[str, Any]] = []
    for name, told in settings.items():
        before = known.get(name)
        value = told.get("value")
        rows.append(
            {
                "node_uuid": node_uuid,
                "name": name,
                "value": None if value is None else str(value),
                "registry": {key: one for key, one in told.items() if key != "value"},
                "created_at": before.created_at if before else at,
                "updated_at": at if before else None,
            }
        )
    if rows:
        await tx.execute(insert(bios_settings), rows)
