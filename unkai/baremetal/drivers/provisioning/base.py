"""What serves machines on their provisioning networks, and what it tells of them.

Level-triggered, as the network's driver: `serve` is told how things shall be and mends what is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, order=True)
class Reservation:
    """The address that a known machine gets; by_http: it may be unable to fetch by TFTP."""

    mac: str
    address: str
    by_http: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedNetwork:
    """A network on which machines boot.

    vlan: on the physical network; None on a flat one. address: ours in it. pool: first and last
    address for unknown machines; None: they get none.
    """

    id: str
    name: str
    physical_network: str
    vlan: int | None
    address: str
    cidr: str
    mtu: int = 1500
    pool: tuple[str, str] | None = None
    hosts: tuple[Reservation, ...] = ()

    @property
    def url(self) -> str:
        return f"http://{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A packet, file or request of a machine, for its timeline.

    Either `mac` or `node_id` says whose. participant: DHCP, TFTP or HTTP of the timeline.
    """

    participant: str
    action: str
    at: float
    ended_at: float | None = None
    ok: bool = True
    detail: str | None = None
    mac: str = ""
    node_id: str = ""


Recorder: TypeAlias = Callable[[Sighting], None]
"""Told of each sighting in the event loop; must not block."""


class Provisioning(Protocol):
    async def serve(self, wanted: Sequence[ServedNetwork]) -> None:
        """Serve exactly these. Raises Unavailable or Failed; the others are served anyway."""
        ...

    def served(self) -> tuple[ServedNetwork, ...]:
        """What the last `serve` was asked for."""
        ...

    def reservations(self) -> dict[str, set[Reservation]]:
        """What DHCP has been given, by network, also of networks it should not serve any more."""
        ...

    async def close(self) -> None:
        """Let go: DHCP and TFTP stay, for the next process to adopt."""
        ...

    async def stop(self) -> None:
        """End all of it. Works without `serve`."""
        ...


class FakeProvisioning:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.wanted: tuple[ServedNetwork, ...] = ()
        self.strays: dict[str, set[Reservation]] = {}
        """What an accident left beside them."""

    async def serve(self, wanted: Sequence[ServedNetwork]) -> None:
        self.wanted = tuple(wanted)
        self.strays.clear()

    def served(self) -> tuple[ServedNetwork, ...]:
        return self.wanted

    def reservations(self) -> dict[str, set[Reservation]]:
        found = {network.id: set(network.hosts) for network in self.wanted}
        for network_id, strays in self.strays.items():
            found.setdefault(network_id, set()).update(strays)
        return found

    async def close(self) -> None:
        """Nothing is open."""

    async def stop(self) -> None:
        self.wanted = ()
