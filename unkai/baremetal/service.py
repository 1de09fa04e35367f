"""The bare-metal service: its tools, its drivers and whom it calls; every action takes it first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from unkai.baremetal.drivers.base import (
    Agent,
    Bios,
    Boot,
    Console,
    Deploy,
    HardwareType,
    Images,
    Inspect,
    Management,
    Network,
    Power,
    Storage,
    unsupported,
)
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.consoles import Consoles
from unkai.baremetal.drivers.fake import (
    FakeBios,
    FakeBoot,
    FakeConsole,
    FakeDeploy,
    FakeInspect,
    FakeMachines,
    FakeManagement,
    FakePower,
    NoopNetwork,
)
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.drivers.guarded import (
    GuardedBios,
    GuardedConsole,
    GuardedInspect,
    GuardedManagement,
    GuardedPower,
)
from unkai.baremetal.drivers.hardware import HARDWARE_TYPES
from unkai.baremetal.drivers.indicators import FakeIndicators, Indicators
from unkai.baremetal.drivers.storage.noop import ExternalStorage, NoopStorage
from unkai.baremetal.model import Node
from unkai.kit.workbench import Kit
from unkai.settings import BaremetalSettings

if TYPE_CHECKING:
    from unkai.identity.service import Identity
    from unkai.image.service import ImageService
    from unkai.network.service import NetworkService
    from unkai.placement.service import Placement

T = TypeVar("T")
D = TypeVar("D")


@dataclass(slots=True)
class Drivers:
    """Implementations of every interface by name; a node says which of them are its own.

    A name that is missing here ("no-console") is an ability the node does not have.
    """

    power: dict[str, Power] = field(default_factory=dict[str, Power])
    management: dict[str, Management] = field(default_factory=dict[str, Management])
    boot: dict[str, Boot] = field(default_factory=dict[str, Boot])
    network: dict[str, Network] = field(default_factory=dict[str, Network])
    deploy: dict[str, Deploy] = field(default_factory=dict[str, Deploy])
    inspect: dict[str, Inspect] = field(default_factory=dict[str, Inspect])
    console: dict[str, Console] = field(default_factory=dict[str, Console])
    bios: dict[str, Bios] = field(default_factory=dict[str, Bios])
    storage: dict[str, Storage] = field(default_factory=dict[str, Storage])
    indicators: dict[str, Indicators] = field(default_factory=dict[str, Indicators])
    """By the name of the management interface."""


def fake_drivers(machines: FakeMachines) -> Drivers:
    """The played ones; boot adds the real ones beside them."""
    return Drivers(
        power={"fake": FakePower(machines)},
        management={"fake": FakeManagement(machines), "noop": FakeManagement(machines)},
        boot={"fake": FakeBoot(machines)},
        network={"noop": NoopNetwork(machines)},
        deploy={"fake": FakeDeploy(machines)},
        inspect={"fake": FakeInspect(machines)},
        console={"fake": FakeConsole(machines)},
        bios={"fake": FakeBios(machines)},
        storage={"noop": NoopStorage(), "external": ExternalStorage()},
        indicators={"fake": FakeIndicators()},
    )


def guarded_drivers(drivers: Drivers, bmcs: Bmcs, guard: Guard) -> Drivers:
    """With the real BMCs added, and every call of a BMC, played or real, behind the guard."""
    return replace(
        drivers,
        power=_each(GuardedPower, {**drivers.power, **bmcs.power()}, guard),
        management=_each(GuardedManagement, {**drivers.management, **bmcs.management()}, guard),
        inspect=_each(GuardedInspect, {**drivers.inspect, **bmcs.inspect()}, guard),
        console=_each(GuardedConsole, {**drivers.console, **bmcs.console()}, guard),
        bios=_each(GuardedBios, {**drivers.bios, **bmcs.bios()}, guard),
    )


def _each(kind: Callable[[D, Guard], T], drivers: Mapping[str, D], guard: Guard) -> dict[str, T]:
    return {name: kind(one, guard) for name, one in drivers.items()}


@dataclass(frozen=True, slots=True)
class Baremetal:
    """conductor: this process's name, shown as a node's conductor and as who holds its lock.

    started_at: when the process began, as the list of conductors shows it.
    """

    kit: Kit
    settings: BaremetalSettings
    identity: Identity
    glance: ImageService
    network: NetworkService
    placement: Placement
    drivers: Drivers
    agent: Agent
    images: Images
    consoles: Consoles
    bmcs: Bmcs
    conductor: str
    started_at: float = 0.0
    hardware_types: Mapping[str, HardwareType] = field(default_factory=lambda: HARDWARE_TYPES)

    def power(self, node: Node) -> Power:
        return _of(self.drivers.power, node, "power")

    def management(self, node: Node) -> Management:
        return _of(self.drivers.management, node, "management")

    def boot(self, node: Node) -> Boot:
        return _of(self.drivers.boot, node, "boot")

    def wires(self, node: Node) -> Network:
        return _of(self.drivers.network, node, "network")

    def deploy(self, node: Node) -> Deploy:
        return _of(self.drivers.deploy, node, "deploy")

    def inspect(self, node: Node) -> Inspect:
        return _of(self.drivers.inspect, node, "inspect")

    def console(self, node: Node) -> Console:
        return _of(self.drivers.console, node, "console")

    def storage(self, node: Node) -> Storage:
        return _of(self.drivers.storage, node, "storage")

    def bios(self, node: Node) -> Bios:
        return _of(self.drivers.bios, node, "bios")


def _of(known: Mapping[str, T], node: Node, kind: str) -> T:
    found = known.get(node.interface(kind))
    if found is None:
        raise unsupported(node, kind)
    return found
