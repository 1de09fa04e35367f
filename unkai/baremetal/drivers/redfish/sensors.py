"""Sensors by Redfish: Thermal and Power of the chassis that hold the system."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.document import (
    Document,
    at,
    link,
    links,
    listed,
    number,
    text,
)
from unkai.baremetal.drivers.redfish.login import Login

GROUPS = (
    ("Thermal", "Temperatures", "Temperature", "ReadingCelsius", "degrees C"),
    ("Thermal", "Fans", "Fan", "Reading", ""),
    ("Power", "Voltages", "Voltage", "ReadingVolts", "Volts"),
    ("Power", "PowerSupplies", "Power Supply", "LastPowerOutputWatts", "Watts"),
    ("Power", "PowerControl", "Power", "PowerConsumedWatts", "Watts"),
)
"""Resource, array, type, property, unit."""


async def read_all(redfish: Redfish, login: Login, system: Document) -> dict[str, Any]:
    """{type: {"NAME@CHASSIS": {...}}}; a chassis without sensors has none."""
    found: dict[str, Any] = {}
    for path in links(system, "Links", "Chassis"):
        chassis = await redfish.get(login, path)
        resources = {
            name: await redfish.get(login, link(chassis, name))
            for name in ("Thermal", "Power")
            if link(chassis, name)
        }
        for resource, array, kind, reading, unit in GROUPS:
            for one in listed(resources.get(resource, {}), array):
                if at(one, "Status", "State") not in (None, "Enabled"):
                    continue
                name = text(one, "Name") or text(one, "FanName") or text(one, "MemberId")
                label = f"{name}@{text(chassis, 'Id')}"
                found.setdefault(kind, {})[label] = _shown(one, label, reading, unit)
    return found


def _shown(one: Document, label: str, reading: str, unit: str) -> dict[str, str]:
    value = number(one, reading)
    unit = unit or text(one, "ReadingUnits")
    said = "No Reading" if value is None else f"{value:g} {unit}".rstrip()
    health = text(one, "Status", "Health")
    return {"Sensor ID": label, "Sensor Reading": said, "Status": health.lower() or "ns"}
