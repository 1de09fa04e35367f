"""Enroll a node: its row, in state enroll; nobody is asked about the machine yet."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.model import INTERFACES, Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict


def interfaces_of(
    baremetal: Baremetal, driver: str, asked: dict[str, str | None]
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


async def create_node(baremetal: Baremetal, values: dict[str, Any]) -> Node:
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
    node = Node(**made)

    async def write(tx: Tx) -> Node:
        if await nodes.get_node(tx, node.uuid) is not None:
            raise Conflict(f"A node with UUID {node.uuid} already exists.", code="node-exists")
        if node.name is not None and await nodes.node_by_name(tx, node.name) is not None:
            raise Conflict(f"A node with name {node.name} already exists.", code="node-exists")
        if node.instance_uuid is not None:
            taken = await nodes.node_of_instance(tx, node.instance_uuid)
            if taken is not None:
                raise Conflict(
                    f"Instance {node.instance_uuid} is already associated with a node, it cannot "
                    "be associated with this other node.",
                    code="instance-associated",
                )
        await nodes.add_node(tx, node)
        return node

    return await kit.database.transact(write)
