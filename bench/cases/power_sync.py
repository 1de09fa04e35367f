"""Power sync: one process polls 200 BMCs over IPMI; they are played by another process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import MISSING, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bench.bmc_farm import PASSWORD, USER
from bench.figures import Figure, Stopwatch
from bench.subject import Subject
from tests.clouds import CHECKOUT
from unkai.baremetal.drivers.bmcs import Bmcs
from unkai.baremetal.drivers.fake import FakeMachines
from unkai.baremetal.drivers.guard import Guard
from unkai.baremetal.model import INTERFACES, Node, State
from unkai.baremetal.reconcilers.sync_power import SyncPower
from unkai.baremetal.service import Baremetal, fake_drivers, guarded_drivers
from unkai.baremetal.store.nodes import add_node
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Tx, open_database
from unkai.kit.events import Events
from unkai.kit.operations import Operations
from unkai.kit.reconcile import Reconcilers
from unkai.kit.workbench import Kit
from unkai.settings import BaremetalSettings

BMCS, ROUNDS = 200, 10
RATE_AIM, CPU_AIM_MS = 500, 1.0


def power_sync(subject: Subject) -> Iterator[Figure]:
    """The cloud of the other cases is not asked: this needs a process of its own around it."""
    with farm() as ports, tempfile.TemporaryDirectory(prefix="unkai-bench-") as folder:
        first, later = asyncio.run(_measured(ports, Path(folder)))
    yield first.rate("power sync, sessions opened", "BMCs/s", per=BMCS)
    figure = later.rate("power sync", "BMCs/s", per=BMCS, aim=RATE_AIM)
    yield replace(figure, cpu_aim_ms=CPU_AIM_MS)


@contextmanager
def farm() -> Iterator[list[int]]:
    words = [sys.executable, "-m", "bench.bmc_farm", str(BMCS)]
    with subprocess.Popen(
        words, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as played:
        assert played.stdout and played.stdin
        try:
            yield [int(port) for port in played.stdout.readline().split()]
        finally:
            played.stdin.close()


async def _measured(ports: list[int], folder: Path) -> tuple[Stopwatch, Stopwatch]:
    clock, chance = Clock(), Chance()
    database = await open_database(str(folder / "unkai.db"))
    events = Events(database, clock)
    operations = Operations(database, clock, chance, events)
    kit = Kit(database, clock, chance, events, operations, Reconcilers(clock))
    bmcs, guard = Bmcs(clock, chance), Guard(clock)
    # polling asks no other service: they stay empty
    needed = [one.name for one in fields(Baremetal) if one.default_factory is MISSING]
    parts: dict[str, Any] = dict.fromkeys(needed, SimpleNamespace())
    parts |= {"kit": kit, "settings": BaremetalSettings(power_sync_s=0), "conductor": "bench"}
    parts["drivers"] = guarded_drivers(fake_drivers(FakeMachines()), bmcs, guard)
    baremetal = Baremetal(**parts)

    async def enroll(tx: Tx) -> None:
        for number, port in enumerate(ports):
            await add_node(tx, _node(number, port))

    await database.transact(enroll)
    sync = SyncPower(baremetal, guard)
    first, later = Stopwatch(time.process_time), Stopwatch(time.process_time)
    await _time(first, sync, 1)
    await _time(later, sync, ROUNDS)
    await bmcs.close()
    await database.close()
    return first, later


async def _time(watch: Stopwatch, sync: SyncPower, rounds: int) -> None:
    before = watch.cpu()
    for _ in range(rounds):
        start = time.perf_counter()
        await sync.run()
        watch.samples_ms.append((time.perf_counter() - start) * 1000)
    watch.cpu_s += watch.cpu() - before


def _node(number: int, port: int) -> Node:
    return Node(
        uuid=f"00000000-0000-4000-8000-{number:012}",
        driver="ipmi",
        driver_info={
            "ipmi_address": "127.0.0.1",
            "ipmi_port": port,
            "ipmi_username": USER.decode(),
            "ipmi_password": PASSWORD.decode(),
        },
        interfaces={**dict.fromkeys(INTERFACES, "fake"), "power": "ipmitool"},
        provision_state=State.AVAILABLE,
        created_at=1.0,
    )
