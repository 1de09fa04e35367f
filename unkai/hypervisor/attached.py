"""Volumes of the machines of this host: what is written down, and what a running guest has.

What is written down is what the next start opens, so it changes first where a volume comes or gets
another layer, and last where one goes: whatever is interrupted, no start opens less than was
promised, and none writes into a layer that has been frozen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress

import msgspec

from unkai.hypervisor import refusals
from unkai.hypervisor.folder import Folder
from unkai.hypervisor.machines import Machines
from unkai.hypervisor.model import Disk, Machine, PowerState, Secrets
from unkai.hypervisor.preparing import with_volumes
from unkai.hypervisor.qemu import hot_plug
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.volumes import (
    OpenDisk,
    device_id,
    free_device,
    lengthen,
    open_disk,
    open_disks,
    own_device,
)
from unkai.hypervisor.threads import in_thread
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed

_LIVE = (PowerState.RUNNING, PowerState.PAUSED)
_ASK_AGAIN_S = 5.0
_CLOSE_S, _CLOSE_AGAIN_S = 20.0, 0.05


class Attached:
    """patience_s: how long a guest is asked to let go of a disk."""

    def __init__(self, machines: Machines, clock: Clock, patience_s: float) -> None:
        self._machines = machines
        self._clock = clock
        self._patience_s = patience_s

    async def attach(self, server_id: str, disk: Disk, epoch: int, secrets: Secrets) -> None:
        async with self._machines.owned(server_id, epoch) as folder:
            machine = self._machines.known(folder).machine
            known = disk_in(folder, disk.volume_id)
            if known is not None:
                same = {"layers": known.layers, "device": known.device}
            else:
                same = {"device": free_device(disk.volume_id, machine.volumes)}
            wanted = msgspec.structs.replace(disk, **same)
            if known is None:
                disks = (*machine.disks, wanted)
                await _write(folder, lambda had: msgspec.structs.replace(had, disks=disks))
            try:
                await self._open(wanted, self.guest(folder), secrets)
            except BaseException:
                if known is None:
                    await _forget(folder, disk.volume_id)
                raise

    async def detach(self, server_id: str, volume_id: str, epoch: int) -> None:
        """Waiting holds up nobody: a stop gets in, and then there is nothing to wait for."""
        deadline = self._clock.monotonic() + self._patience_s
        while True:
            async with self._machines.owned(server_id, epoch) as folder:
                guest, device = self.guest(folder), _device(folder, volume_id)
                if guest is None or device is None or not await hot_plug.has(guest, device):
                    if guest is not None:
                        await self.close(guest, volume_id)
                    await _forget(folder, volume_id)
                    return
                left = deadline - self._clock.monotonic()
                if left <= 0:
                    raise refusals.guest_keeps_disk(volume_id, self._patience_s)
                news = guest.device_news()
                await hot_plug.ask_to_let_go(guest, device)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _ASK_AGAIN_S)):
                    await news.wait()

    async def close(self, guest: Guest, volume_id: str) -> None:
        """QEMU lets go of the files a moment after the device is gone from its board."""
        deadline = self._clock.monotonic() + _CLOSE_S
        while True:
            try:
                return await hot_plug.close(guest, volume_id)
            except Failed as error:
                if error.code != "volume-busy" or self._clock.monotonic() > deadline:
                    raise
            await self._clock.sleep(_CLOSE_AGAIN_S)

    async def grow(self, server_id: str, volume_id: str, size_bytes: int) -> None:
        async with self._machines.owned(server_id) as folder:
            found = disk_in(folder, volume_id)
            if found is None:
                raise refusals.not_attached(server_id, volume_id)
            if size_bytes > found.size_bytes:
                found = msgspec.structs.replace(found, size_bytes=size_bytes)
                await replace_disk(folder, volume_id, found)
            guest = self.guest(folder)
            if guest is not None:
                await hot_plug.grow(guest, found)
            else:
                await in_thread(lengthen, found)

    async def switch(self, server_id: str, disk: Disk) -> None:
        async with self._machines.owned(server_id) as folder:
            found = disk_in(folder, disk.volume_id)
            if found is None:
                raise refusals.not_attached(server_id, disk.volume_id)
            refusals.check_switch(found, disk)
            wanted = msgspec.structs.replace(found, layers=disk.layers)
            opened = await in_thread(open_disk, wanted, {})  # its process has what opens it
            try:
                await replace_disk(folder, disk.volume_id, wanted)
                if (guest := self.guest(folder)) is not None:
                    await hot_plug.switch(guest, opened)
            finally:
                opened.close()

    async def open_all(
        self, folder: Folder, secrets: Mapping[str, Secrets]
    ) -> tuple[OpenDisk, ...]:
        """Those of a machine that starts; the caller closes them."""
        disks = self._machines.known(folder).machine.volumes
        for disk in disks:
            refusals.check_secrets(disk, secrets.get(disk.volume_id, {}))
        return await in_thread(open_disks, disks, secrets)

    def guest(self, folder: Folder) -> Guest | None:
        guest = self._machines.guests.get(folder.server_id)
        return guest if guest is not None and guest.state in _LIVE else None

    async def _open(self, disk: Disk, guest: Guest | None, secrets: Secrets) -> None:
        """Also for a machine that is off: what it could not open at its start is refused now."""
        refusals.check_secrets(disk, secrets)
        opened = await in_thread(open_disk, disk, secrets)
        try:
            if guest is not None:
                await hot_plug.attach(guest, opened)
        finally:
            opened.close()


def disk_in(folder: Folder, volume_id: str) -> Disk | None:
    """As it is written down."""
    prepared = folder.prepared()
    disks = () if prepared is None else prepared.machine.volumes
    return next((disk for disk in disks if disk.volume_id == volume_id), None)


def _device(folder: Folder, volume_id: str) -> str | None:
    """What it is called on the board; None where another volume has the name it would have."""
    found, prepared = disk_in(folder, volume_id), folder.prepared()
    if found is not None:
        return device_id(found)
    others = () if prepared is None else prepared.machine.volumes
    return None if free_device(volume_id, others) else own_device(volume_id)


async def _forget(folder: Folder, volume_id: str) -> None:
    if disk_in(folder, volume_id) is not None:
        await _change(folder, lambda disk: None if disk.volume_id == volume_id else disk)


async def replace_disk(folder: Folder, volume_id: str, new: Disk) -> None:
    """Write it down in the place of this one."""
    await _change(folder, lambda disk: new if disk.volume_id == volume_id else disk)


async def _change(folder: Folder, change: Callable[[Disk], Disk | None]) -> None:
    await _write(folder, lambda machine: with_volumes(machine, change))


async def _write(folder: Folder, change: Callable[[Machine], Machine]) -> None:
    prepared = folder.prepared()
    if prepared is not None:
        changed = msgspec.structs.replace(prepared, machine=change(prepared.machine))
        await in_thread(folder.write_prepared, changed)
