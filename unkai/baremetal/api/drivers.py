"""/drivers: the hardware types, what each is made of and what it reads of driver_info."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.api.asked import flag, need, text, texts
from unkai.baremetal.api.links import links
from unkai.baremetal.drivers.base import Driver, HardwareType
from unkai.baremetal.model import INTERFACES
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

DYNAMIC = "1.30"
"""Since when the interfaces of a driver are shown."""
_SINCE = {"storage": "1.33", "rescue": "1.38", "bios": "1.40", "firmware": "1.86"}
LOGICAL_DISK = {
    "raid_level": "How the disk is made of others: JBOD, 0, 1, 2, 5, 6, 1+0, 5+0 or 6+0. Required.",
    "size_gb": "The disk's size in GiB, or MAX for all that is left. Required.",
    "volume_name": "The disk's name; one is made up without it.",
    "is_root_volume": "Whether the machine boots from this disk. Default: false.",
    "share_physical_disks": "Whether other logical disks may lie on the same physical disks. "
    "Default: false.",
    "disk_type": "Of which kind the physical disks must be: hdd or ssd. Default: any.",
    "interface_type": "How the physical disks must be connected: sata, scsi or sas. Default: any.",
    "number_of_physical_disks": "Of how many physical disks it is made. Default: as few as the "
    "level needs.",
    "controller": "The controller to use; one is chosen without it.",
    "physical_disks": "The physical disks to use; they are chosen without it.",
}
"""What may be said of a logical disk in target_raid_config."""


def _find(call: Call) -> HardwareType:
    baremetal: Baremetal = call.service
    name = call.params["driver_name"]
    found = baremetal.hardware_types.get(name)
    if found is None:
        raise NotFound(
            f"Could not find the following driver(s) or hardware type(s): {name[:255]}.",
            code="driver-unknown",
        )
    return found


def _show(call: Call, driver: HardwareType, *, detail: bool) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    shown: dict[str, Any] = {
        "name": driver.name,
        "hosts": [baremetal.conductor],
        "links": links(call, "drivers", driver.name),
    }
    if call.at_least("1.14"):
        shown["properties"] = links(call, "drivers", driver.name, "properties")
    if call.at_least(DYNAMIC):
        shown["type"] = "dynamic"
        for kind in INTERFACES if detail else ():
            if call.at_least(_SINCE.get(kind, DYNAMIC)):
                shown[f"default_{kind}_interface"] = driver.default(kind)
                shown[f"enabled_{kind}_interfaces"] = list(driver.interfaces[kind])
    return shown


def _only(shown: dict[str, Any], fields: list[str] | None) -> dict[str, Any]:
    if fields is None:
        return shown
    unknown = [name for name in fields if name not in shown]
    if unknown:
        raise BadRequest(f'Field(s) "{", ".join(unknown)}" are not valid', code="field-unknown")
    return {name: value for name, value in shown.items() if name in (*fields, "links")}


def _fields(call: Call) -> list[str] | None:
    fields = texts(call, "fields")
    if fields is not None:
        need(call, "1.77")
    return fields


async def list_drivers(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    kind, detail, fields = text(call, "type"), flag(call, "detail"), _fields(call)
    if kind is not None or detail is not None:
        need(call, DYNAMIC)
    if detail and fields:
        raise BadRequest("Can not specify ?detail=True and fields in the same request.")
    if kind not in (None, "classic", "dynamic"):
        raise BadRequest('"type" filter must be one of "classic" or "dynamic", if specified.')
    known = () if kind == "classic" else baremetal.hardware_types.values()
    every = bool(detail or fields)
    return {"drivers": [_only(_show(call, one, detail=every), fields) for one in known]}


async def show_driver(call: Call) -> dict[str, Any]:
    return _only(_show(call, _find(call), detail=True), _fields(call))


async def show_properties(call: Call) -> dict[str, str]:
    """Of every interface that the driver may have: the keys it reads, and what they mean."""
    baremetal: Baremetal = call.service
    driver = _find(call)
    found: dict[str, str] = {}
    for kind in INTERFACES:
        known: dict[str, Driver] = getattr(baremetal.drivers, kind, {})
        for name in driver.interfaces[kind]:
            if name in known:
                found |= known[name].properties()
    return found


async def show_logical_disk_properties(call: Call) -> dict[str, str]:
    need(call, "1.12")
    driver = _find(call)
    if all(name.startswith("no-") for name in driver.interfaces["raid"]):
        raise NotFound(f"Driver {driver.name} does not support RAID.", code="driver-without-raid")
    return LOGICAL_DISK


async def list_vendor_methods(call: Call) -> dict[str, Any]:
    """None: what a driver can do has a route of its own."""
    _find(call)
    return {}


async def call_vendor_method(call: Call) -> None:
    driver = _find(call)
    name = text(call, "method")
    if not name:
        raise BadRequest("Method not specified")
    raise BadRequest(
        f"Driver {driver.name} does not support {name[:255]} (disabled or not implemented).",
        code="unsupported-interface",
    )


_DRIVER = "/drivers/{driver_name}"
_RAID = "baremetal:driver:get_raid_logical_disk_properties"
_VENDOR = "baremetal:driver:vendor_passthru"
ROUTES = (
    Route("GET", "/drivers", list_drivers, policy="baremetal:driver:get"),
    Route("GET", _DRIVER, show_driver, policy="baremetal:driver:get"),
    Route(
        "GET",
        f"{_DRIVER}/properties",
        show_properties,
        policy="baremetal:driver:get_properties",
    ),
    Route(
        "GET",
        f"{_DRIVER}/raid/logical_disk_properties",
        show_logical_disk_properties,
        policy=_RAID,
    ),
    Route("GET", f"{_DRIVER}/vendor_passthru/methods", list_vendor_methods, policy=_VENDOR),
    *(
        Route(method, f"{_DRIVER}/vendor_passthru", call_vendor_method, policy=_VENDOR)
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ),
)
