"""Forget a node and all that belongs to it. The machine is left as it is."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import LOGIN_CHANGED, NODE_CHANGED
from unkai.baremetal.actions.find_node import free_node, transact_when_free
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import DELETE_ALLOWED
from unkai.baremetal.store import nodes
from unkai.baremetal.store.below import forget_below
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Forbidden
from unkai.kit.policy import Caller
from unkai.timeline.actions.read import let_go


async def delete_node(baremetal: Baremetal, caller: Caller, ident: str) -> None:
    async def write(tx: Tx) -> None:
        node = await free_node(baremetal, tx, caller, ident, "baremetal:node:delete")
        if node.protected:
            raise Forbidden(
                f"Node {node.uuid} is protected and can not be undeployed, rebuilt or deleted."
            )
        if node.instance_uuid is not None and not node.maintenance:
            raise Conflict(
                f"Node {node.uuid} is associated with instance {node.instance_uuid}.",
                code="node-associated",
            )
        if node.provision_state not in DELETE_ALLOWED and not node.maintenance:
            raise Conflict(
                f'Can not delete node "{node.uuid}" while it is in provision state '
                f'"{node.provision_state}".',
                code="provision-state",
                remedy="Bring it to manageable, or set it to maintenance first.",
            )
        await forget_below(tx, node.uuid)
        await nodes.remove_node(tx, node.uuid)
        await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)
        await baremetal.kit.events.emit(tx, LOGIN_CHANGED, node.uuid)
        await let_go(tx, baremetal.kit.clock, f"node/{node.uuid}")

    await transact_when_free(baremetal, write)
