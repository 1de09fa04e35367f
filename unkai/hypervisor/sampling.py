"""The agent's look at its guests and its host, every ten seconds: /proc, QMP and the taps.

Guests are asked side by side, and one that does not answer in time has no sample: it delays none.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from unkai.hypervisor.metrics import Ring, summed
from unkai.hypervisor.model import Counters, DiskCounters, Machine, Metrics, NicCounters
from unkai.hypervisor.ports import PortPlugger
from unkai.hypervisor.qemu import process, volumes
from unkai.hypervisor.qemu.guest import Guest
from unkai.hypervisor.threads import in_thread
from unkai.kit.clock import Clock
from unkai.kit.errors import Failed
from unkai.kit.log import log

_TICKS_S = 1.0 / os.sysconf("SC_CLK_TCK")
_MIB = 1 << 20

Guests = Callable[[], Mapping[str, tuple[Guest, Machine]]]
"""Each guest by its server's id, and what it is."""


class Sampling:
    """Between `start` and `stop`; what it keeps is in memory only."""

    def __init__(self, guests: Guests, plugger: PortPlugger, clock: Clock, every_s: float) -> None:
        self._guests, self._plugger, self._clock = guests, plugger, clock
        self._every_s = every_s
        self._host = Ring(os.cpu_count() or 1)
        self._rings: dict[str, tuple[int, Ring]] = {}
        """By server, with the process that it is of."""
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._forever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def of_host(self, since: float) -> Metrics:
        return self._host.since(since, self._every_s)

    def of_server(self, server_id: str, since: float) -> Metrics:
        found = self._rings.get(server_id)
        if found is None:
            return Metrics(every_s=self._every_s, at=[], series=_empty_series())
        return found[1].since(since, self._every_s)

    async def _forever(self) -> None:
        while True:
            try:
                await self.look()
            except (OSError, Failed):
                log.exception("hypervisor.not_sampled")
            await self._clock.sleep(self._every_s)

    async def look(self) -> None:
        """One reading of everything."""
        guests = self._guests()
        for server_id in self._rings.keys() - guests.keys():
            del self._rings[server_id]
        ports = [nic.port_id for _, machine in guests.values() for nic in machine.nics]
        nics = await self._plugger.counters(ports) if ports else {}
        readings = await asyncio.gather(
            *(self._read(guest, machine, nics) for guest, machine in guests.values())
        )
        for (server_id, (guest, machine)), now in zip(guests.items(), readings, strict=True):
            if now is not None:
                self._ring(server_id, guest.identity.pid, machine.vcpus).add(now)
        cpu_s, memory_mib = await in_thread(_host_usage)
        known = [ring.latest for _, ring in self._rings.values() if ring.latest is not None]
        self._host.add(summed(self._clock.now(), cpu_s, memory_mib, known))

    def _ring(self, server_id: str, pid: int, vcpus: int) -> Ring:
        """A restarted guest counts from nought, and keeps what was sampled of its last process."""
        had = self._rings.get(server_id)
        ring = Ring(vcpus) if had is None else had[1]
        if had is not None and had[0] != pid:
            ring.latest = None
        self._rings[server_id] = (pid, ring)
        return ring

    async def _read(
        self, guest: Guest, machine: Machine, nics: Mapping[str, NicCounters]
    ) -> Counters | None:
        usage = process.usage(guest.identity.pid)
        if usage is None:
            return None
        try:
            disks = disk_counters(await guest.block_statistics(), machine)
        except Failed:
            return None
        return Counters(
            at=self._clock.now(),
            cpu_s=usage[0] * _TICKS_S,
            memory_mib=usage[1] / _MIB,
            disk_read_bytes=sum(one.read_bytes for one in disks.values()),
            disk_write_bytes=sum(one.write_bytes for one in disks.values()),
            disk_read_ops=sum(one.read_ops for one in disks.values()),
            disk_write_ops=sum(one.write_ops for one in disks.values()),
            nics={one.port_id: nics[one.port_id] for one in machine.nics if one.port_id in nics},
            disks=disks,
        )


def disk_counters(found: list[dict[str, Any]], machine: Machine) -> dict[str, DiskCounters]:
    """QEMU's answer by what compute calls the disks; the firmware's own have no device."""
    swapped = {volumes.disk_of(one.device): one.volume_id for one in machine.disks if one.device}
    named = {one["qdev"]: volumes.disk_of(one["qdev"]) for one in found if one.get("qdev")}
    return {
        swapped.get(named[one["qdev"]], named[one["qdev"]]): DiskCounters(
            read_bytes=one["stats"]["rd_bytes"],
            read_ops=one["stats"]["rd_operations"],
            write_bytes=one["stats"]["wr_bytes"],
            write_ops=one["stats"]["wr_operations"],
            errors=one["stats"]["failed_rd_operations"] + one["stats"]["failed_wr_operations"],
        )
        for one in found
        if one.get("qdev")
    }


def _empty_series() -> dict[str, list[float]]:
    return Ring(1).since(0.0, 0.0).series


def _host_usage() -> tuple[float, float]:
    """Seconds that the host's processors were busy, and MiB of memory in use."""
    words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    ticks = [int(word) for word in words]
    idle = ticks[3] + ticks[4]  # and waiting for a disk
    memory = dict(
        line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines() if line
    )
    total, free = (int(memory[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    return (sum(ticks) - idle) * _TICKS_S, (total - free) / 1024
