"""unhold: the step that waits for an operator goes on."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import moved
from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.actions.run_steps import UNHOLD
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def unhold_node(baremetal: Baremetal, caller: Caller, ident: str) -> Node:
    """BadRequest where it does not hold."""

    async def write(tx: Tx) -> Node:
        node = await permitted_node(tx, caller, ident, "baremetal:node:set_provision_state")
        now = baremetal.kit.clock.now()
        info = {**node.driver_internal_info, "unheld": True}
        move = moved(node, Event.UNHOLD, now)
        await nodes.change_node(tx, node, now, **move, driver_internal_info=info)
        await baremetal.kit.events.emit(tx, UNHOLD, node.uuid)
        return node

    return await baremetal.kit.database.transact(write)
