"""`python -m bench.network_wire`: what OVN costs, by itself: start, ports, metadata.

As root, in a namespace of its own. Prints one line a figure; every figure is a median.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.drivers.network_rigs import Lab, Tenant, names, tell_who
from unkai.kit.clock import Clock
from unkai.network.drivers.base import DesiredPort
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn import switch
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.drivers.ovn.site import Site


def show(what: str, samples: list[float], unit: str = "ms") -> None:
    print(
        f"{what:60} {statistics.median(samples):9.1f} {unit}"
        f"   ({min(samples):.1f} to {max(samples):.1f}, {len(samples)} times)"
    )


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await work()
    return (time.perf_counter() - start) * 1000


async def with_lab(work: Callable[[Lab], Awaitable[None]]) -> None:
    name = next(names())
    with tempfile.TemporaryDirectory() as folder:
        site = Site(
            namespace=name, run_dir=Path("/run") / name, state_dir=Path(folder) / "s", chassis="h1"
        )
        door = MetadataServer(tell_who)
        lab = Lab(OvnDriver(site, clock=Clock(), door=door))
        try:
            await lab.driver.start()
            await lab.driver.wait_applied()
            await work(lab)
        finally:
            lab.clear()
            await door.close_all()
            await lab.driver.stop()


async def starts() -> None:
    cold: list[float] = []
    ready: list[float] = []
    adopted: list[float] = []
    stopped: list[float] = []
    for _ in range(5):
        name = next(names())
        with tempfile.TemporaryDirectory() as folder:
            site = Site(
                namespace=name,
                run_dir=Path("/run") / name,
                state_dir=Path(folder) / "s",
                chassis="h1",
            )
            driver = OvnDriver(site, clock=Clock())
            cold.append(await timed(driver.start))
            ready.append(cold[-1] + await timed(driver.wait_applied))
            await driver.close()
            driver = OvnDriver(site, clock=Clock())
            adopted.append(await timed(driver.start))
            stopped.append(await timed(driver.stop))
    show("cold start of the six daemons, start() returns", cold)
    show("... until the host has applied everything", ready)
    show("start() that adopts them", adopted)
    show("stop(), everything removed", stopped)


async def plug_latency(lab: Lab, present: int) -> None:
    """From apply() to port up, with `present` ports already there; the tap's making left out."""
    tenant = Tenant("10.8.0.0/16")
    await lab.driver.apply(tenant.objects(tenant.rule()))
    links = [f"d{number}" for number in range(present + 10)]
    wanted = [tenant.port(3 + number) for number in range(len(links))]
    await asyncio.to_thread(lab.make_links, links)
    await lab.driver.apply(wanted[:present])
    await bind(lab, links[:present], wanted[:present])
    samples: list[float] = []
    for link, port in zip(links[present:], wanted[present:], strict=True):

        async def once(link: str = link, port: DesiredPort = port) -> None:
            await lab.driver.apply([port])
            await bind(lab, [link], [port])

        samples.append(await timed(once))
    show(f"apply() and interface to port up, {present} ports present", samples)


async def bind(lab: Lab, links: list[str], ports: list[DesiredPort]) -> None:
    ids = [port.port.id for port in ports]
    await switch.set_interfaces(lab.driver.switch, dict(zip(links, ids, strict=True)))
    await lab.up(*ids, timeout_s=60)


async def batches(lab: Lab) -> None:
    tenant = Tenant("10.9.0.0/16")
    await lab.driver.apply(tenant.objects(tenant.rule()))
    first: list[float] = []
    again: list[float] = []
    gone: list[float] = []
    cpu: list[float] = []
    for _ in range(5):
        ports = [tenant.port(3 + number) for number in range(200)]
        before = time.process_time()
        first.append(await timed(lambda ports=ports: lab.driver.apply(ports)))
        cpu.append((time.process_time() - before) * 1000)
        again.append(await timed(lambda ports=ports: lab.driver.apply(ports)))
        refs = [port.ref for port in ports]
        gone.append(await timed(lambda refs=refs: lab.driver.apply([], refs)))
        await lab.driver.wait_applied(30)
    show("apply() of 200 new ports in one batch", first)
    show("... CPU of this process", cpu)
    show("... the same batch again (nothing to write)", again)
    show("... removed again in one batch", gone)


async def bulk(lab: Lab, count: int) -> None:
    tenant = Tenant("10.7.0.0/16")
    await lab.driver.apply(tenant.objects(tenant.rule()))
    links = [f"b{number}" for number in range(count)]
    ports = [tenant.port(3 + number) for number in range(count)]
    await asyncio.to_thread(lab.make_links, links)

    async def work() -> None:
        await lab.driver.apply(ports)
        await bind(lab, links, ports)

    show(f"apply() and interfaces to all {count} ports up, at once", [await timed(work)])
    show("resident memory of the six daemons then", [daemon_memory(lab)], "MiB")


async def metadata(lab: Lab, count: int) -> None:
    tenants = [Tenant() for _ in range(count)]
    objects = [wanted for tenant in tenants for wanted in tenant.objects()]

    async def work() -> None:
        await lab.driver.apply(objects)
        await lab.driver.wait_applied(60)

    show(f"{count} networks with metadata, to all sockets listening", [await timed(work)])


def daemon_memory(lab: Lab) -> float:
    pages = 0
    for pid in lab.driver.supervisor.alive().values():
        pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def main() -> None:
    await starts()
    await with_lab(batches)
    await with_lab(lambda lab: plug_latency(lab, 10))
    await with_lab(lambda lab: plug_latency(lab, 100))
    await with_lab(lambda lab: bulk(lab, 200))
    await with_lab(lambda lab: metadata(lab, 50))


if __name__ == "__main__":
    asyncio.run(main())
