"""The agent of the host it runs on: QEMU processes, files and taps.

It keeps nothing that the host does not show: `open` reads folders and processes and goes on where
the last one stopped, `close` lets go and every guest runs on. Verbs on one server go one after the
other, except that waiting (for a turn to boot, for a guest to shut down) holds up nobody: a newer
operation gets in, and the one that waited is then refused by its epoch.

Rejected: libvirt (a daemon with its own state and names between us and the truth).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from unkai.hypervisor import console, host, kvm, refusals
from unkai.hypervisor.attached import Attached
from unkai.hypervisor.client import ConsoleKind, ImageSource
from unkai.hypervisor.disks import ImageCache
from unkai.hypervisor.folder import Folder, make_root
from unkai.hypervisor.kvm import Accelerator
from unkai.hypervisor.machines import Machines
from unkai.hypervisor.model import (
    Census,
    Disk,
    Host,
    ImageRef,
    Leftover,
    Machine,
    MachineStatus,
    Metrics,
    Secrets,
    SwapState,
)
from unkai.hypervisor.ports import PortPlugger, unplug_all
from unkai.hypervisor.preparing import Preparing, Users
from unkai.hypervisor.qemu import process
from unkai.hypervisor.qemu.command import Launch
from unkai.hypervisor.qemu.consoles import Consoles
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.hot_plug import grow_disks
from unkai.hypervisor.qemu.process import Identity
from unkai.hypervisor.qemu.starting import spawn_machine
from unkai.hypervisor.sampling import Sampling
from unkai.hypervisor.swapping import Swapping
from unkai.hypervisor.threads import in_thread
from unkai.hypervisor.turns import Turns
from unkai.kit.clock import Clock
from unkai.kit.streams import ByteStream

_LOOK_S = 5.0
_KILLED_S = 10.0


@dataclass(frozen=True)
class LocalSettings:
    """uids: the users guests run as, one each (None: as ourselves, without root).

    accelerator: None means KVM where it works. boots_at_once counts only without KVM.
    unplug_s: how long a running guest is asked to let go of a disk.
    confirm_kvm: asked once for each boot of the host when the probe says yes: does a guest boot?
    """

    folder: Path
    hostname: str
    uids: range | None = None
    accelerator: Accelerator | None = None
    boots_at_once: int = 2
    translation_cache_mib: int = 32
    sample_s: float = 10.0
    unplug_s: float = 60.0
    qemu: str = "qemu-system-x86_64"
    uefi_code: str = "/usr/share/OVMF/OVMF_CODE_4M.fd"
    uefi_variables: str = "/usr/share/OVMF/OVMF_VARS_4M.fd"
    confirm_kvm: Callable[[], Awaitable[bool]] | None = None


def mark_of(folder: Path) -> str:
    """How the names of an agent's processes begin: the same for the same folder, and no other."""
    return f"unkai-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:10]}-"


async def end_all(folder: Path) -> int:
    """End every guest of the agent whose folder this is; nobody may run it. How many there were."""
    guests = list(process.marked(mark_of(folder)).values())
    for guest in guests:
        process.kill(guest)
    for guest in guests:
        await process.ended(guest, _KILLED_S)
    return len(guests)


