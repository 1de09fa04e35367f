"""Allocations: who asked for a node, and which one it got."""

from __future__ import annotations

from sqlalchemy import delete

from unkai.baremetal.model import Allocation
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import allocations
from unkai.kit.db import Tx

ALLOCATIONS = Rows(allocations, Allocation)


async def forget_node(tx: Tx, node_uuid: str) -> int:
    """The allocations of a node end with its instance; how many."""
    return await tx.count(delete(allocations).where(allocations.c.node_uuid == node_uuid))
