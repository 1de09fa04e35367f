"""Enroll a node: its row, in state enroll; nobody is asked about the machine yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.model import INTERFACES, Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.chassis import CHASSIS
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller


def interfaces_of(
    baremetal: Baremetal, driver: str, asked: Mapping[str, str | None]
) -> dict[str, str]:
    """Each interface by name: the asked one or the hardware type's default; BadRequest else."""
    hardware = baremetal.hardware_types.get(driver)
    if hardware is None:
        known = ", ".join(sorted(baremetal.hardware_types))
        raise BadRequest(
            f"No valid host was found. Reason: No conductor service registered which supports "
            f"driver {driver}. Known drivers: {known}.",
            code="driver-unknown",
        )
    chosen: dict[str, str] = {}
    for kind in INTERFACES:
        name = asked.get(kind) or hardware.default(kind)
        if name not in hardware.interfaces[kind]:
            raise BadRequest(
                f"Could not find the interface {name} of kind {kind} for driver {driver}. "
                f"Valid interfaces are {sorted(hardware.interfaces[kind])}.",
                code="interface-unknown",
            )
        chosen[kind] = name
    return chosen


async def create_node(baremetal: Baremetal, caller: Caller, values: dict[str, Any]) -> Node:
    """values: fields of a Node, with `interfaces` as far as they were asked for."""
    kit = baremetal.kit
    driver = values["driver"]
    made: dict[str, Any] = {
        "uuid": kit.chance.uuid(),
        **values,
        "interfaces": interfaces_of(baremetal, driver, values.get("interfaces", {})),
        "conductor": baremetal.conductor,
        "created_at": kit.clock.now(),
    }

    async def write(tx: Tx) -> Node:
        node = Node(**made)
        if await nodes.get_node(tx, node.uuid) is not None:
            raise Conflict(f"A node with UUID {node.uuid} already exists.", code="node-exists")
        await check_unique(tx, node)
        await check_chassis(tx, node.chassis_uuid)
        if node.parent_node is not None:
            parent = await parent_of(tx, caller, node)
            node = structs.replace(node, parent_node=parent)
        await nodes.add_node(tx, node)
        await kit.events.emit(tx, NODE_CHANGED, node.uuid)
        return node

    return await kit.database.transact(write)


async def check_unique(session: Session, node: Node) -> None:
    """Conflict where another node has its name or its instance."""
    if node.name is not None:
        other = await nodes.node_by_name(session, node.name)
        if other is not None and other.uuid != node.uuid:
            raise Conflict(f"A node with name {node.name} already exists.", code="node-exists")
    if node.instance_uuid is not None:
        other = await nodes.node_of_instance(session, node.instance_uuid)
        if other is not None and other.uuid != node.uuid:
            raise Conflict(
                f"Instance {node.instance_uuid} is already associated with a node, it cannot be "
                "associated with this other node.",
                code="instance-associated",
            )


async def check_chassis(session: Session, uuid: str | None) -> None:
    """BadRequest: the node is what the request is about."""
    if uuid is not None and await CHASSIS.get(session, uuid) is None:
        raise BadRequest(f"Chassis {uuid} could not be found.", code="chassis-unknown")


async def parent_of(session: Session, caller: Caller, node: Node) -> str:
    """The id of the named parent, which must be visible, of the same owner, and another node."""
    assert node.parent_node is not None
    refused = BadRequest(
        f"Unable to apply the requested parent_node '{node.parent_node}'. Requested value was "
        "invalid.",
        code="parent-invalid",
    )
    try:
        parent = await find_node(session, caller, node.parent_node)
    except NotFound as error:
        raise refused from error
    if parent.uuid == node.uuid or parent.owner != node.owner:
        raise refused
    return parent.uuid
