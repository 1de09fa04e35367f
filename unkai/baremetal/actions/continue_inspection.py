"""continue_inspection: an agent tells what its machine is made of, before it looks itself up.

What it sends of its own log goes to the node's logs: it is no fact about the machine.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from unkai.baremetal.actions.agent_session import HEARTBEAT
from unkai.baremetal.actions.discover_node import discover_node
from unkai.baremetal.drivers.agent_logs import readable
from unkai.baremetal.drivers.node_logs import AGENT, MOST_BYTES
from unkai.baremetal.model import Inventory, Node, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.inventories import put_inventory
from unkai.baremetal.store.ports import ports_with
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound


async def continue_inspection(
    baremetal: Baremetal,
    inventory: dict[str, Any],
    plugin_data: dict[str, Any],
    *,
    request_id: str,
) -> Node:
    """Keep it for the inspection that waits; NotFound if none of these MACs is being inspected.

    Where machines are discovered, one without any port becomes a node.
    """
    interfaces: Any = inventory.get("interfaces")
    if not isinstance(interfaces, list):
        raise BadRequest("The inventory has no list of interfaces.", code="inventory-invalid")
    nics = cast("list[dict[str, Any]]", [n for n in cast("list[Any]", interfaces) if n])
    if not all(isinstance(nic, dict) for nic in cast("list[Any]", nics)):
        raise BadRequest("An interface of the inventory is no object.", code="inventory-invalid")
    macs = [str(nic["mac_address"]).lower() for nic in nics if nic.get("mac_address")]
    facts = {name: value for name, value in plugin_data.items() if name != "logs"}

    told = Inventory(inventory, facts)
    if baremetal.settings.discovery:
        known = await ports_with(baremetal.kit.database.reader, macs)
        if not known:
            return await discover_node(baremetal, macs, told, request_id=request_id)

    async def write(tx: Tx) -> Node:
        found = {port.node_uuid for port in await ports_with(tx, macs)}
        if len(found) != 1:
            raise NotFound("No node with these addresses is being inspected.", code="not-inspected")
        node = await nodes.get_node(tx, found.pop())
        assert node is not None
        if node.provision_state not in (State.INSPECTING, State.INSPECT_WAIT):
            raise NotFound("No node with these addresses is being inspected.", code="not-inspected")
        now = baremetal.kit.clock.now()
        await put_inventory(tx, node.uuid, told, now)
        await baremetal.kit.events.emit(tx, HEARTBEAT, node.uuid)
        return node

    node = await baremetal.kit.database.transact(write)
    if logs := plugin_data.get("logs"):
        text = await asyncio.to_thread(readable, str(logs), MOST_BYTES)
        await asyncio.to_thread(baremetal.consoles.logs.replace, node.uuid, AGENT, text)
    return node
