"""Change what is said of a node: which fields, in which states, by whom.

The caller gives a function from the node as it is to what the named fields shall be; it runs inside
the transaction, so that two changes at once do not undo each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.change_state import LOGIN_CHANGED, NODE_CHANGED
from unkai.baremetal.actions.create_node import (
    check_chassis,
    check_unique,
    interfaces_of,
    parent_of,
)
from unkai.baremetal.actions.find_node import not_busy, permitted_node, transact_when_free
from unkai.baremetal.actions.rights import may
from unkai.baremetal.model import Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import UPDATE_ALLOWED
from unkai.baremetal.store import nodes
from unkai.baremetal.store.allocations import ALLOCATIONS
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller

Change = Callable[[Node], dict[str, Any]]
"""The node as it is to the fields as they shall be; `interfaces` may hold None for a default."""
OPEN = (State.ENROLL, State.MANAGEABLE, State.INSPECTING, State.INSPECT_WAIT, State.AVAILABLE)
"""In which a node carries nothing yet, so that its driver may change."""


async def update_node(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    rules: Sequence[str],
    change: Change,
    *,
    reset_interfaces: bool = False,
) -> Node:
    async def write(tx: Tx) -> Node:
        node = await permitted_node(tx, caller, ident, *rules)
        values = change(node)
        values = {k: v for k, v in values.items() if k == "interfaces" or getattr(node, k) != v}
        await not_busy(baremetal, tx, node)
        _check_state(node, values)
        _choose_interfaces(baremetal, node, values, reset_interfaces=reset_interfaces)
        _tidy(node, values)
        changed = structs.replace(node, **values)
        _check_fields(caller, node, changed, values)
        await check_unique(tx, changed)
        if "chassis_uuid" in values:
            await check_chassis(tx, changed.chassis_uuid)
        if values.get("parent_node"):
            values["parent_node"] = await parent_of(tx, caller, changed)
        await _check_allocation(tx, node, changed, values)
        if values:
            await nodes.change_node(tx, node, baremetal.kit.clock.now(), **values)
            await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)
        if "driver_info" in values:
            await baremetal.kit.events.emit(tx, LOGIN_CHANGED, node.uuid)
        found = await nodes.get_node(tx, node.uuid)
        assert found is not None
        return found

    return await transact_when_free(baremetal, write)


def _check_state(node: Node, values: dict[str, Any]) -> None:
    changed = [name for name in values if name != "interfaces"]
    if node.maintenance and changed == ["instance_uuid"] and values["instance_uuid"] is None:
        return
    if node.target_provision_state is not None and node.provision_state not in UPDATE_ALLOWED:
        raise Conflict(
            f"Node {node.uuid} can not be updated while a state transition is in progress.",
            code="node-in-transition",
        )


def _choose_interfaces(
    baremetal: Baremetal, node: Node, values: dict[str, Any], *, reset_interfaces: bool
) -> None:
    """Fill in `interfaces`: what stays, what is asked for, defaults for the rest."""
    asked: dict[str, str | None] = values.pop("interfaces", node.interfaces)
    driver = values.get("driver", node.driver)
    touched = {kind for kind, name in asked.items() if name != node.interfaces.get(kind)}
    if not touched and driver == node.driver:
        return
    if touched and node.provision_state not in OPEN and not node.maintenance:
        raise Conflict(
            f"Node {node.uuid} can not have {min(touched)}_interface updated unless it is "
            f"in one of allowed ({', '.join(OPEN)}) states or in maintenance mode. Current state "
            f"is '{node.provision_state}'.",
            code="node-interfaces-fixed",
        )
    if driver != node.driver and node.console_enabled:
        raise Conflict(
            f"Node {node.uuid} can not update the driver while the console is enabled. Please "
            "stop the console first.",
            code="console-enabled",
        )
    if reset_interfaces:
        asked = {kind: name for kind, name in asked.items() if kind in touched}
    chosen = interfaces_of(baremetal, driver, asked)
    if chosen != node.interfaces:
        values["interfaces"] = chosen


def _tidy(node: Node, values: dict[str, Any]) -> None:
    """What goes with a change: a reason with its fact, a name with what shows it."""
    if values.get("maintenance") is False:
        values.update(maintenance_reason=None, fault=None)
    for fact in ("protected", "retired"):
        if values.get(fact) is False:
            values[f"{fact}_reason"] = None
    shown = values.get("instance_info", {}).get("display_name")
    if isinstance(shown, str) and shown and not values.get("instance_name", node.instance_name):
        values["instance_name"] = shown[:255]


def _check_fields(caller: Caller, node: Node, changed: Node, values: dict[str, Any]) -> None:
    for fact in ("protected", "retired"):
        if values.get(f"{fact}_reason") and not getattr(changed, fact):
            raise BadRequest(
                f"The {fact}_reason field can only be set when {fact} is True.",
                code=f"{fact}-reason",
            )
    state = node.provision_state
    if values.get("protected") and state not in (State.ACTIVE, State.RESCUE):
        raise Conflict(
            f"Node {node.uuid} can only be made protected in provision states 'active' or "
            f"'rescue', the current state is '{state}'.",
            code="protected-state",
        )
    if values.get("retired") and state == State.AVAILABLE:
        raise Conflict(
            f"Node {node.uuid} can not have 'retired' set in provision state 'available'.",
            code="retired-state",
            remedy="Bring it to manageable first.",
        )
    if values.get("instance_uuid") and node.instance_uuid is not None:
        raise Conflict(
            f"Node {node.uuid} is associated with instance {node.instance_uuid}.",
            code="node-associated",
        )
    if "resource_class" in values and node.resource_class and state not in OPEN:
        raise Conflict(
            f"Node {node.uuid} can not have resource_class updated unless it is in one of allowed "
            f"({', '.join(OPEN)}) states. Current state is '{state}'.",
            code="resource-class-fixed",
        )
    if "owner" in values and state == State.ACTIVE:
        rule = "baremetal:node:update_owner_provisioned"
        if not may(caller, node, rule):
            raise Conflict(
                f'Cannot update owner of node "{node.uuid}" while it is in state "{state}".',
                code="owner-fixed",
            )


async def _check_allocation(tx: Tx, node: Node, changed: Node, values: dict[str, Any]) -> None:
    """An allocation goes with its instance, and holds the owner."""
    if node.allocation_uuid is None or not values.keys() & {"owner", "instance_uuid"}:
        return
    allocation = await ALLOCATIONS.get(tx, node.allocation_uuid)
    if allocation is None:
        return
    if "owner" in values and allocation.owner is not None:
        raise Conflict(
            f'Cannot update owner of node "{node.uuid}" while it is allocated to an allocation '
            "with an owner.",
            code="owner-fixed",
        )
    if "instance_uuid" in values and changed.instance_uuid is None:
        if not node.maintenance and node.provision_state not in OPEN:
            raise Conflict(
                f"Node {node.uuid} with an allocation can not have instance_uuid removed unless "
                f"it is in one of allowed ({', '.join(OPEN)}) states or in maintenance mode. "
                f"Current state is '{node.provision_state}'.",
                code="instance-fixed",
            )
        await ALLOCATIONS.remove(tx, allocation.uuid)
        values["allocation_uuid"] = None
