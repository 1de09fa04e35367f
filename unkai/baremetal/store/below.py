"""Everything that is a node's and goes with it."""

from __future__ import annotations

from sqlalchemy import delete

from unkai.baremetal.store.schema import (
    allocations,
    bios_settings,
    inventories,
    node_history,
    portgroups,
    ports,
    volume_connectors,
    volume_targets,
)
from unkai.kit.db import Tx

_TABLES = (
    ports,
    portgroups,
    volume_connectors,
    volume_targets,
    allocations,
    node_history,
    inventories,
    bios_settings,
)
_FORGET = tuple(delete(table) for table in _TABLES)


async def forget_below(tx: Tx, node_uuid: str) -> None:
    for table, forget in zip(_TABLES, _FORGET, strict=True):
        await tx.execute(forget.where(table.c.node_uuid == node_uuid))
