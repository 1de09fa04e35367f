"""Physical machines on tenants' networks: real packets through OVN, a VLAN and a switch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drivers.machine_rigs import PHYSNET, SWITCH, Floor, open_floor
from tests.drivers.network_rigs import (
    Outside,
    Tenant,
    ask_metadata,
    needs_ovn,
    soon,
    tell_who,
    until,
)
from unkai.baremetal.drivers.switch.base import Link, Use
from unkai.kit import netns, rtnetlink
from unkai.kit.errors import NotFound
from unkai.network.drivers.base import DesiredNetwork, DesiredPort
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.model import Segment

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(90), needs_ovn]

SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && echo "ip=$ip" && echo "router=$router"\nexit 0\n'
NODE = "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    door = MetadataServer(tell_who)
    try:
        async with open_floor(tmp_path / "ovn", door) as made:
            yield made
    finally:
        await door.close_all()


def on_machine(wanted: DesiredPort) -> DesiredPort:
    port = replace(wanted.port, binding_vnic_type="baremetal", binding_host_id=NODE)
    return replace(wanted, port=replace(port, security_group_ids=()))


async def test_a_machine_joins_an_overlay_network(floor: Floor, tmp_path: Path) -> None:
    """It gets its lease and metadata, and reaches guests and the world through the router."""
    script = tmp_path / "lease"
    script.write_text(SCRIPT)
    script.chmod(0o755)
    tenant, outside = Tenant(), Outside()
    _, router_objects = outside.router(tenant)
    wanted, neighbour = on_machine(tenant.port(20)), tenant.port(10)
    segment = Segment(tenant.network.id, PHYSNET, 2000)
    reached = DesiredNetwork(tenant.network, (tenant.subnet,), (segment,))
    objects = [*tenant.objects(tenant.rule()), *outside.objects(), *router_objects]
    await floor.driver.apply([*objects, wanted, neighbour, reached])
    machine, link = await floor.machine(wanted.port)
    [guest] = await floor.lab.plug(neighbour)
    await until(lambda: floor.driver.port_up(wanted.port.id))
    await floor.driver.wait_applied()

    assert await machine.dhcp(script) == {}

    await floor.switches.set_vlan(link, segment.vlan, NODE)
    assert await soon(lambda: machine.dhcp(script), {"ip": "10.0.0.20", "router": "10.0.0.1"})

    def configure() -> None:
        rtnetlink.add_address("eth0", "10.0.0.20/24")
        rtnetlink.add_route("default", via="10.0.0.1")
        rtnetlink.add_route("169.254.169.254/32", via="10.0.0.2")

    await netns.run(machine.name, configure)
    assert await soon(lambda: machine.ping(guest.address))
    assert await soon(lambda: guest.ping("10.0.0.20"))
    assert await soon(lambda: machine.ping("203.0.113.1"))
    assert await ask_metadata(machine) == f"{tenant.network.id} 10.0.0.20 /latest"

    await floor.switches.park(link)
    assert await soon(lambda: guest.ping("10.0.0.20"), expected=False)


async def test_a_switch_port_knows_whom_it_was_set_for(floor: Floor) -> None:
    _, link = await floor.machine(Tenant().port(9).port)
    assert await floor.switches.uses() == {}

    await floor.switches.set_vlan(link, 100, NODE)
    await floor.switches.set_vlan(link, 100, NODE)
    assert await floor.switches.uses() == {link: Use(100, NODE)}
    await floor.switches.set_vlan(link, None, NODE)
    assert await floor.switches.uses() == {link: Use(0, NODE)}
    await floor.switches.park(link)
    assert await floor.switches.uses() == {}
    for unknown in (Link(SWITCH, "nowhere"), Link("elsewhere", "m1")):
        with pytest.raises(NotFound):
            await floor.switches.set_vlan(unknown, 1, NODE)