class LocalHypervisor:
    """Between `open` and `close`."""

    def __init__(self, settings: LocalSettings, plugger: PortPlugger, clock: Clock) -> None:
        self._settings = settings
        self._plugger = plugger
        self._clock = clock
        self._images = ImageCache(settings.folder / "images")
        self._users = Users(settings.uids)
        self._preparing = Preparing(self._images, settings.uefi_variables)
        self._mark = mark_of(settings.folder)
        self._machines = Machines(settings.folder / "machines", self._mark, clock)
        self._attached = Attached(self._machines, clock, settings.unplug_s)
        self._swapping = Swapping(self._machines, self._attached, clock)
        self._sampling = Sampling(self._sampled, plugger, clock, settings.sample_s)
        self._consoles = Consoles()

    async def open(self) -> None:
        """Find out what runs already. Unavailable("qemu-missing") where no guest could run."""
        settings = self._settings
        make_root(settings.folder, self._clock.now())
        self._images.open()
        self._qemu_version = await host.qemu_version(settings.qemu)
        self._accelerator = settings.accelerator or await kvm.accelerator(
            settings.folder / "accelerator.json",
            boot_id=process.boot_id(),
            confirm=settings.confirm_kvm,
        )
        slow = self._accelerator.name == "tcg"
        self._turns = Turns(self._clock, settings.boots_at_once if slow else None)
        self._users.learn(self._machines.folders())
        await self._machines.adopt_all()
        self._sampling.start()
        self._looking = asyncio.create_task(self._look_after_guests())

    async def close(self) -> None:
        """Let go; the machines run on."""
        self._looking.cancel()
        with suppress(asyncio.CancelledError):
            await self._looking
        await self._sampling.stop()
        await self._turns.close()
        await self._consoles.close()
        await self._machines.close()

    async def describe(self) -> Host:
        settings = self._settings
        return await host.describe(
            settings.hostname, settings.folder, self._accelerator, self._qemu_version
        )

    async def cache_image(self, image: ImageRef, source: ImageSource) -> None:
        await self._images.fetch(image, source)

    async def cached_images(self) -> list[ImageRef]:
        return self._images.all()

    async def evict_images(self, image_ids: Collection[str]) -> list[str]:
        found = [folder.prepared() for folder in self._machines.folders()]
        disks = [prepared.machine.root_disk for prepared in found if prepared is not None]
        used = {disk.image.id for disk in disks if disk.image is not None}
        return self._images.evict(set(image_ids) - used)

    async def prepare(self, machine: Machine, epoch: int) -> None:
        refusals.check_root_disk(machine)
        server_id = machine.server_id
        async with self._machines.owned(server_id, epoch) as folder:
            existed = folder.prepared() is not None
            uid = self._users.of(server_id)
            try:
                await self._preparing.prepare(folder, machine, epoch, uid, fresh_disk=False)
            except BaseException:
                if not existed:  # leave nothing, and do not call it removed
                    await in_thread(folder.remove, 0)
                    self._users.give_back(server_id)
                raise
            if not existed:
                self._machines.tell(folder)

    async def plug(self, server_id: str, epoch: int) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            nics = self._machines.known(folder).machine.nics
            for nic in nics:
                await self._plugger.plug(server_id, nic)
            keep = frozenset(nic.port_id for nic in nics)
            await unplug_all(self._plugger, server_id, but=keep)

    async def unplug(self, server_id: str, epoch: int) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            await self._unplug(folder)

    async def start(
        self,
        server_id: str,
        epoch: int,
        *,
        paused: bool = False,
        secrets: Mapping[str, Secrets] | None = None,
    ) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            if not await self._machines.settle(folder):
                await self._start(folder, secrets or {})
        if not paused:
            await self.resume(server_id, epoch)

    async def resume(self, server_id: str, epoch: int) -> None:
        async def run() -> int | None:
            async with self._machines.owned(server_id, epoch) as folder:
                guest = self._machines.live(folder)
                await guest.resume()
                guest.had_its_turn = True
                return guest.identity.pid

        guest = self._machines.guests.get(server_id)
        if guest is None or guest.had_its_turn:
            await run()
        else:
            await self._turns.take(run)

    async def pause(self, server_id: str, epoch: int) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            await self._machines.live(folder).pause()

    async def stop(self, server_id: str, epoch: int, *, graceful_timeout_s: float = 0) -> None:
        if graceful_timeout_s > 0:
            async with self._machines.owned(server_id, epoch):
                guest = self._machines.guests.get(server_id)
            if guest is not None:
                await guest.press_power_button(graceful_timeout_s)
        async with self._machines.owned(server_id, epoch) as folder:
            await self._machines.end(folder)

    async def reset(self, server_id: str, epoch: int) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            await self._machines.live(folder).reset()

    async def rebuild(self, machine: Machine, epoch: int) -> None:
        refusals.check_root_disk(machine)
        server_id = machine.server_id
        async with self._machines.owned(server_id, epoch) as folder:
            if await self._machines.settle(folder):
                raise refusals.still_running(server_id)
            vanished = folder.prepared() is None
            if vanished:
                await self._machines.end_stray(folder)
            uid = self._users.of(server_id)
            await self._preparing.prepare(folder, machine, epoch, uid, fresh_disk=True)
            if vanished:
                self._machines.tell(folder)

    async def attach_disk(
        self, server_id: str, disk: Disk, epoch: int, secrets: Secrets | None = None
    ) -> None:
        await self._attached.attach(server_id, disk, epoch, secrets or {})

    async def detach_disk(self, server_id: str, volume_id: str, epoch: int) -> None:
        await self._attached.detach(server_id, volume_id, epoch)

    async def grow_disk(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        await self._attached.grow(server_id, volume_id, size_bytes)

    async def switch_disk(self, server_id: str, disk: Disk) -> None:
        await self._attached.switch(server_id, disk)

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
        return await self._swapping.swap(server_id, had, disk, epoch, secrets or {}, copied=copied)

    async def keep_disk(self, server_id: str, volume_id: str, other: Disk, epoch: int) -> bool:
        return await self._swapping.keep(server_id, other, epoch)

    async def remove(self, server_id: str, epoch: int) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            await self._machines.end(folder)
            await self._machines.end_stray(folder)
            await self._unplug(folder)
            existed = folder.prepared() is not None
            await in_thread(folder.remove, epoch)
            self._users.give_back(server_id)
            if existed:
                self._machines.tell(folder)

    async def status(self, server_id: str) -> MachineStatus:
        return self._machines.status(self._machines.folder(server_id))

    async def list(self) -> Census:
        ports = await self._plugger.plugged()
        taps = await self._plugger.bare_taps()
        machines = tuple(self._machines.present())
        left = await self._machines.leftovers(ports, taps)
        files = [
            Leftover(kind="image", server_id="", detail=str(path))
            for path in await in_thread(self._images.strays)
        ]
        volumes = self._machines.volumes()
        return Census(machines=machines, leftovers=(*left, *files), ports=ports, volumes=volumes)

    async def console_log(self, server_id: str, lines: int | None = None) -> str:
        folder = self._machines.folder(server_id)
        self._machines.known(folder)
        said = await in_thread(console.tail, folder.console)
        return console.last_lines(said.decode(errors="replace"), lines)

    async def open_console(self, server_id: str, kind: ConsoleKind) -> ByteStream:
        folder = self._machines.folder(server_id)
        return await self._consoles.open(folder, self._machines.live(folder).identity, kind)

    async def metrics(self, server_id: str | None, since: float = 0.0) -> Metrics:
        if server_id is None:
            return self._sampling.of_host(since)
        self._machines.known(self._machines.folder(server_id))
        return self._sampling.of_server(server_id, since)

    def _sampled(self) -> dict[str, tuple[Guest, Machine]]:
        found = dict(self._machines.guests)
        folders = {each: self._machines.folder(each).prepared() for each in found}
        return {
            each: (guest, one.machine)
            for each, guest in found.items()
            if (one := folders[each]) is not None
        }

    async def changes(self) -> AsyncIterator[MachineStatus]:
        async for status in self._machines.changes.listen(self._machines.present):
            yield status

    async def _unplug(self, folder: Folder) -> None:
        prepared = folder.prepared()
        nics = () if prepared is None else prepared.machine.nics
        await unplug_all(self._plugger, folder.server_id, nics)

    async def _start(self, folder: Folder, secrets: Mapping[str, Secrets]) -> None:
        """Have a process that waits at its first instruction."""
        prepared = self._machines.known(folder)
        image = prepared.machine.root_disk.image
        settings = self._settings
        with ExitStack() as descriptors:
            image_fd = None if image is None else self._images.open_image(image)
            if image_fd is not None:
                descriptors.callback(os.close, image_fd)
            nic_fds: list[int] = []
            for nic in prepared.machine.nics:
                descriptor = await self._plugger.open(nic)
                descriptors.callback(os.close, descriptor)
                nic_fds.append(descriptor)
            disks = await self._attached.open_all(folder, secrets)
            for disk in disks:
                descriptors.callback(disk.close)
            launch = Launch(
                binary=settings.qemu,
                mark=self._mark + folder.server_id,
                accelerator=self._accelerator.name,
                translation_cache_mib=settings.translation_cache_mib,
                root_disk=folder.disk(prepared.disk).name,
                image_fd=image_fd,
                disks=disks,
                nic_fds=tuple(nic_fds),
                uefi_code=settings.uefi_code,
            )

            async def spawn() -> Identity:
                return await in_thread(spawn_machine, folder, prepared, launch)

            guest = await self._machines.begin(folder, spawn)
        try:
            await grow_disks(guest, prepared.machine)
        except BaseException:
            await self._machines.end(folder)
            raise
        self._machines.tell(folder)

    async def _look_after_guests(self) -> None:
        """Consoles stay short, and who stood still for want of room goes on."""
        while True:
            await self._machines.go_on()
            for folder in [self._machines.folder(each) for each in self._machines.guests]:
                await in_thread(console.trim, folder.console)
            await self._clock.sleep(_LOOK_S)
