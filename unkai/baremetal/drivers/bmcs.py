"""The real ways to reach a BMC, as one thing to open and close; each interface by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from unkai.baremetal.drivers.base import Bios, Console, Inspect, Management, Power
from unkai.baremetal.drivers.ipmi import login as ipmi_login
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.console import IpmiConsole
from unkai.baremetal.drivers.ipmi.management import IpmiManagement
from unkai.baremetal.drivers.ipmi.power import IpmiPower
from unkai.baremetal.drivers.redfish import login as redfish_login
from unkai.baremetal.drivers.redfish.bios import RedfishBios
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.inspect import RedfishInspect
from unkai.baremetal.drivers.redfish.management import RedfishManagement
from unkai.baremetal.drivers.redfish.power import RedfishPower
from unkai.baremetal.model import Node
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import BadRequest

Login = ipmi_login.Login | redfish_login.Login


def logins_of(node: Node) -> frozenset[Login]:
    """By which sessions may be open for a node: what its driver_info names, however it is used."""
    found: set[Login] = set()
    for login_of in (ipmi_login.login_of, redfish_login.login_of):
        try:
            found.add(login_of(node))
        except BadRequest:
            continue  # it says nothing, or nothing right, of this way
    return frozenset(found)


def named(login: Login) -> str:
    """How a session is called where it is told of: user and BMC."""
    kind = "ipmi" if isinstance(login, ipmi_login.Login) else "redfish"
    return f"{kind}://{login.user}@{login.where}"


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

    def held(self) -> set[Login]:
        """By which sessions are open now: polls', consoles'."""
        return {*self.ipmi.held(), *self.redfish.held()}

    async def end(self, logins: Collection[Login]) -> None:
        """Give these sessions back; one that cannot be ended now stays held."""
        await asyncio.gather(
            self.ipmi.end({one for one in logins if isinstance(one, ipmi_login.Login)}),
            self.redfish.end({one for one in logins if isinstance(one, redfish_login.Login)}),
        )

    async def close(self) -> None:
        """Give every session back; a BMC has few."""
        await self.ipmi.close()
        await self.redfish.close()
