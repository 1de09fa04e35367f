"""What inspections found; the newest of each node."""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from unkai.baremetal.model import Inventory
from unkai.baremetal.store.schema import inventories
from unkai.kit.db import Session, Tx


async def get_inventory(
    session: Session, node_uuid: str, *, since: float = 0.0
) -> Inventory | None:
    """None if there is none, or none from `since` on."""
    row = await session.first(
        select(inventories).where(inventories.c.node_uuid == node_uuid, inventories.c.at >= since)
    )
    return Inventory(row.inventory, row.plugin_data) if row else None


async def put_inventory(tx: Tx, node_uuid: str, found: Inventory, now: float) -> None:
    await forget_inventory(tx, node_uuid)
    await tx.execute(
        insert(inventories).values(
            node_uuid=node_uuid,
            inventory=found.inventory,
            plugin_data=found.plugin_data,
            at=now,
        )
    )


async def forget_inventory(tx: Tx, node_uuid: str) -> None:
    await tx.execute(delete(inventories).where(inventories.c.node_uuid == node_uuid))
