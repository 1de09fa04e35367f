"""Allocations: found, renamed and ended by whose they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.find_below import check_unique
from unkai.baremetal.actions.find_node import not_busy, transact_when_free
from unkai.baremetal.actions.rights import sees_all, system_member
from unkai.baremetal.model import Allocation, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import UPDATE_ALLOWED
from unkai.baremetal.store import nodes
from unkai.baremetal.store.allocations import ALLOCATIONS
from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller


def unknown(ident: str) -> NotFound:
    return NotFound(f"Allocation {ident} could not be found.", code="allocation-unknown")


async def find_allocation(session: Session, caller: Caller, ident: str) -> Allocation:
    found = await ALLOCATIONS.find(session, ident)
    mine = found is not None and found.owner is not None and found.owner == caller.project_id
    if found is None or not (sees_all(caller) or mine):
        raise unknown(ident)
    return found


def require_own(caller: Caller, allocation: Allocation, rule: str) -> None:
    mine = allocation.owner is not None and allocation.owner == caller.project_id
    if not (system_member(caller) or (mine and "member" in caller.roles)):
        raise Forbidden(f"Policy doesn't allow {rule} to be performed.", code="policy")


async def update_allocation(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    change: Callable[[Allocation], dict[str, Any]],
) -> Allocation:
    """change: from the allocation as it is to the fields as they shall be."""

    async def write(tx: Tx) -> Allocation:
        found = await find_allocation(tx, caller, ident)
        require_own(caller, found, "baremetal:allocation:update")
        values = change(found)
        taken = {"name": values.get("name")}
        await check_unique(tx, ALLOCATIONS, taken, noun="allocation", own=found.uuid)
        values["updated_at"] = baremetal.kit.clock.now()
        await ALLOCATIONS.change(tx, found.uuid, **values)
        return structs.replace(found, **values)

    return await baremetal.kit.database.transact(write)


async def delete_allocation(
    baremetal: Baremetal, caller: Caller, find: Callable[[Session], Any]
) -> None:
    """find: async, gives the allocation inside the transaction. Its node is free afterwards."""

    async def write(tx: Tx) -> None:
        found: Allocation = await find(tx)
        require_own(caller, found, "baremetal:allocation:delete")
        node = None if found.node_uuid is None else await nodes.get_node(tx, found.node_uuid)
        if node is not None:
            await not_busy(baremetal, tx, node)
            _check_removable(node, found)
            if node.allocation_uuid == found.uuid:
                now = baremetal.kit.clock.now()
                await nodes.change_node(tx, node, now, allocation_uuid=None, instance_uuid=None)
        await ALLOCATIONS.remove(tx, found.uuid)

    await transact_when_free(baremetal, write)


def _check_removable(node: Node, allocation: Allocation) -> None:
    if node.maintenance:
        return
    moving = node.target_provision_state is not None and node.provision_state not in UPDATE_ALLOWED
    if moving or node.provision_state == State.ACTIVE:
        raise Conflict(
            f"Cannot remove allocation {allocation.uuid} for node {node.uuid}, because the node "
            f"is in state {node.provision_state} (and maintenance mode is off).",
            code="allocation-in-use",
            remedy="Undeploy the node; its allocation ends with that.",
        )
