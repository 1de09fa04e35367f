"""Numbers of a machine that is only played: made of the clock, so that graphs look like graphs.

Asked again for the same moment they are the same, and nothing is kept.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

from unkai.hypervisor.metrics import KEPT, metrics_of
from unkai.hypervisor.model import Counters, DiskCounters, Metrics, NicCounters

EVERY_S = 10.0
_HOUR_S = KEPT * EVERY_S


def played(
    name: str,
    memory_mib: int,
    port_ids: list[str],
    now: float,
    since: float,
    *,
    disks: Sequence[str] = (),
) -> Metrics:
    """Up to an hour of samples after `since`."""
    first = max(since, now - _HOUR_S)
    start = (math.floor(first / EVERY_S) + 1) * EVERY_S
    count = max(0, min(KEPT, math.floor((now - start) / EVERY_S) + 1))
    rows = [_sample(name, memory_mib, start + number * EVERY_S) for number in range(count)]
    return metrics_of(rows, EVERY_S, _counters(name, memory_mib, port_ids, now, disks))


def _wave(name: str, series: str, at: float) -> float:
    """Between 0 and 1: a slow swell with quicker ripples, of each machine's own."""
    phase = zlib.crc32(f"{name}/{series}".encode()) % 3600
    slow = math.sin((at + phase) / 600.0)
    quick = math.sin((at + phase) / 37.0) * math.sin((at + phase) / 11.0)
    return min(1.0, max(0.0, 0.5 + 0.3 * slow + 0.2 * quick))


def _sample(name: str, memory_mib: int, at: float) -> tuple[float, ...]:
    def wave(series: str) -> float:
        return _wave(name, series, at)

    return (
        at,
        5.0 + 60.0 * wave("cpu"),
        memory_mib * (0.3 + 0.3 * wave("memory")),
        wave("read") * 4e6,
        wave("write") * 2e6,
        wave("read") * 300,
        wave("write") * 150,
        wave("received") * 1e6,
        wave("sent") * 6e5,
    )


def _counters(
    name: str, memory_mib: int, port_ids: list[str], now: float, disks: Sequence[str]
) -> Counters:
    """Totals that only grow: of a month that began with the clock's."""
    seconds = now % (30 * 86400.0)
    nics = {
        port_id: NicCounters(
            rx_bytes=int(seconds * 5e5),
            rx_packets=int(seconds * 500),
            tx_bytes=int(seconds * 3e5),
            tx_packets=int(seconds * 300),
        )
        for port_id in port_ids
    }
    return Counters(
        at=now,
        cpu_s=seconds * 0.35,
        memory_mib=_sample(name, memory_mib, now)[2],
        disk_read_bytes=int(seconds * 2e6),
        disk_write_bytes=int(seconds * 1e6),
        disk_read_ops=int(seconds * 150),
        disk_write_ops=int(seconds * 75),
        nics=nics,
        disks={disk: _disk(seconds / len(disks)) for disk in disks},
    )


def _disk(seconds: float) -> DiskCounters:
    """Of a disk that does its share of what the machine does."""
    return DiskCounters(
        read_bytes=int(seconds * 2e6),
        read_ops=int(seconds * 150),
        write_bytes=int(seconds * 1e6),
        write_ops=int(seconds * 75),
    )
