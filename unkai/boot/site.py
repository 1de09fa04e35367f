"""The world a cloud stands in: this machine's QEMU and OVN, or hosts and wires played in memory."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from unkai.boot.progress import Progress
from unkai.hypervisor.client import Hypervisor
from unkai.hypervisor.fake import FakeHost, FakeHypervisor
from unkai.hypervisor.kvm import Accelerator
from unkai.hypervisor.local import LocalHypervisor, LocalSettings
from unkai.hypervisor.ovs import OvsPlugger
from unkai.hypervisor.ports import FakePlugger
from unkai.kit.clock import Clock
from unkai.network.drivers.base import NetworkDriver
from unkai.network.drivers.fake import FakeDriver, FakeWire
from unkai.network.drivers.metadata import MetadataDoor
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site
from unkai.settings import Settings

FIRST_UID = 1 << 30
"""Guests run as users above this; each cloud has a block of its own."""
UIDS = 4096
BLOCKS = 100_000
DEFAULT_BOOTS = 2
FORCED_TCG = Accelerator("tcg", "the settings ask for it")


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
) -> AsyncGenerator[World]:
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


def guest_folder(settings: Settings) -> Path:
    return settings.state_dir / "guests"


def network_driver(settings: Settings, clock: Clock, door: MetadataDoor | None = None) -> OvnDriver:
    """OVN in the cloud's namespace; not started."""
    machines = settings.baremetal
    site = Site(
        namespace=settings.namespace,
        run_dir=settings.run_dir / "ovn",
        state_dir=settings.state_dir / "ovn",
        chassis=socket.gethostname(),
        physnets=("public", machines.physical_network),
        uplinks=((machines.physical_network, machines.uplink),) if machines.uplink else (),
    )
    return OvnDriver(site, clock=clock, door=door)


def local_plugger(site: Site, clock: Clock) -> OvsPlugger:
    """How guests of this machine meet the switch; not opened."""
    offloads = site.datapath_type == "system" or site.offloads
    return OvsPlugger(site.switch_socket, namespace=site.namespace, vnet_hdr=offloads, clock=clock)


def local_hypervisor(settings: Settings, clock: Clock, plugger: OvsPlugger) -> LocalHypervisor:
    """The agent of this machine; not opened."""
    compute = settings.compute
    local = LocalSettings(
        folder=guest_folder(settings),
        hostname=socket.gethostname(),
        uids=uid_block(settings),
        accelerator=FORCED_TCG if compute.force_tcg else None,
        boots_at_once=compute.concurrent_boots or DEFAULT_BOOTS,
        sample_s=compute.sample_s,
    )
    return LocalHypervisor(local, plugger, clock)


@asynccontextmanager
async def real_world(
    settings: Settings, clock: Clock, progress: Progress, door: MetadataDoor
) -> AsyncGenerator[World]:
    """This machine: its OVN daemons and its QEMUs, started or adopted; they outlive us."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    driver = network_driver(settings, clock, door)
    plugger = local_plugger(driver.site, clock)
    hypervisor = local_hypervisor(settings, clock, plugger)
    async with AsyncExitStack() as stack:
        with progress.step("network") as words:
            stack.push_async_callback(driver.close)
            await driver.start()
            words.append(f"OVN in namespace {settings.namespace}")
        with progress.step("hypervisor") as words:
            await plugger.open_switch()
            stack.push_async_callback(plugger.close)
            await hypervisor.open()
            stack.push_async_callback(hypervisor.close)
            host = await hypervisor.describe()
            words.append(f"{host.vcpus} CPUs, {host.memory_mib} MiB, {host.accelerator}")
        yield World(driver, {host.hostname: hypervisor}, settings.namespace)


@asynccontextmanager
async def open_world(
    settings: Settings, clock: Clock, progress: Progress, door: MetadataDoor
) -> AsyncGenerator[World]:
    """The world that the settings ask for."""
    if settings.fake:
        async with played_world(settings, clock) as world:
            yield world
    else:
        async with real_world(settings, clock, progress, door) as world:
            yield world
