"""An unknown machine told what it is made of: it becomes a node, in state enroll, with its ports.

Asked for by the setting `baremetal.discovery`. Who told is nobody we know: the node has no more
rights than that, an operator completes its driver_info and moves it on.
"""

from __future__ import annotations

import re
from typing import Any, Final

from unkai.baremetal.actions.apply_inventory import apply_inventory
from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.create_node import interfaces_of
from unkai.baremetal.actions.read_lldp import links_told
from unkai.baremetal.model import Inventory, Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import ports_with
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

NICS_MAX: Final = 64
_BMC_KEYS: Final = {"ipmi": "ipmi_address", "redfish": "redfish_address"}
_NO_BMC: Final = ("", "0.0.0.0", "::", "::/0")
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")


async def discover_node(
    baremetal: Baremetal, macs: list[str], found: Inventory, *, request_id: str
) -> Node:
    """macs: of the machine's NICs, lower case. Conflict where one of them has a port meanwhile."""
    if not 0 < len(macs) <= NICS_MAX or not all(_MAC.match(mac) for mac in macs):
        raise BadRequest(
            f"An unknown machine must have 1 to {NICS_MAX} interfaces with MAC addresses.",
            code="inventory-invalid",
        )
    kit = baremetal.kit
    driver = baremetal.settings.discovery_driver
    now = kit.clock.now()
    node = Node(
        uuid=kit.chance.uuid(),
        driver=driver,
        interfaces=interfaces_of(baremetal, driver, {"inspect": "agent"}),
        driver_info=_bmc_of(driver, found.inventory),
        conductor=baremetal.conductor,
        inspection_finished_at=now,
        created_at=now,
    )
    links = await links_told(baremetal, node, found.inventory)

    async def write(tx: Tx) -> Node:
        if await ports_with(tx, macs):
            raise Conflict("One of these addresses is a node's by now.", code="port-exists")
        await nodes.add_node(tx, node)
        values = await apply_inventory(baremetal, tx, node.uuid, found, links)
        made = await nodes.get_node(tx, node.uuid)
        assert made is not None
        await nodes.change_node(tx, made, now, **values)
        told = event(
            f"node/{node.uuid}",
            who.IRONIC_CONDUCTOR,
            "enrolls an unknown machine",
            started_at=now,
            ended_at=kit.clock.now(),
            request_id=request_id,
            detail=", ".join(macs),
        )
        await record(tx, told)
        await kit.events.emit(tx, NODE_CHANGED, node.uuid)
        return node

    return await kit.database.transact(write)


def _bmc_of(driver: str, told: dict[str, Any]) -> dict[str, Any]:
    """Where its BMC is, as far as the machine itself could read that."""
    key = _BMC_KEYS.get(driver)
    for name in ("bmc_address", "bmc_v6address"):
        address: Any = told.get(name)
        if key and isinstance(address, str) and address not in _NO_BMC:
            return {key: address}
    return {}
