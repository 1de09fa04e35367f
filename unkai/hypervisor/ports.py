"""How a machine's NICs meet the network: a tap device and its interface on the integration bridge.

Plugged is a fact of the host, not of a process: the tap stays while the machine is stopped and
while Unkai restarts; a starting QEMU merely gets a file descriptor of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Nic, NicCounters


class PortPlugger(Protocol):
    async def plug(self, server_id: str, nic: Nic) -> None: ...

    async def unplug(self, port_id: str) -> None:
        """Unknown is fine."""
        ...

    async def open(self, nic: Nic) -> int:
        """A descriptor of the port's tap for QEMU, which the caller closes.

        Conflict("port-not-plugged").
        """
        ...

    async def plugged(self) -> dict[str, str]:
        """The server's id of every port plugged on this host, by port id."""
        ...

    async def counters(self, port_ids: Collection[str]) -> dict[str, NicCounters]:
        """What went through those of these ports that are plugged."""
        ...

    async def bare_taps(self) -> list[str]:
        """Names of taps that the switch knows nothing of; the port's id begins after "tap"."""
        ...


class FakePlugger:
    """Ports of a network that is only in memory. `told` hears (port_id, server_id, plugged)."""

    def __init__(self, told: Callable[[str, str, bool], None] | None = None) -> None:
        self.ports: dict[str, str] = {}
        self.taps: set[str] = set()
        self._told = told

    async def plug(self, server_id: str, nic: Nic) -> None:
        if self.ports.get(nic.port_id) != server_id:
            self.ports[nic.port_id] = server_id
            if self._told:
                self._told(nic.port_id, server_id, True)

    async def unplug(self, port_id: str) -> None:
        server_id = self.ports.pop(port_id, None)
        if server_id is not None and self._told:
            self._told(port_id, server_id, False)

    async def open(self, nic: Nic) -> int:
        if nic.port_id not in self.ports:
            raise refusals.not_plugged(nic.port_id)
        raise NotImplementedError("a port in memory has no descriptor")

    async def plugged(self) -> dict[str, str]:
        return dict(self.ports)

    async def counters(self, port_ids: Collection[str]) -> dict[str, NicCounters]:
        return {port_id: NicCounters() for port_id in port_ids if port_id in self.ports}

    async def bare_taps(self) -> list[str]:
        return sorted(self.taps)


async def unplug_all(
    plugger: PortPlugger,
    server_id: str,
    nics: tuple[Nic, ...] = (),
    *,
    but: frozenset[str] = frozenset(),
) -> None:
    """Take off the server's `nics` and whatever else is plugged in its name, except `but`.

    Its NICs are named so that even a tap goes that a crash left without an interface.
    """
    for nic in nics:
        await plugger.unplug(nic.port_id)
    for port_id, owner in (await plugger.plugged()).items():
        if owner == server_id and port_id not in but:
            await plugger.unplug(port_id)
