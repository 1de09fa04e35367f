"""The counters of taps, as the kernel keeps them."""

from __future__ import annotations

from pathlib import Path

from unkai.hypervisor.model import NicCounters


def read_link_counters() -> dict[str, list[int]]:
    """Each interface of this thread's namespace with the columns of /proc/net/dev."""
    lines = Path("/proc/thread-self/net/dev").read_text().splitlines()[2:]
    found = (line.split(":", 1) for line in lines)
    return {name.strip(): [int(word) for word in rest.split()] for name, rest in found}


def of_tap(columns: list[int]) -> NicCounters:
    """What goes into a tap comes out of the guest, and the other way round."""
    return NicCounters(
        tx_bytes=columns[0],
        tx_packets=columns[1],
        tx_errors=columns[2],
        tx_drops=columns[3],
        rx_bytes=columns[8],
        rx_packets=columns[9],
        rx_errors=columns[10],
        rx_drops=columns[11],
    )
