"""A compute host in memory: the same verbs, fences and refusals, no process and no file.

`FakeHost` is the world: it stands outside of Unkai as a real host does, so that a test (or
`unkai up --fake`) can crash the cloud and start it again around running machines. `FakeHypervisor`
is the agent: it holds nothing and may be made anew at any time.
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from unkai.hypervisor import refusals
from unkai.hypervisor.changes import Changes
from unkai.hypervisor.client import ConsoleKind, ImageSource
from unkai.hypervisor.console import last_lines
from unkai.hypervisor.fake_consoles import FakeConsoles, FakeStream
from unkai.hypervisor.fake_metrics import played
from unkai.hypervisor.fake_swaps import FakeSwaps
from unkai.hypervisor.model import (
    Census,
    Disk,
    Host,
    ImageRef,
    Leftover,
    Machine,
    MachineStatus,
    Metrics,
    PowerState,
    Secrets,
    SwapState,
)
from unkai.hypervisor.ports import FakePlugger, unplug_all
from unkai.hypervisor.preparing import keep_layers, with_volumes
from unkai.kit.clock import Clock
from unkai.kit.errors import Unavailable
from unkai.kit.streams import ByteStream

_LIVE = (PowerState.RUNNING, PowerState.PAUSED)


@dataclass
class FakeMachine:
    """What a real machine's folder and process would hold."""

    machine: Machine
    power_state: PowerState = PowerState.STOPPED
    reason: str = ""
    pid: int | None = None
    console: str = ""
    root_generation: int = 0
    boots: int = 0


@dataclass
class FakeHost:
    """A host with its machines, which live on while Unkai is away.

    delays: seconds each verb takes, by verb ("start"), on the agent's clock.
    boot_console: what a guest says on its serial console when it boots.
    heeds_power_button: whether guests shut down when asked.
    kept_disks: volumes that a running guest does not let go of.
    """

    hostname: str = "fake-1"
    vcpus: int = 64
    memory_mib: int = 256 * 1024
    disk_gib: int = 10_000
    boot_id: str = "00000000-0000-4000-8000-000000000000"
    plugger: FakePlugger = field(default_factory=FakePlugger)
    machines: dict[str, FakeMachine] = field(default_factory=dict[str, FakeMachine])
    images: dict[str, ImageRef] = field(default_factory=dict[str, ImageRef])
    epochs: dict[str, int] = field(default_factory=dict[str, int])
    leftovers: list[Leftover] = field(default_factory=list[Leftover])
    delays: dict[str, float] = field(default_factory=dict[str, float])
    boot_console: str = "Booting.\nA machine that is only played.\nNothing to load.\nlogin: "
    heeds_power_button: bool = True
    kept_disks: set[str] = field(default_factory=set[str])
    reachable: bool = True
    changes: Changes = field(default_factory=Changes)
    consoles: FakeConsoles = field(default_factory=FakeConsoles)
    swaps: FakeSwaps = field(default_factory=FakeSwaps)
    _faults: dict[str, list[tuple[Exception, bool]]] = field(
        default_factory=dict[str, list[tuple[Exception, bool]]]
    )
    _pids: Iterator[int] = field(default_factory=lambda: itertools.count(1000))
    _fetching: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    def fail_next(self, verb: str, error: Exception, *, after: bool = False) -> None:
        """The next call of the verb raises; `after` has it do its work first: a lost answer."""
        self._faults.setdefault(verb, []).append((error, after))

    def crash_guest(self, server_id: str, reason: str = "QEMU ended with signal 9.") -> None:
        self._set(self.machines[server_id], PowerState.CRASHED, reason)

    def lose_machine(self, server_id: str) -> None:
        """Its folder is removed by somebody: process and disk are gone, its ports stay plugged."""
        del self.machines[server_id]
        self.consoles.end(server_id)
        self.changes.tell(self.status(server_id))

    def guest_powers_off(self, server_id: str) -> None:
        self._set(self.machines[server_id], PowerState.STOPPED, "The guest shut itself down.")

    def reboot(self, boot_id: str) -> None:
        """The host itself goes down and comes back: no process and no port is left."""
        self.boot_id = boot_id
        self.plugger.ports.clear()
        for found in self.machines.values():
            if found.power_state in _LIVE:
                self._set(found, PowerState.CRASHED, "The host was rebooted.")

    def take_fault(self, verb: str, *, after: bool) -> Exception | None:
        waiting = self._faults.get(verb)
        if not waiting or waiting[0][1] != after:
            return None
        return waiting.pop(0)[0]

    def power_on(self, found: FakeMachine, state: PowerState) -> None:
        if found.power_state not in _LIVE:
            found.pid = next(self._pids)
            self.boot(found)
        self._set(found, state, "")

    def boot(self, found: FakeMachine) -> None:
        found.boots += 1
        self._say(found, self.boot_console)

    def power_off(self, found: FakeMachine) -> None:
        self._set(found, PowerState.STOPPED, "")

    def status(self, server_id: str) -> MachineStatus:
        found = self.machines.get(server_id)
        epoch = self.epochs.get(server_id, 0)
        if found is None:
            return MachineStatus(server_id=server_id, power_state=PowerState.MISSING, epoch=epoch)
        return MachineStatus(
            server_id=server_id,
            power_state=found.power_state,
            pid=found.pid,
            epoch=epoch,
            reason=found.reason,
        )

    def open_console(self, found: FakeMachine, kind: ConsoleKind) -> FakeStream:
        """What is typed on the serial line is said back, and written down as a guest's words."""
        machine = found.machine
        if kind == "vnc":
            return self.consoles.screen(machine.server_id, machine.name)
        return self.consoles.serial(
            machine.server_id,
            found.console,
            lambda data: self._say(found, data.decode(errors="replace")),
        )

    def fetching(self, image_id: str) -> asyncio.Lock:
        return self._fetching.setdefault(image_id, asyncio.Lock())

    def _set(self, found: FakeMachine, state: PowerState, reason: str) -> None:
        if found.power_state == state and found.reason == reason:
            return
        found.power_state, found.reason = state, reason
        if state not in _LIVE:
            found.pid = None
            self.consoles.end(found.machine.server_id)
        self.changes.tell(self.status(found.machine.server_id))

    def _say(self, found: FakeMachine, text: str) -> None:
        found.console += text
        self.consoles.say(found.machine.server_id, text)


