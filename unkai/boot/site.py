"""The world a cloud stands in: this machine's QEMU and OVN, or hosts and wires played in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from unkai.boot.progress import Progress
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.fake import FakeHost, FakeHypervisor
from unkai.hypervisor.ports import FakePlugger
from unkai.kit.clock import Clock
from unkai.network.drivers.base import NetworkDriver
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.settings import Settings

FIRST_UID = 1 << 30
"""Guests run as users above this; each cloud has a block of its own."""
UIDS = 4096
BLOCKS = 100_000


@dataclass(frozen=True, slots=True)
class World:
    """Who moves packets and who runs guests, by host name. namespace: None where it is played."""

    driver: NetworkDriver
    agents: dict[str, Hypervisor]
    namespace: str | None


@dataclass(frozen=True, slots=True)
class FakeWorld:
    """Hosts and a wire in memory; a host's plugged port is up on the wire."""

    wire: FakeWire = field(default_factory=FakeWire)
    hosts: list[FakeHost] = field(default_factory=list[FakeHost])

    def add_host(self, hostname: str) -> FakeHost:
        def told(port_id: str, server_id: str, plugged: bool) -> None:  # noqa: FBT001  # a callback
            self.wire.set_port_plugged(port_id, plugged)

        host = FakeHost(hostname=hostname, plugger=FakePlugger(told))
        self.hosts.append(host)
        return host


def uid_block(settings: Settings) -> range:
    """The users of this cloud's guests."""
    first = FIRST_UID + int(settings.cloud_id, 16) % BLOCKS * UIDS
    return range(first, first + UIDS)


@asynccontextmanager
async def played_world(
    settings: Settings, clock: Clock, world: FakeWorld | None = None
) -> AsyncIterator[World]:
    """As many hosts as the settings say, where the given world has none."""
    world = world or FakeWorld()
    for number in range(len(world.hosts), settings.compute.fake_hosts):
        world.add_host(f"fake-{number + 1}")
    agents: dict[str, Hypervisor] = {
        host.hostname: FakeHypervisor(host, clock) for host in world.hosts
    }
    driver = FakeDriver(world.wire)
    await driver.start()
    try:
        yield World(driver, agents, None)
    finally:
        await driver.close()


@asynccontextmanager
async def open_world(settings: Settings, clock: Clock, progress: Progress) -> AsyncIterator[World]:
    """The world that the settings ask for."""
    async with played_world(settings, clock) as world:
        yield world
