"""A machine of this host is given another volume in the place of one that it has.

What is written down, and so opened by the next start, is the old volume until both hold the same,
and the new one before the guest goes on with that alone. There is no moment in which a process that
ends takes writes along.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from unkai.hypervisor import refusals
from unkai.hypervisor.attached import Attached, disk_in, replace_disk
from unkai.hypervisor.folder import Folder
from unkai.hypervisor.machines import Machines
from unkai.hypervisor.model import Disk, Secrets, SwapState
from unkai.hypervisor.qemu import hot_plug, mirror
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.qemu.mirror import Pause
from unkai.hypervisor.qemu.volumes import device_id, lengthen, open_disk
from unkai.hypervisor.threads import in_thread
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed

_JOB_S, _JOB_AGAIN_S = 20.0, 0.02


class Swapping:
    def __init__(self, machines: Machines, attached: Attached, clock: Clock) -> None:
        self._machines = machines
        self._attached = attached
        self._clock = clock

    async def swap(
        self,
        server_id: str,
        had: Disk,
        disk: Disk,
        epoch: int,
        secrets: Secrets,
        *,
        copied: bool,
    ) -> SwapState:
        async with self._machines.owned(server_id, epoch) as folder:
            self._machines.known(folder)
            guest = self._attached.guest(folder)
            if (taken := disk_in(folder, disk.volume_id)) is not None:
                if guest is not None:
                    await self._go_over(folder, guest, had, taken)
                return SwapState.DONE
            if (known := disk_in(folder, had.volume_id)) is None:
                raise refusals.not_attached(server_id, had.volume_id)
            refusals.check_secrets(disk, secrets)
            wanted = msgspec.structs.replace(disk, device=device_id(known))
            if guest is not None:
                return await self._mirror(folder, guest, known, wanted, secrets)
            (await in_thread(open_disk, wanted, secrets)).close()  # as its start will
            if copied:
                await replace_disk(folder, had.volume_id, wanted)
            return SwapState.DONE if copied else SwapState.CLOSED

    async def keep(self, server_id: str, other: Disk, epoch: int) -> bool:
        async with self._machines.owned(server_id, epoch) as folder:
            if disk_in(folder, other.volume_id) is not None:
                return False
            if (guest := self._attached.guest(folder)) is not None:
                await self._give_up(guest, other)
            else:
                await in_thread(lengthen, other)
            return True

    async def _mirror(
        self, folder: Folder, guest: Guest, had: Disk, wanted: Disk, secrets: Secrets
    ) -> SwapState:
        try:
            stage = await mirror.look(guest, wanted.volume_id)
        except Failed as error:
            if error.code == "swap-failed":
                await self._give_up(guest, wanted)
            raise
        if stage == "none":
            opened = await in_thread(open_disk, wanted, secrets)
            try:
                await mirror.begin(guest, had, opened)
            finally:
                opened.close()
        if stage != "ready":
            return SwapState.COPYING
        await replace_disk(folder, had.volume_id, wanted)
        await self._go_over(folder, guest, had, wanted)
        return SwapState.DONE

    async def _go_over(self, folder: Folder, guest: Guest, had: Disk, disk: Disk) -> None:
        """The new one is written down; where copying failed at the last moment, the old one is."""
        try:
            await mirror.pivot(guest, disk.volume_id, self._pause())
        except Failed as error:
            if error.code == "swap-failed":
                kept = msgspec.structs.replace(had, device=device_id(disk))
                await replace_disk(folder, disk.volume_id, kept)
                await self._give_up(guest, disk)
            raise
        await self._attached.close(guest, had.volume_id)
        with suppress(Failed):  # a guest that runs on is not to fail for its disk's larger end
            await hot_plug.grow(guest, disk)

    async def _give_up(self, guest: Guest, disk: Disk) -> None:
        await mirror.give_up(guest, disk, self._pause())
        await self._attached.close(guest, disk.volume_id)

    def _pause(self) -> Pause:
        deadline = self._clock.monotonic() + _JOB_S

        async def pause() -> None:
            if self._clock.monotonic() > deadline:
                raise Failed("QEMU does not end its copying.", code="qemu-refused")
            await self._clock.sleep(_JOB_AGAIN_S)

        return pause
