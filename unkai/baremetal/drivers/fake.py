"""Played interfaces, for `fake-hardware` and for tests: a machine that does all it is told at once.

What a machine is in is kept in `FakeMachines`, by node; a test makes one fail by `fail_next`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from unkai.baremetal.drivers.base import Ramdisk, unsupported
from unkai.baremetal.model import Inventory, Node, Port, PowerState, SanVolume

DEVICES = ("pxe", "disk", "cdrom", "bios", "safe", "uefihttp")


@dataclass(slots=True)
class FakeMachine:
    power: PowerState = PowerState.OFF
    boot_device: str = "pxe"
    persistent: bool = False
    boot_mode: str = "bios"
    secure_boot: bool = False
    media: dict[str, str] = field(default_factory=dict[str, str])
    bios: dict[str, str] = field(default_factory=lambda: {"virtualization": "on"})
    ramdisk: Ramdisk | None = None
    networks: list[str] = field(default_factory=list[str])
    power_changes: int = 0


class FakeMachines:
    """All played machines of a process."""

    def __init__(self) -> None:
        self._all: dict[str, FakeMachine] = {}
        self._faults: dict[tuple[str | None, str], list[Exception]] = {}
        self.on_boot: Callable[[str, FakeMachine], None] | None = None
        """Told of every machine that is switched on."""

    def of(self, node: Node) -> FakeMachine:
        return self.by_uuid(node.uuid)

    def by_uuid(self, uuid: str) -> FakeMachine:
        return self._all.setdefault(uuid, FakeMachine())

    def fail_next(self, verb: str, error: Exception, node_uuid: str | None = None) -> None:
        """Let the next call of a method fail, on one node or on any."""
        self._faults.setdefault((node_uuid, verb), []).append(error)

    def check(self, node: Node, verb: str) -> FakeMachine:
        for key in ((node.uuid, verb), (None, verb)):
            if waiting := self._faults.get(key):
                raise waiting.pop(0)
        return self.of(node)


class _Fake:
    def __init__(self, machines: FakeMachines) -> None:
        self._machines = machines

    def properties(self) -> dict[str, str]:
        return {}

    def validate(self, node: Node) -> None:
        """Nothing can be wrong."""


class FakePower(_Fake):
    async def get_power_state(self, node: Node) -> PowerState:
        return self._machines.check(node, "get_power_state").power

    async def set_power_state(self, node: Node, target: PowerState) -> None:
        machine = self._machines.check(node, "set_power_state")
        off = target in (PowerState.OFF, PowerState.SOFT_OFF)
        machine.power = PowerState.OFF if off else PowerState.ON
        machine.power_changes += 1
        if not off and self._machines.on_boot is not None:
            self._machines.on_boot(node.uuid, machine)

    def supported_power_states(self, node: Node) -> Sequence[PowerState]:
        return tuple(state for state in PowerState if state is not PowerState.ERROR)


class FakeManagement(_Fake):
    def supported_boot_devices(self, node: Node) -> Sequence[str]:
        return DEVICES

    async def get_boot_device(self, node: Node) -> tuple[str | None, bool | None]:
        machine = self._machines.check(node, "get_boot_device")
        return machine.boot_device, machine.persistent

    async def set_boot_device(self, node: Node, device: str, *, persistent: bool) -> None:
        if device not in DEVICES:
            raise unsupported(node, f"boot device {device}")
        machine = self._machines.check(node, "set_boot_device")
        machine.boot_device, machine.persistent = device, persistent

    async def get_boot_mode(self, node: Node) -> str | None:
        return self._machines.check(node, "get_boot_mode").boot_mode

    async def set_boot_mode(self, node: Node, mode: str) -> None:
        self._machines.check(node, "set_boot_mode").boot_mode = mode

    async def get_secure_boot(self, node: Node) -> bool | None:
        return self._machines.check(node, "get_secure_boot").secure_boot

    async def set_secure_boot(self, node: Node, *, on: bool) -> None:
        self._machines.check(node, "set_secure_boot").secure_boot = on

    async def inject_nmi(self, node: Node) -> None:
        self._machines.check(node, "inject_nmi")

    async def set_indicator(self, node: Node, *, on: bool) -> None:
        self._machines.check(node, "set_indicator")

    async def get_sensors(self, node: Node) -> dict[str, Any]:
        self._machines.check(node, "get_sensors")
        return {}

    async def insert_media(self, node: Node, device: str, url: str) -> None:
        self._machines.check(node, "insert_media").media[device] = url

    async def eject_media(self, node: Node, device: str | None) -> None:
        media = self._machines.check(node, "eject_media").media
        for name in [device] if device else list(media):
            media.pop(name, None)

    async def list_media(self, node: Node) -> list[dict[str, Any]]:
        media = self._machines.check(node, "list_media").media
        return [{"media_types": [name], "image": url} for name, url in sorted(media.items())]

    async def boot_from_url(self, node: Node, url: str) -> None:
        machine = self._machines.check(node, "boot_from_url")
        machine.boot_device, machine.persistent = "uefihttp", False
        machine.media["uefihttp"] = url

    async def detect_vendor(self, node: Node) -> str | None:
        return None


class FakeBoot(_Fake):
    async def prepare_ramdisk(self, node: Node, ports: Sequence[Port], ramdisk: Ramdisk) -> None:
        self._machines.check(node, "prepare_ramdisk").ramdisk = ramdisk

    async def clean_up_ramdisk(self, node: Node, ports: Sequence[Port]) -> None:
        self._machines.check(node, "clean_up_ramdisk").ramdisk = None

    async def prepare_instance(
        self, node: Node, ports: Sequence[Port], volumes: Sequence[SanVolume] = ()
    ) -> None:
        machine = self._machines.check(node, "prepare_instance")
        machine.boot_device = "pxe" if volumes else "disk"

    def script(self, node: Node) -> str | None:
        return None

    async def clean_up_instance(self, node: Node, ports: Sequence[Port]) -> None:
        self._machines.check(node, "clean_up_instance")

    async def leftovers(self, keep: Sequence[str], deployed: Sequence[str] = ()) -> list[str]:
        return []


class NoopNetwork(_Fake):
    """The machine's ports stay where they are."""

    async def plug(self, node: Node, ports: Sequence[Port], purpose: str) -> dict[str, str]:
        networks = self._machines.check(node, "plug").networks
        if purpose not in networks:
            networks.append(purpose)
        return {}

    async def unplug(self, node: Node, ports: Sequence[Port], purpose: str) -> None:
        networks = self._machines.check(node, "unplug").networks
        if purpose in networks:
            networks.remove(purpose)

    async def plug_tenant(self, node: Node, ports: Sequence[Port]) -> None:
        self._machines.check(node, "plug_tenant")

    async def unplug_tenant(self, node: Node, ports: Sequence[Port]) -> None:
        self._machines.check(node, "unplug_tenant")

    async def switch_called(self, switch_id: str, port_id: str) -> str | None:
        return None

    async def leftovers(self, busy: Collection[str], deployed: Collection[str]) -> list[str]:
        return []


