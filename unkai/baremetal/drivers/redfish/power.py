"""Power by Redfish's ComputerSystem.Reset, and what the interfaces have in common."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.redfish.client import Redfish
from unkai.baremetal.drivers.redfish.document import Document, text, words
from unkai.baremetal.drivers.redfish.login import OPTIONAL, REQUIRED, Login, login_of
from unkai.baremetal.model import Node, PowerState

RESET = "#ComputerSystem.Reset"
ALLOWED = "ResetType@Redfish.AllowableValues"
RESETS: dict[PowerState, tuple[str, ...]] = {
    PowerState.ON: ("On", "ForceOn", "PushPowerButton"),
    PowerState.OFF: ("ForceOff",),
    PowerState.REBOOT: ("ForceRestart", "PowerCycle"),
    PowerState.SOFT_OFF: ("GracefulShutdown",),
    PowerState.SOFT_REBOOT: ("GracefulRestart",),
}
"""What to ask for, the best first."""
SEEN = {
    "On": PowerState.ON,
    "PoweringOn": PowerState.ON,
    "Off": PowerState.OFF,
    "PoweringOff": PowerState.OFF,
}


class RedfishDriver:
    """What all Redfish interfaces have in common."""

    def __init__(self, redfish: Redfish) -> None:
        self._redfish = redfish

    def properties(self) -> dict[str, str]:
        return {**REQUIRED, **OPTIONAL}

    def validate(self, node: Node) -> None:
        login_of(node)

    async def _system(self, node: Node) -> tuple[Login, Document]:
        login = login_of(node)
        return login, await self._redfish.system(login)

    async def _change(self, node: Node, change: Document, what: str) -> None:
        """PATCH the system."""
        login = login_of(node)
        await self._redfish.patch(login, await self._redfish.system_path(login), change, what)

    async def _reset(
        self, node: Node, login: Login, system: Document, kinds: Sequence[str], what: str
    ) -> None:
        """The first kind of reset that the system knows; Unsupported where it knows none."""
        target = text(system, "Actions", RESET, "target")
        allowed = words(system, "Actions", RESET, ALLOWED)
        kind = next((one for one in kinds if not allowed or one in allowed), None)
        if not target or kind is None:
            raise unsupported(node, f"{what} on this BMC")
        await self._redfish.post(login, target, {"ResetType": kind}, what)


class RedfishPower(RedfishDriver):
    def supported_power_states(self, node: Node) -> Sequence[PowerState]:
        return tuple(RESETS)

    async def get_power_state(self, node: Node) -> PowerState:
        login, system = await self._system(node)
        return _power(login, system)

    async def set_power_state(self, node: Node, target: PowerState) -> None:
        if target not in RESETS:
            raise unsupported(node, f"the power state {target}")
        login, system = await self._system(node)
        is_on = _power(login, system) is PowerState.ON
        wanted = target
        if target in (PowerState.OFF, PowerState.SOFT_OFF):
            if not is_on:
                return
        elif target is PowerState.ON:
            if is_on:
                return
        elif not is_on:
            wanted = PowerState.ON
        await self._reset(node, login, system, RESETS[wanted], f"set {target}")


def _power(login: Login, system: Document) -> PowerState:
    found = text(system, "PowerState")
    if found not in SEEN:
        raise bmc.odd(login.where, f"the power state {found or 'is missing'}")
    return SEEN[found]
