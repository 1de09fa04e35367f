"""What a machine or a host did lately: an hour of samples in flat arrays, and their totals.

A sample is made of two readings of counters, so that a graph needs no arithmetic: bytes and
operations are per second, the processor's share is of all that the machine has.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

from unkai.hypervisor.model import Counters, Metrics, NicCounters

SERIES = (
    "cpu_percent",
    "memory_mib",
    "disk_read_bytes_s",
    "disk_write_bytes_s",
    "disk_read_ops_s",
    "disk_write_ops_s",
    "net_rx_bytes_s",
    "net_tx_bytes_s",
)
KEPT = 360
"""Samples kept of each: an hour at one every ten seconds."""
_WIDTH = 1 + len(SERIES)


class Ring:
    """The newest samples, at most `KEPT`: 26 KiB. `add` takes readings; two make a sample."""

    def __init__(self, cpus: int) -> None:
        self._cpus = max(1, cpus)
        self._values = array("d")
        self._next = 0
        self.latest: Counters | None = None

    def add(self, now: Counters) -> None:
        before, self.latest = self.latest, now
        if before is None or now.at <= before.at or now.cpu_s < before.cpu_s:
            return  # the first of a process
        self.keep(now.at, rates(before, now, self._cpus))

    def keep(self, at: float, sample: Sequence[float]) -> None:
        row = array("d", (at, *sample))
        if len(self._values) < KEPT * _WIDTH:
            self._values.extend(row)
            return
        self._values[self._next * _WIDTH : (self._next + 1) * _WIDTH] = row
        self._next = (self._next + 1) % KEPT

    def since(self, since: float, every_s: float) -> Metrics:
        """Samples after this moment, oldest first."""
        count = len(self._values) // _WIDTH
        order = [(self._next + number) % count * _WIDTH for number in range(count)]
        rows = [self._values[start : start + _WIDTH] for start in order]
        return metrics_of([row for row in rows if row[0] > since], every_s, self.latest)


def metrics_of(rows: Sequence[Sequence[float]], every_s: float, latest: Counters | None) -> Metrics:
    """rows: moment and values, as `SERIES` says."""
    return Metrics(
        every_s=every_s,
        at=[round(row[0], 3) for row in rows],
        series={
            name: [round(row[column], 3) for row in rows]
            for column, name in enumerate(SERIES, start=1)
        },
        latest=latest,
    )


def rates(before: Counters, now: Counters, cpus: int) -> tuple[float, ...]:
    """One sample, in the order of `SERIES`. A counter that went back counts from zero."""
    seconds = now.at - before.at

    def rate(old: int, new: int) -> float:
        return max(0, new - old if new >= old else new) / seconds

    received, sent = traffic(now.nics.values())
    had_received, had_sent = traffic(before.nics.values())
    return (
        min(100.0, 100.0 * (now.cpu_s - before.cpu_s) / seconds / cpus),
        now.memory_mib,
        rate(before.disk_read_bytes, now.disk_read_bytes),
        rate(before.disk_write_bytes, now.disk_write_bytes),
        rate(before.disk_read_ops, now.disk_read_ops),
        rate(before.disk_write_ops, now.disk_write_ops),
        rate(had_received, received),
        rate(had_sent, sent),
    )


def traffic(nics: Iterable[NicCounters]) -> tuple[int, int]:
    """Bytes received and sent by all of them."""
    every = list(nics)
    return sum(one.rx_bytes for one in every), sum(one.tx_bytes for one in every)


def summed(at: float, cpu_s: float, memory_mib: float, guests: Iterable[Counters]) -> Counters:
    """A host's counters: its own processors and memory, and what its guests moved."""
    every = list(guests)
    received, sent = traffic(nic for one in every for nic in one.nics.values())
    return Counters(
        at=at,
        cpu_s=cpu_s,
        memory_mib=memory_mib,
        disk_read_bytes=sum(one.disk_read_bytes for one in every),
        disk_write_bytes=sum(one.disk_write_bytes for one in every),
        disk_read_ops=sum(one.disk_read_ops for one in every),
        disk_write_ops=sum(one.disk_write_ops for one in every),
        nics={"": NicCounters(rx_bytes=received, tx_bytes=sent)},
    )
