"""How a played host gives a machine another volume: nobody there has anything open."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Disk, Machine, SwapState
from unkai.hypervisor.preparing import with_volumes
from unkai.hypervisor.qemu.volumes import device_id


@dataclass
class FakeSwaps:
    """mirrors: guests play the process that copies by itself, in two looks; nothing is copied.

    slow: their copying does not end.
    """

    mirrors: bool = False
    slow: bool = False
    begun: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Server and volume, of copies under way."""

    def swap(
        self, machine: Machine, had: Disk, disk: Disk, *, copied: bool, live: bool
    ) -> tuple[SwapState, Machine]:
        known = {one.volume_id: one for one in machine.volumes}
        if disk.volume_id in known:
            return SwapState.DONE, machine
        if had.volume_id not in known:
            raise refusals.not_attached(machine.server_id, had.volume_id)
        under_way = (machine.server_id, disk.volume_id)
        if live and self.mirrors:
            if self.slow or under_way not in self.begun:
                self.begun.add(under_way)
                return SwapState.COPYING, machine
        elif not copied:
            return SwapState.CLOSED, machine
        self.begun.discard(under_way)
        new = msgspec.structs.replace(disk, device=device_id(known[had.volume_id]))
        return SwapState.DONE, with_volumes(
            machine, lambda one: new if one.volume_id == had.volume_id else one
        )

    def keep(self, machine: Machine, other_id: str) -> bool:
        self.begun.discard((machine.server_id, other_id))
        return all(one.volume_id != other_id for one in machine.volumes)
