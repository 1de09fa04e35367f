"""Samples from counters: rates, restarts, and an hour that never grows."""

from __future__ import annotations

from unkai.hypervisor.metrics import KEPT, SERIES, Ring, rates
from unkai.hypervisor.model import Counters, NicCounters


def reading(at: float, cpu_s: float, total: int = 0) -> Counters:
    return Counters(
        at=at,
        cpu_s=cpu_s,
        memory_mib=100.0,
        disk_read_bytes=total,
        disk_write_bytes=2 * total,
        disk_read_ops=total // 100,
        disk_write_ops=0,
        nics={"p": NicCounters(rx_bytes=total), "q": NicCounters(rx_bytes=total, tx_bytes=total)},
    )


def test_rates_are_per_second_and_of_all_processors() -> None:
    sample = dict(zip(SERIES, rates(reading(0, 0), reading(10, 10, 1000), cpus=2), strict=True))
    assert sample == {
        "cpu_percent": 50.0,
        "memory_mib": 100.0,
        "disk_read_bytes_s": 100.0,
        "disk_write_bytes_s": 200.0,
        "disk_read_ops_s": 1.0,
        "disk_write_ops_s": 0.0,
        "net_rx_bytes_s": 200.0,
        "net_tx_bytes_s": 100.0,
    }


def test_a_counter_that_began_anew_counts_from_nought() -> None:
    sample = rates(reading(0, 0, 5000), reading(10, 1, 100), cpus=1)
    assert sample[SERIES.index("disk_read_bytes_s")] == 10.0


def test_a_new_process_is_no_sample() -> None:
    ring = Ring(1)
    ring.add(reading(0, 50))
    ring.add(reading(10, 1))
    assert ring.since(0, 10).at == []
    ring.add(reading(20, 6))
    found = ring.since(0, 10)
    assert (found.at, found.series["cpu_percent"]) == ([20.0], [50.0])
    assert found.latest == reading(20, 6)


def test_an_hour_is_kept_and_no_more() -> None:
    ring = Ring(1)
    for number in range(KEPT + 101):
        ring.add(reading(number * 10.0, float(number)))
    found = ring.since(0, 10)
    assert len(found.at) == KEPT
    assert found.at == [number * 10.0 for number in range(101, KEPT + 101)]
    assert found.at == sorted(found.at)
    assert ring.since(found.at[-3], 10).at == found.at[-2:]
