"""The real ways to reach a BMC, as one thing to open and close; each interface by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from unkai.baremetal.drivers.base import Bios, Console, Inspect, Management, Power
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.console import IpmiConsole
from unkai.baremetal.drivers.ipmi.management import IpmiManagement
from unkai.baremetal.drivers.ipmi.power import IpmiPower
from unkai.baremetal.drivers.redfish.bios import RedfishBios
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.inspect import RedfishInspect
from unkai.baremetal.drivers.redfish.management import RedfishManagement
from unkai.baremetal.drivers.redfish.power import RedfishPower
from unkai.kit.clock import Chance, Clock


@dataclass(slots=True)
class Bmcs:
    """Clients of a process. namespace: where the BMCs live; None for this process's own."""

    clock: Clock
    chance: Chance
    namespace: str | None = None
    ipmi: Ipmi = field(init=False)
    redfish: Redfish = field(init=False)

    def __post_init__(self) -> None:
        self.ipmi = Ipmi(self.clock, self.chance, self.namespace)
        self.redfish = Redfish(self.namespace)

    def power(self) -> Mapping[str, Power]:
        return {
            "ipmitool": IpmiPower(self.ipmi, self.clock),
            "redfish": RedfishPower(self.redfish),
        }

    def management(self) -> Mapping[str, Management]:
        return {"ipmitool": IpmiManagement(self.ipmi), "redfish": RedfishManagement(self.redfish)}

    def inspect(self) -> Mapping[str, Inspect]:
        return {"redfish": RedfishInspect(self.redfish)}

    def bios(self) -> Mapping[str, Bios]:
        return {"redfish": RedfishBios(self.redfish)}

    def console(self) -> Mapping[str, Console]:
        return {"ipmitool-socat": IpmiConsole(self.ipmi, self.clock)}

    async def close(self) -> None:
        """Give every session back; a BMC has few."""
        await self.ipmi.close()
        await self.redfish.close()
