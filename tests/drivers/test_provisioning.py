"""dnsmasq on a provisioning network: reservations, its death, another process, its end."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.drivers.machine_rigs import PHYSNET, Floor, open_floor
from tests.drivers.network_rigs import Guest, Tenant, needs_ovn, soon, until
from tests.drivers.pxe_rigs import VLAN, Station, open_station, served
from unkai.baremetal.drivers.provisioning.base import Reservation
from unkai.baremetal.drivers.provisioning.engine import DnsmasqProvisioning
from unkai.baremetal.drivers.provisioning.link import link_name
from unkai.kit import netns
from unkai.kit.errors import Failed
from unkai.network.drivers.metadata import MetadataServer
from unkai.network.drivers.ovn.daemons import is_running

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(90), needs_ovn]

NODE = "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001"
SCRIPT = '#!/bin/sh\n[ "$1" = bound ] && echo "ip=$ip"\nexit 0\n'


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path / "ovn") as made:
        yield made


@pytest.fixture
async def station(floor: Floor, tmp_path: Path) -> AsyncIterator[Station]:
    async with open_station(floor, tmp_path) as made:
        yield made


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "lease"
    path.write_text(SCRIPT)
    path.chmod(0o755)
    return path


async def machine(floor: Floor) -> Guest:
    guest, link = await floor.machine(Tenant().port(9).port)
    await floor.switches.set_vlan(link, VLAN, NODE)
    return guest


def pid(station: Station) -> int:
    return int((station.folder / served().id / "pid").read_text())


async def test_known_machines_get_their_address_and_others_none(
    floor: Floor, station: Station, script: Path
) -> None:
    """An address that goes from one machine to another is served to the other at once."""
    first, second = await machine(floor), await machine(floor)
    one, two = (Reservation(guest.port.mac_address, "10.1.0.7") for guest in (first, second))
    await station.engine.serve([served(hosts=(one,))])
    began = pid(station)

    assert await soon(lambda: first.dhcp(script), {"ip": "10.1.0.7"})
    assert await second.dhcp(script) == {}
    await station.engine.serve([served(hosts=(two,))])
    assert await second.dhcp(script) == {"ip": "10.1.0.7"}
    assert await first.dhcp(script) == {}
    assert pid(station) == began
    await until(lambda: any(not seen.ok for seen in station.seen))
    refused = [seen for seen in station.seen if not seen.ok]
    assert {seen.mac for seen in refused} == {one.mac, two.mac}
    assert {seen.action for seen in refused} == {"DISCOVER"}


async def test_unknown_machines_get_one_of_the_pool(
    floor: Floor, station: Station, script: Path
) -> None:
    guest = await machine(floor)
    await station.engine.serve([served(pool=("10.1.0.200", "10.1.0.200"))])
    assert await soon(lambda: guest.dhcp(script), {"ip": "10.1.0.200"})


async def test_it_is_started_again_and_adopted(
    floor: Floor, station: Station, script: Path
) -> None:
    guest = await machine(floor)
    wanted = served(hosts=(Reservation(guest.port.mac_address, "10.1.0.8"),))
    await station.engine.serve([wanted])
    began = pid(station)
    os.kill(began, signal.SIGKILL)
    await until(lambda: not is_running(began))
    await station.engine.serve([wanted])
    assert pid(station) != began

    began = pid(station)
    await station.engine.close()
    other = DnsmasqProvisioning(
        station.engine._place,
        clock=floor.switches._clock,
        recorder=station.seen.append,
        door=MetadataServer(nobody),
    )
    try:
        await other.serve([wanted])
        assert pid(station) == began
        assert await soon(lambda: guest.dhcp(script), {"ip": "10.1.0.8"})
        await other.serve([])
        assert not is_running(began)
        assert not (station.folder / wanted.id).exists()
        assert await soon(lambda: links(floor), [])
    finally:
        await other.stop()


async def links(floor: Floor) -> list[str]:
    return netns.link_names(floor.namespace, link_name(served().id))


async def test_a_network_that_is_elsewhere_does_not_stop_the_others(
    floor: Floor, station: Station
) -> None:
    elsewhere = replace(served(), id="0" * 36, physical_network="nowhere")
    with pytest.raises(Failed, match="physical network nowhere"):
        await station.engine.serve([elsewhere, served()])
    assert pid(station)
    assert served().physical_network == PHYSNET


async def nobody(scope, receive, send) -> None:
    """Asks nothing."""
