"""Take a node out of use, or back into it. Work that is under way goes on."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def set_maintenance(
    baremetal: Baremetal, caller: Caller, ident: str, *, on: bool, reason: str | None = None
) -> None:
    """Out of maintenance, the reason and the fault are forgotten."""
    rule = "baremetal:node:set_maintenance" if on else "baremetal:node:clear_maintenance"

    async def write(tx: Tx) -> None:
        node = await permitted_node(tx, caller, ident, rule)
        fault = node.fault if on else None
        await nodes.change_node(
            tx,
            node,
            baremetal.kit.clock.now(),
            maintenance=on,
            maintenance_reason=reason if on else None,
            fault=fault,
        )
        await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)

    await baremetal.kit.database.transact(write)
