"""OVN's daemons: they are adopted, come back when killed, and leave nothing when stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct

import pytest

from tests.drivers.network_rigs import (
    PROJECT,
    Lab,
    Outside,
    Tenant,
    ask_metadata,
    needs_ovn,
    new_id,
    soon,
    tell_who,
    until,
)
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.network.drivers.base import DesiredRouter
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn import daemons, switch
from unkai.network.drivers.ovn.driver import OvnDriver
from unkai.network.model import Port, Router

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60), needs_ovn]


async def test_a_killed_daemon_comes_back_and_traffic_with_it(lab: Lab) -> None:
    tenant, outside = Tenant(), Outside()
    _, router_objects = outside.router(tenant)
    a, b = tenant.port(10), tenant.port(11)
    objects = [*tenant.objects(tenant.rule()), *outside.objects(), *router_objects, a, b]
    await lab.driver.apply(objects)
    guest, other = await lab.plug(a, b)
    await lab.driver.wait_applied()

    for name, pid in lab.driver.supervisor.alive().items():
        os.kill(pid, signal.SIGKILL)
        await until(lambda n=name, p=pid: lab.driver.supervisor.alive().get(n, p) != p)
        assert await soon(lambda: guest.ping(other.address)), name
        assert await soon(lambda: guest.ping("203.0.113.1")), name
    late = tenant.port(12)
    await lab.driver.apply([late])
    [third] = await lab.plug(late)
    await lab.driver.wait_applied()

    assert await soon(lambda: guest.ping(third.address))
    assert (await lab.driver.health()).ok
    assert await ask_metadata(guest) == f"{tenant.network.id} 10.0.0.10 /latest"


async def test_a_new_process_adopts_the_daemons_and_knows_what_is_there(lab: Lab) -> None:
    tenant = Tenant()
    port = tenant.port(10)
    await lab.driver.apply([*tenant.objects(tenant.rule()), port])
    [guest] = await lab.plug(port)
    await lab.driver.wait_applied()
    before, present = lab.driver.supervisor.alive(), lab.driver.present()
    await lab.driver.close()
    assert not await guest.reaches("169.254.169.254", 80)

    lab.driver = OvnDriver(lab.driver.site, clock=Clock(), door=MetadataServer(tell_who))
    await lab.driver.start()
    await lab.driver.wait_applied()

    assert lab.driver.supervisor.alive() == before
    assert lab.driver.present() == present
    assert lab.driver.port_up(port.port.id)
    assert await ask_metadata(guest) == f"{tenant.network.id} 10.0.0.10 /latest"


async def test_stop_leaves_nothing(lab: Lab) -> None:
    site, tenant, outside = lab.driver.site, Tenant(), Outside()
    port = tenant.port(10)
    await lab.driver.apply([*tenant.objects(), *outside.objects(), port])
    await lab.plug(port)
    await lab.driver.wait_applied()
    pids = lab.driver.supervisor.alive().values()
    lab.clear()
    await lab.driver.close()

    await OvnDriver(site, clock=Clock()).stop()  # somebody else's `down`

    assert netns.names(site.namespace) == []
    assert not site.run_dir.exists()
    assert not site.state_dir.exists()
    assert [pid for pid in pids if daemons.is_running(pid)] == []


async def test_a_broken_database_is_set_aside_and_filled_again(lab: Lab) -> None:
    site, tenant = lab.driver.site, Tenant()
    port = tenant.port(10)
    await lab.driver.apply([*tenant.objects(), port])
    await lab.plug(port)
    pid = lab.driver.supervisor.alive()["ovsdb-north"]
    os.truncate(site.db_dir / "ovnnb.db", 20)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: lab.driver.supervisor.alive().get("ovsdb-north", pid) != pid)
    await until(lambda: lab.driver.present() == set())

    await lab.driver.apply([*tenant.objects(), port])
    await lab.driver.wait_applied()

    assert (site.db_dir / "ovnnb.broken").exists()
    assert lab.driver.port_up(port.port.id)


async def test_a_tap_with_offload_headers_works_and_survives_the_switch(lab: Lab) -> None:
    tenant = Tenant()
    port = tenant.port(10)
    interface, router_port = tenant.router_interface()
    router = DesiredRouter(Router(id=new_id(), project_id=PROJECT), (interface,))
    await lab.driver.apply([*tenant.objects(), port, router, router_port])
    tap = await asyncio.to_thread(netns.open_tap, lab.namespace, "tap-1", owner_uid=65534)
    try:
        await switch.set_interfaces(lab.driver.switch, {"tap-1": port.port.id})
        await lab.up(port.port.id)
        assert await soon(lambda: resolves(tap, port.port, "10.0.0.1"))

        pid = lab.driver.supervisor.alive()["ovs-vswitchd"]
        os.kill(pid, signal.SIGKILL)
        await until(lambda: lab.driver.supervisor.alive().get("ovs-vswitchd", pid) != pid)

        assert await soon(lambda: resolves(tap, port.port, "10.0.0.1"))
    finally:
        os.close(tap)


async def resolves(tap: int, port: Port, address: str) -> bool:
    """Whether an ARP request sent through a tap is answered; frames follow a 10-byte header."""
    mac = bytes.fromhex(port.mac_address.replace(":", ""))
    own, wanted = (socket.inet_aton(a) for a in (port.fixed_ips[0].ip_address, address))
    request = struct.pack("!HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac, own, bytes(6), wanted)
    os.write(tap, bytes(10) + b"\xff" * 6 + mac + b"\x08\x06" + request)
    clock = Clock()
    for _ in range(20):
        with contextlib.suppress(BlockingIOError):
            frame = os.read(tap, 2048)[10:]
            if frame[12:14] == b"\x08\x06" and frame[20:22] == b"\x00\x02":
                return frame[28:32] == wanted
        await clock.sleep(0.02)
    return False
