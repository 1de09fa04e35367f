"""Power by IPMI's chassis control."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.drivers import bmc
from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.drivers.ipmi import chassis
from unkai.baremetal.drivers.ipmi.calls import IpmiDriver
from unkai.baremetal.drivers.ipmi.chassis import Ask, Control
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.login import login_of
from unkai.baremetal.drivers.ipmi.session import Refused
from unkai.baremetal.model import Node, PowerState
from unkai.kit.clock import Clock

SOFT_OFF_TIMEOUT_S = 600.0
SOFT_OFF_POLL_S = 2.0
STATES = (
    PowerState.ON,
    PowerState.OFF,
    PowerState.REBOOT,
    PowerState.SOFT_OFF,
    PowerState.SOFT_REBOOT,
)


class IpmiPower(IpmiDriver):
    """`ipmitool` in a node's interfaces: upstream's name for it."""

    def __init__(
        self, ipmi: Ipmi, clock: Clock, soft_off_timeout_s: float = SOFT_OFF_TIMEOUT_S
    ) -> None:
        super().__init__(ipmi)
        self._clock = clock
        self._soft_off_timeout_s = soft_off_timeout_s

    def supported_power_states(self, node: Node) -> Sequence[PowerState]:
        return STATES

    async def get_power_state(self, node: Node) -> PowerState:
        on = await chassis.is_on(self._ask(node, "tell the power state"))
        return PowerState.ON if on else PowerState.OFF

    async def set_power_state(self, node: Node, target: PowerState) -> None:
        if target not in STATES:
            raise unsupported(node, f"the power state {target}")
        ask = self._ask(node, f"set {target}")
        on = await chassis.is_on(ask)
        if not on:
            if target in (PowerState.ON, PowerState.REBOOT, PowerState.SOFT_REBOOT):
                await chassis.control(ask, Control.UP)
        elif target is PowerState.OFF:
            await chassis.control(ask, Control.DOWN)
        elif target is PowerState.REBOOT:
            await self._cycle(node, ask)
        elif target is PowerState.SOFT_OFF:
            await chassis.control(ask, Control.SOFT)
        elif target is PowerState.SOFT_REBOOT:
            await chassis.control(ask, Control.SOFT)
            await self._until_off(node, ask)
            await chassis.control(ask, Control.UP)

    async def _cycle(self, node: Node, ask: Ask) -> None:
        """A power cycle; a reset where the BMC has none."""
        try:
            await chassis.control(self._raw(node), Control.CYCLE)
        except Refused:
            await chassis.control(ask, Control.RESET)

    async def _until_off(self, node: Node, ask: Ask) -> None:
        end = self._clock.monotonic() + self._soft_off_timeout_s
        while await chassis.is_on(ask):
            if self._clock.monotonic() > end:
                raise bmc.refused(
                    login_of(node).where,
                    "switch off softly",
                    f"the machine still runs after {self._soft_off_timeout_s:.0f} s",
                )
            await self._clock.sleep(SOFT_OFF_POLL_S)
