"""The serial console by IPMI's serial over LAN."""

from __future__ import annotations

from unkai.baremetal.drivers.base import ConsoleStream
from unkai.baremetal.drivers.ipmi.calls import IpmiDriver
from unkai.baremetal.drivers.ipmi.client import Ipmi
from unkai.baremetal.drivers.ipmi.login import CONSOLE, login_of
from unkai.baremetal.drivers.ipmi.sol import open_stream
from unkai.baremetal.model import Node
from unkai.kit.clock import Clock


class IpmiConsole(IpmiDriver):
    """`ipmitool-socat` in a node's interfaces: upstream's name; there is neither here."""

    def __init__(self, ipmi: Ipmi, clock: Clock) -> None:
        super().__init__(ipmi)
        self._clock = clock

    def properties(self) -> dict[str, str]:
        return {**super().properties(), **CONSOLE}

    async def open(self, node: Node) -> ConsoleStream:
        session = await self._ipmi.own_session(login_of(node))
        return await open_stream(session, self._clock)
