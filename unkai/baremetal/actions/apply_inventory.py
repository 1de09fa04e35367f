"""What an inventory changes: the node's properties, ports of new NICs, where their cables lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.baremetal.actions.apply_rules import apply_rules
from unkai.baremetal.actions.read_lldp import parse_lldp
from unkai.baremetal.model import Inventory, Port
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.inventories import put_inventory
from unkai.baremetal.store.ports import PORTS, ports_with
from unkai.kit.db import Tx

GIB = 1 << 30


async def apply_inventory(
    baremetal: Baremetal,
    tx: Tx,
    uuid: str,
    found: Inventory,
    links: Mapping[str, dict[str, str]],
) -> dict[str, Any]:
    """Keep it and make the ports; the columns of the node that follow from it and from rules.

    links: by MAC, what is known of a NIC's switch; what its port says already stays.
    """
    now = baremetal.kit.clock.now()
    node = await nodes.get_node(tx, uuid)
    assert node is not None
    told = found.inventory
    boot: dict[str, Any] = told.get("boot") or {}
    await _make_ports(baremetal, tx, uuid, told, links)
    if heard := parse_lldp(told):
        found = Inventory(told, {**found.plugin_data, "parsed_lldp": heard})
    values: dict[str, Any] = {
        "properties": {**node.properties, **properties_of(told)},
        "boot_mode": boot.get("current_boot_mode") or node.boot_mode,
    }
    values, kept = await apply_rules(baremetal, tx, uuid, found, values)
    await put_inventory(tx, uuid, kept, now)
    return values


def properties_of(told: dict[str, Any]) -> dict[str, Any]:
    """Scheduling properties, in the API's units: MiB and whole GiB, strings for numbers."""
    made: dict[str, Any] = {}
    cpu: dict[str, Any] = told.get("cpu") or {}
    if cpu.get("count"):
        made["cpus"] = str(cpu["count"])
    if cpu.get("architecture"):
        made["cpu_arch"] = str(cpu["architecture"])
    memory: dict[str, Any] = told.get("memory") or {}
    if memory.get("physical_mb"):
        made["memory_mb"] = str(memory["physical_mb"])
    disks: list[dict[str, Any]] = told.get("disks") or []
    sizes = [int(disk["size"]) for disk in disks if disk.get("size")]
    if sizes:
        made["local_gb"] = str(max(min(sizes) // GIB, 1))
    return made


async def _make_ports(
    baremetal: Baremetal,
    tx: Tx,
    uuid: str,
    told: dict[str, Any],
    links: Mapping[str, dict[str, str]],
) -> None:
    """A MAC that another node has stays that node's."""
    interfaces: list[dict[str, Any]] = told.get("interfaces") or []
    boot: dict[str, Any] = told.get("boot") or {}
    pxe = _mac_of(str(boot.get("pxe_interface") or ""))
    macs = {str(nic["mac_address"]).lower() for nic in interfaces if nic.get("mac_address")}
    now = baremetal.kit.clock.now()
    known = {port.address: port for port in await ports_with(tx, sorted(macs))}
    for mac, port in known.items():
        link = {**links.get(mac, {}), **port.local_link_connection}
        if port.node_uuid == uuid and link != port.local_link_connection:
            await PORTS.change(tx, port.uuid, local_link_connection=link, updated_at=now)
    for mac in sorted(macs - known.keys()):
        port = Port(
            uuid=baremetal.kit.chance.uuid(),
            node_uuid=uuid,
            address=mac,
            pxe_enabled=not pxe or mac == pxe or len(macs) == 1,
            local_link_connection=dict(links.get(mac, {})),
            created_at=now,
        )
        await PORTS.add(tx, port)


def _mac_of(told: str) -> str:
    """A boot loader's BOOTIF has a hardware type in front of the MAC, and dashes: 01-52-54-..."""
    return told.lower().replace("-", ":")[-len("00:00:00:00:00:00") :]
