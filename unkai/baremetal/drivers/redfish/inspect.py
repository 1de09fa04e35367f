"""Out-of-band inspection by Redfish: what the BMC knows of its machine, in the agent's words."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.document import Document, at, link, links, number, text
from unkai.baremetal.drivers.redfish.login import Login
from unkai.baremetal.drivers.redfish.management import MODE, SEEN_MODES
from unkai.baremetal.drivers.redfish.power import RedfishDriver
from unkai.baremetal.model import Inventory, Node
from unkai.kit.errors import Failed

ARCHITECTURES = {"x86-64": "x86_64", "ARM-A64": "aarch64", "PowerISA": "ppc64le", "x86": "i686"}


class RedfishInspect(RedfishDriver):
    @property
    def uses_agent(self) -> bool:
        return False

    async def inspect(self, node: Node) -> Inventory:
        login, system = await self._system(node)
        found: dict[str, Any] = {
            "cpu": await self._cpu(login, system),
            "memory": _memory(system),
            "interfaces": await self._interfaces(login, system),
            "disks": await self._disks(login, system),
            "system_vendor": _vendor(system),
        }
        if mode := SEEN_MODES.get(text(system, "Boot", MODE)):
            found["boot"] = {"current_boot_mode": mode}
        return Inventory(found, {"bmc": {"system_uuid": text(system, "UUID") or None}})

    async def _cpu(self, login: Login, system: Document) -> dict[str, Any]:
        processors = [
            one
            for one in await _members(self._redfish, login, link(system, "Processors"))
            if at(one, "ProcessorType") in (None, "CPU") and _is_there(one)
        ]
        threads = sum(int(_figure(one, "TotalThreads", "TotalCores")) for one in processors)
        count = threads or int(_figure(system.get("ProcessorSummary") or {}, "Count"))
        first = processors[0] if processors else {}
        model = text(first, "Model") or text(system, "ProcessorSummary", "Model")
        architecture = ARCHITECTURES.get(text(first, "InstructionSet"), "x86_64")
        return {
            "count": count,
            "architecture": architecture,
            "model_name": model,
            "sockets": len(processors) or None,
            "frequency": str(number(first, "MaxSpeedMHz") or ""),
        }

    async def _interfaces(self, login: Login, system: Document) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for one in await _members(self._redfish, login, link(system, "EthernetInterfaces")):
            mac = (text(one, "PermanentMACAddress") or text(one, "MACAddress")).lower()
            if mac and _is_there(one):
                status = text(one, "LinkStatus")
                found.append(
                    {
                        "name": text(one, "Id"),
                        "mac_address": mac,
                        "has_carrier": status == "LinkUp" if status else None,
                        "speed_mbps": at(one, "SpeedMbps"),
                    }
                )
        return found

    async def _disks(self, login: Login, system: Document) -> list[dict[str, Any]]:
        """By the storage subsystems; by the simple ones where there are no others."""
        found: list[dict[str, Any]] = []
        for storage in await _members(self._redfish, login, link(system, "Storage")):
            for path in links(storage, "Drives"):
                drive = await self._redfish.get(login, path)
                found.append(
                    {
                        "name": text(drive, "Name"),
                        "size": int(_figure(drive, "CapacityBytes")),
                        "rotational": text(drive, "MediaType") == "HDD",
                        "vendor": text(drive, "Manufacturer") or None,
                        "model": text(drive, "Model"),
                        "serial": text(drive, "SerialNumber") or None,
                    }
                )
        if found:
            return found
        for storage in await _members(self._redfish, login, link(system, "SimpleStorage")):
            devices: list[Document] = at(storage, "Devices") or []
            found += [
                {
                    "name": text(one, "Name"),
                    "size": int(_figure(one, "CapacityBytes")),
                    "vendor": text(one, "Manufacturer") or None,
                    "model": text(one, "Model"),
                }
                for one in devices
            ]
        return [one for one in found if one["size"]]


async def _members(redfish: Redfish, login: Login, path: str) -> list[Document]:
    """[] also where the service names a collection that it does not have."""
    if not path:
        return []
    try:
        return await redfish.members(login, path)
    except Failed as error:
        if error.code == "bmc-refused":
            return []
        raise


def _memory(system: Document) -> dict[str, Any]:
    """Bytes in `total`, as the agent tells it, and MiB."""
    gib = _figure(system.get("MemorySummary") or {}, "TotalSystemMemoryGiB")
    return {"total": int(gib * (1 << 30)), "physical_mb": int(gib * 1024)}


def _vendor(system: Document) -> dict[str, Any]:
    return {
        "manufacturer": text(system, "Manufacturer"),
        "product_name": text(system, "Model"),
        "serial_number": text(system, "SerialNumber"),
        "firmware": {"vendor": "", "version": text(system, "BiosVersion"), "build_date": ""},
    }


def _is_there(one: Document) -> bool:
    return at(one, "Status", "State") not in ("Absent", "Disabled")


def _figure(document: Document, *names: str) -> float:
    """The first of the properties that is a number, also one written as text; else 0."""
    for name in names:
        found = text(document, name)
        try:
            if found and float(found) > 0:
                return float(found)
        except ValueError:
            continue
    return 0.0
