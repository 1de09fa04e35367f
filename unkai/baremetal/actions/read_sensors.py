"""What a machine's BMC measures: temperatures, fans, voltages, watts; read when asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal


@dataclass(frozen=True, slots=True)
class Reading:
    """value: None where the sensor reads nothing, or states instead of a number."""

    type: str
    name: str
    value: float | None
    unit: str
    status: str


async def read_sensors(baremetal: Baremetal, node: Node) -> list[Reading]:
    """By type and name; Unavailable where the BMC does not answer."""
    management = baremetal.management(node)
    management.validate(node)
    found = await management.get_sensors(node)
    return [
        reading_of(kind, name, shown)
        for kind, sensors in sorted(found.items())
        for name, shown in sorted(sensors.items())
    ]


def reading_of(kind: str, name: str, shown: dict[str, Any]) -> Reading:
    said, _, unit = str(shown.get("Sensor Reading", "")).partition(" ")
    try:
        value = float(said)
    except ValueError:
        value, unit = None, ""
    return Reading(kind, name, value, unit, str(shown.get("Status", "")))