class FakeDeploy(_Fake):
    @property
    def uses_agent(self) -> bool:
        return False


class FakeInspect(_Fake):
    @property
    def uses_agent(self) -> bool:
        return False

    async def inspect(self, node: Node) -> Inventory:
        self._machines.check(node, "inspect")
        return Inventory({"cpu": {"count": 1, "architecture": "x86_64"}, "interfaces": []})


class FakeBios(_Fake):
    async def get_settings(self, node: Node) -> dict[str, dict[str, Any]]:
        found = self._machines.check(node, "get_settings").bios
        return {name: {"value": value} for name, value in found.items()}

    async def apply_settings(self, node: Node, settings: dict[str, str]) -> bool:
        bios = self._machines.check(node, "apply_settings").bios
        before = dict(bios)
        bios.update(settings)
        return bios != before

    async def factory_reset(self, node: Node) -> bool:
        self._machines.check(node, "factory_reset").bios = FakeMachine().bios
        return False


class FakeConsole(_Fake):
    """A line that says back what is typed."""

    async def open(self, node: Node) -> FakeStream:
        self._machines.check(node, "open_console")
        return FakeStream()


class FakeStream:
    def __init__(self) -> None:
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._said.put_nowait(b"A played machine.\r\n")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self._said.get()) is not None:
            yield said

    async def write(self, data: bytes) -> None:
        self._said.put_nowait(data)

    async def close(self) -> None:
        self._said.put_nowait(None)