class FakeWorld:
    """The hosts of a fake cloud, by hostname."""

    def __init__(self, *hosts: FakeHost) -> None:
        self.hosts = {host.hostname: host for host in hosts or (FakeHost(),)}


class FakeHypervisor:
    """The agent of a `FakeHost`."""

    def __init__(self, host: FakeHost, clock: Clock) -> None:
        self._host = host
        self._clock = clock

    async def describe(self) -> Host:
        async with self._call("describe"):
            host = self._host
            return Host(
                hostname=host.hostname,
                vcpus=host.vcpus,
                memory_mib=host.memory_mib,
                disk_gib=host.disk_gib,
                accelerator="kvm",
                accelerator_reason="fake",
                cpu_arch="x86_64",
                cpu_model="fake",
                qemu_version="fake",
                boot_id=host.boot_id,
            )

    async def cache_image(self, image: ImageRef, source: ImageSource) -> None:
        async with self._host.fetching(image.id):
            if self._host.images.get(image.id) == image and self._host.reachable:
                return
            async with self._call("cache_image"):
                found = await _sha256(source)
                if found != image.sha256:
                    raise refusals.wrong_bytes(image, found)
                self._host.images[image.id] = image

    async def cached_images(self) -> list[ImageRef]:
        async with self._call("cached_images"):
            return list(self._host.images.values())

    async def evict_images(self, image_ids: Collection[str]) -> list[str]:
        async with self._call("evict_images"):
            disks = [found.machine.root_disk for found in self._host.machines.values()]
            used = {disk.image.id for disk in disks if disk.image is not None}
            gone = sorted((set(self._host.images) & set(image_ids)) - used)
            for image_id in gone:
                del self._host.images[image_id]
            return gone

    async def prepare(self, machine: Machine, epoch: int) -> None:
        async with self._call("prepare", machine.server_id, epoch):
            self._prepare(machine)

    async def plug(self, server_id: str, epoch: int) -> None:
        async with self._call("plug", server_id, epoch):
            nics = self._known(server_id).machine.nics
            for nic in nics:
                await self._host.plugger.plug(server_id, nic)
            keep = frozenset(nic.port_id for nic in nics)
            await unplug_all(self._host.plugger, server_id, but=keep)

    async def unplug(self, server_id: str, epoch: int) -> None:
        async with self._call("unplug", server_id, epoch):
            await unplug_all(self._host.plugger, server_id)

    async def start(
        self,
        server_id: str,
        epoch: int,
        *,
        paused: bool = False,
        secrets: Mapping[str, Secrets] | None = None,
    ) -> None:
        async with self._call("start", server_id, epoch):
            found = self._known(server_id)
            if found.power_state not in _LIVE:
                for disk in found.machine.volumes:
                    refusals.check_secrets(disk, (secrets or {}).get(disk.volume_id, {}))
                for nic in found.machine.nics:
                    if self._host.plugger.ports.get(nic.port_id) != server_id:
                        raise refusals.not_plugged(nic.port_id)
                self._host.power_on(found, PowerState.PAUSED if paused else PowerState.RUNNING)
            elif not paused:
                self._host.power_on(found, PowerState.RUNNING)

    async def resume(self, server_id: str, epoch: int) -> None:
        async with self._call("resume", server_id, epoch):
            self._host.power_on(self._live(server_id), PowerState.RUNNING)

    async def pause(self, server_id: str, epoch: int) -> None:
        async with self._call("pause", server_id, epoch):
            self._host.power_on(self._live(server_id), PowerState.PAUSED)

    async def stop(self, server_id: str, epoch: int, *, graceful_timeout_s: float = 0) -> None:
        async with self._call("stop", server_id, epoch):
            found = self._host.machines.get(server_id)
            if found is None:
                return
            if found.power_state in _LIVE and not self._host.heeds_power_button:
                await self._clock.sleep(graceful_timeout_s)
            self._host.power_off(found)

    async def reset(self, server_id: str, epoch: int) -> None:
        async with self._call("reset", server_id, epoch):
            self._host.boot(self._live(server_id))

    async def rebuild(self, machine: Machine, epoch: int) -> None:
        async with self._call("rebuild", machine.server_id, epoch):
            found = self._host.machines.get(machine.server_id)
            if found is not None and found.power_state in _LIVE:
                raise refusals.still_running(machine.server_id)
            self._prepare(machine)
            self._host.machines[machine.server_id].machine = machine
            self._host.machines[machine.server_id].root_generation += 1

    async def attach_disk(
        self, server_id: str, disk: Disk, epoch: int, secrets: Secrets | None = None
    ) -> None:
        async with self._call("attach_disk", server_id, epoch):
            found = self._known(server_id)
            if disk.volume_id not in {one.volume_id for one in found.machine.volumes}:
                refusals.check_secrets(disk, secrets or {})
                disks = (*found.machine.disks, disk)
                found.machine = msgspec.structs.replace(found.machine, disks=disks)

    async def detach_disk(self, server_id: str, volume_id: str, epoch: int) -> None:
        async with self._call("detach_disk", server_id, epoch):
            found = self._host.machines.get(server_id)
            if found is None:
                return
            if found.power_state in _LIVE and volume_id in self._host.kept_disks:
                raise refusals.guest_keeps_disk(volume_id, 60.0)
            found.machine = with_volumes(
                found.machine, lambda disk: None if disk.volume_id == volume_id else disk
            )

    async def grow_disk(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        async with self._call("grow_disk"):
            found, disk = self._attached(server_id, volume_id)
            if size_bytes > disk.size_bytes:
                _replace(found, msgspec.structs.replace(disk, size_bytes=size_bytes))

    async def switch_disk(self, server_id: str, disk: Disk) -> None:
        async with self._call("switch_disk"):
            found, had = self._attached(server_id, disk.volume_id)
            refusals.check_switch(had, disk)
            _replace(found, msgspec.structs.replace(had, layers=disk.layers))

    async def swap_disk(
        self,
        server_id: str,
        had: Disk,
        disk: Disk,
        epoch: int,
        secrets: Secrets | None = None,
        *,
        copied: bool = False,
    ) -> SwapState:
        async with self._call("swap_disk", server_id, epoch):
            refusals.check_secrets(disk, secrets or {})
            found, swaps = self._known(server_id), self._host.swaps
            live = found.power_state in _LIVE
            said, found.machine = swaps.swap(found.machine, had, disk, copied=copied, live=live)
            return said

    async def keep_disk(self, server_id: str, volume_id: str, other: Disk, epoch: int) -> bool:
        async with self._call("keep_disk", server_id, epoch):
            found = self._host.machines.get(server_id)
            return found is None or self._host.swaps.keep(found.machine, other.volume_id)

    async def remove(self, server_id: str, epoch: int) -> None:
        async with self._call("remove", server_id, epoch):
            await unplug_all(self._host.plugger, server_id)
            host = self._host
            host.leftovers = [left for left in host.leftovers if left.server_id != server_id]
            host.consoles.end(server_id)
            if host.machines.pop(server_id, None) is not None:
                host.changes.tell(host.status(server_id))

    async def status(self, server_id: str) -> MachineStatus:
        async with self._call("status"):
            return self._host.status(server_id)

    async def list(self) -> Census:
        async with self._call("list"):
            host = self._host
            ports = await host.plugger.plugged()
            owners = {
                nic.port_id: server_id
                for server_id, found in host.machines.items()
                for nic in found.machine.nics
            }
            orphans = [
                Leftover(kind="port", server_id=server_id, detail=port_id)
                for port_id, server_id in ports.items()
                if owners.get(port_id) != server_id
            ]
            orphans += [
                Leftover(kind="tap", server_id="", detail=tap)
                for tap in await host.plugger.bare_taps()
            ]
            return Census(
                machines=tuple(host.status(server_id) for server_id in host.machines),
                leftovers=(*host.leftovers, *orphans),
                ports=ports,
                volumes={
                    server_id: tuple(disk.volume_id for disk in one.machine.volumes)
                    for server_id, one in host.machines.items()
                    if one.machine.volumes
                },
            )

    async def console_log(self, server_id: str, lines: int | None = None) -> str:
        async with self._call("console_log"):
            return last_lines(self._known(server_id).console, lines)

    async def open_console(self, server_id: str, kind: ConsoleKind) -> ByteStream:
        async with self._call("open_console"):
            return self._host.open_console(self._live(server_id), kind)

    async def metrics(self, server_id: str | None, since: float = 0.0) -> Metrics:
        async with self._call("metrics"):
            host, now = self._host, self._clock.now()
            if server_id is None:
                return played(host.hostname, host.memory_mib, [""], now, since)
            found = self._known(server_id)
            machine = found.machine
            if found.power_state not in _LIVE:
                since = now
            ports = [nic.port_id for nic in machine.nics]
            disks = ["root", *(disk.volume_id for disk in machine.disks)]
            return played(server_id, machine.memory_mib, ports, now, since, disks=disks)

    async def changes(self) -> AsyncIterator[MachineStatus]:
        async with self._call("changes"):
            pass
        host = self._host
        async for status in host.changes.listen(
            lambda: [host.status(server_id) for server_id in host.machines]
        ):
            yield status

    @asynccontextmanager
    async def _call(
        self, verb: str, server_id: str | None = None, epoch: int = 0
    ) -> AsyncGenerator[None]:
        """What every call goes through: reachable, delay, planted faults, fence."""
        host = self._host
        if delay := host.delays.get(verb):
            await self._clock.sleep(delay)
        if not host.reachable:
            raise Unavailable(f"Host {host.hostname} does not answer.", code="host-unreachable")
        if fault := host.take_fault(verb, after=False):
            raise fault
        if server_id is not None:
            refusals.check_epoch(server_id, epoch, host.epochs.get(server_id, 0))
            host.epochs[server_id] = epoch
        yield
        if fault := host.take_fault(verb, after=True):
            raise fault

    def _prepare(self, machine: Machine) -> None:
        refusals.check_root_disk(machine)
        found = self._host.machines.get(machine.server_id)
        if found is not None:
            found.machine = keep_layers(machine, found.machine)
            return
        image = machine.root_disk.image
        if image is not None and image.id not in self._host.images:
            raise refusals.not_cached(image)
        self._host.machines[machine.server_id] = FakeMachine(machine=machine)
        self._host.changes.tell(self._host.status(machine.server_id))

    def _attached(self, server_id: str, volume_id: str) -> tuple[FakeMachine, Disk]:
        found = self._host.machines.get(server_id)
        disks = () if found is None else found.machine.volumes
        disk = next((one for one in disks if one.volume_id == volume_id), None)
        if found is None or disk is None:
            raise refusals.not_attached(server_id, volume_id)
        return found, disk

    def _known(self, server_id: str) -> FakeMachine:
        found = self._host.machines.get(server_id)
        if found is None:
            raise refusals.unknown_server(server_id)
        return found

    def _live(self, server_id: str) -> FakeMachine:
        found = self._known(server_id)
        if found.power_state not in _LIVE:
            raise refusals.not_running(server_id)
        return found


def _replace(found: FakeMachine, new: Disk) -> None:
    found.machine = with_volumes(
        found.machine, lambda disk: new if disk.volume_id == new.volume_id else disk
    )


async def _sha256(source: ImageSource) -> str:
    if isinstance(source, Path):
        now = source.stat()
        seen = (now.st_ino, now.st_size, now.st_mtime_ns)
        return await asyncio.to_thread(_sha256_of_file, source, *seen)
    digest = hashlib.sha256()
    async for chunk in source:
        digest.update(chunk)
    return digest.hexdigest()


@functools.lru_cache(maxsize=256)
def _sha256_of_file(path: Path, inode: int, size: int, mtime_ns: int) -> str:
    """Played hosts of one process all take their images from the same files."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
