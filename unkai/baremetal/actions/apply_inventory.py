"""What an inventory changes: the node's properties, and ports for NICs that nobody has yet."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.apply_rules import apply_rules
from unkai.baremetal.model import Inventory, Port
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.baremetal.store.inventories import put_inventory
from unkai.baremetal.store.ports import PORTS, ports_with
from unkai.kit.db import Tx

GIB = 1 << 30


async def apply_inventory(
    baremetal: Baremetal, tx: Tx, uuid: str, found: Inventory
) -> dict[str, Any]:
    """Keep it and make the ports; the columns of the node that follow from it and from rules."""
    now = baremetal.kit.clock.now()
    node = await nodes.get_node(tx, uuid)
    assert node is not None
    told = found.inventory
    boot: dict[str, Any] = told.get("boot") or {}
    await _make_ports(baremetal, tx, uuid, told)
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


async def _make_ports(baremetal: Baremetal, tx: Tx, uuid: str, told: dict[str, Any]) -> None:
    """A MAC that another node has stays that node's."""
    interfaces: list[dict[str, Any]] = told.get("interfaces") or []
    boot: dict[str, Any] = told.get("boot") or {}
    pxe = _mac_of(str(boot.get("pxe_interface") or ""))
    macs = {str(nic["mac_address"]).lower() for nic in interfaces if nic.get("mac_address")}
    known = {port.address for port in await ports_with(tx, sorted(macs))}
    for mac in sorted(macs - known):
        port = Port(
            uuid=baremetal.kit.chance.uuid(),
            node_uuid=uuid,
            address=mac,
            pxe_enabled=not pxe or mac == pxe or len(macs) == 1,
            created_at=baremetal.kit.clock.now(),
        )
        await PORTS.add(tx, port)


def _mac_of(told: str) -> str:
    """A boot loader's BOOTIF has a hardware type in front of the MAC, and dashes: 01-52-54-..."""
    return told.lower().replace("-", ":")[-len("00:00:00:00:00:00") :]
