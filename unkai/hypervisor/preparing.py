"""Making the files of a machine, before and between its runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from unkai.hypervisor.disks import ImageCache, make_root_disk
from unkai.hypervisor.folder import Folder, Prepared
from unkai.hypervisor.model import Disk, Machine
from unkai.hypervisor.qemu.command import FIRMWARE_VARIABLES
from unkai.hypervisor.threads import in_thread
from unkai.kit.errors import Failed


def keep_layers(machine: Machine, had: Machine) -> Machine:
    """The description, its volumes with the layers and names that they have already."""
    known = {disk.volume_id: disk for disk in had.volumes}

    def kept(disk: Disk) -> Disk:
        found = known.get(disk.volume_id, disk)
        return msgspec.structs.replace(disk, layers=found.layers, device=found.device)

    return with_volumes(machine, kept)


def with_volumes(machine: Machine, change: Callable[[Disk], Disk | None]) -> Machine:
    """The machine with each of its volumes changed; None takes one away (the root's never)."""
    changed = (change(disk) for disk in machine.disks)
    root = machine.root_disk
    if root.volume is not None:
        root = msgspec.structs.replace(root, volume=change(root.volume) or root.volume)
    disks = tuple(disk for disk in changed if disk is not None)
    return msgspec.structs.replace(machine, disks=disks, root_disk=root)


class Users:
    """A user for each server, so that an escaped guest finds nothing that is its own elsewhere."""

    def __init__(self, uids: range | None) -> None:
        self._uids = uids
        self._owners: dict[str, int] = {}

    def learn(self, folders: Iterable[Folder]) -> None:
        for folder in folders:
            prepared = folder.prepared()
            if prepared is not None and prepared.uid is not None:
                self._owners[folder.server_id] = prepared.uid

    def of(self, server_id: str) -> int | None:
        """The server's user, taken now if it has none."""
        if self._uids is None or server_id in self._owners:
            return self._owners.get(server_id)
        taken = set(self._owners.values())
        free = next((uid for uid in self._uids if uid not in taken), None)
        if free is None:
            raise Failed(
                f"All {len(self._uids)} users for guests are taken on this host.",
                code="no-free-uid",
                remedy="Widen the block of uids in the settings.",
            )
        self._owners[server_id] = free
        return free

    def give_back(self, server_id: str) -> None:
        self._owners.pop(server_id, None)


@dataclass(frozen=True)
class Preparing:
    images: ImageCache
    uefi_variables: str

    async def prepare(
        self, folder: Folder, machine: Machine, epoch: int, uid: int | None, *, fresh_disk: bool
    ) -> None:
        """A new disk gets a new name, and machine.json says in one step which one counts."""
        image = machine.root_disk.image
        before = folder.prepared()
        if before is not None and not fresh_disk:
            size = machine.root_disk.size_bytes
            kept = msgspec.structs.replace(before.machine.root_disk, size_bytes=size)
            machine = keep_layers(machine, before.machine)
            if kept.volume is None or machine.root_disk.volume is None:
                machine = msgspec.structs.replace(machine, root_disk=kept)
            await in_thread(self._write, folder, machine, before.disk, uid, epoch)
            return
        with self.images.pinned(image):
            number = 1 if before is None else before.disk + 1
            await in_thread(folder.make, uid)
            if machine.root_disk.volume is not None:
                await in_thread(self._write, folder, machine, number, uid, epoch)
                return
            place = folder.disk(number)
            name = "" if image is None else os.path.relpath(self.images.path(image), folder.path)
            await make_root_disk(machine.root_disk, name, place)
            if uid is not None:
                os.chown(place, uid, uid)
            place.chmod(0o600)
            await in_thread(self._write, folder, machine, number, uid, epoch)

    def _write(
        self, folder: Folder, machine: Machine, disk: int, uid: int | None, epoch: int
    ) -> None:
        variables = folder.path / FIRMWARE_VARIABLES
        if machine.firmware == "uefi" and not variables.exists():
            shutil.copyfile(Path(self.uefi_variables), variables)
            if uid is not None:
                os.chown(variables, uid, uid)
        folder.write_config_drive(machine.config_drive, uid)
        folder.remember_epoch(max(epoch, folder.epoch()))
        folder.write_prepared(Prepared(machine=machine, uid=uid, disk=disk))
        folder.drop_other_disks(disk)
