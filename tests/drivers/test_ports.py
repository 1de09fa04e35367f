"""One suite for every way to plug a port."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import AsyncIterator

import pytest

from tests.drivers.network_rigs import Lab, needs_ovn, until
from unkai.hypervisor.model import Nic
from unkai.hypervisor.ovs import BRIDGE, OvsPlugger, tap_name
from unkai.hypervisor.ports import FakePlugger, PortPlugger, unplug_all
from unkai.kit import netns, rtnetlink
from unkai.kit.clock import Clock
from unkai.kit.errors import Conflict, Failed
from unkai.network.drivers.ovn.site import Site

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60)]
SERVER = str(uuid.uuid4())


@pytest.fixture(params=["fake", pytest.param("ovs", marks=needs_ovn)])
def plugger(request: pytest.FixtureRequest) -> PortPlugger:
    return FakePlugger() if request.param == "fake" else request.getfixturevalue("ovs")


@pytest.fixture
async def ovs(lab: Lab, site: Site) -> AsyncIterator[OvsPlugger]:
    made = OvsPlugger(
        site.switch_socket, namespace=site.namespace, vnet_hdr=site.offloads, clock=Clock()
    )
    await made.open_switch()
    yield made
    await made.close()


def a_nic() -> Nic:
    return Nic(port_id=str(uuid.uuid4()), mac="fa:16:3e:00:00:01", mtu=1442)


async def test_ports_are_plugged_and_unplugged(plugger: PortPlugger) -> None:
    first, second = a_nic(), a_nic()
    for nic in (first, second, first):
        await plugger.plug(SERVER, nic)
    assert await plugger.plugged() == {first.port_id: SERVER, second.port_id: SERVER}

    for _ in range(2):
        await plugger.unplug(first.port_id)
    assert await plugger.plugged() == {second.port_id: SERVER}
    await unplug_all(plugger, SERVER)
    assert await plugger.plugged() == {}


async def test_what_went_through_a_port_is_counted(plugger: PortPlugger) -> None:
    """Of plugged ports only; a fresh one has moved nothing."""
    nic, other = a_nic(), a_nic()
    await plugger.plug(SERVER, nic)
    counted = await plugger.counters([nic.port_id, other.port_id])
    assert list(counted) == [nic.port_id]
    assert counted[nic.port_id].tx_bytes == 0
    await unplug_all(plugger, SERVER)


async def test_a_port_can_change_its_server(plugger: PortPlugger) -> None:
    nic, other = a_nic(), str(uuid.uuid4())
    await plugger.plug(SERVER, nic)
    await plugger.plug(other, nic)
    assert await plugger.plugged() == {nic.port_id: other}


async def test_only_a_plugged_port_is_opened(plugger: PortPlugger) -> None:
    with pytest.raises(Conflict) as refused:
        await plugger.open(a_nic())
    assert refused.value.code == "port-not-plugged"


@needs_ovn
async def test_a_tap_outlives_who_opened_it_and_leaves_with_its_port(
    ovs: OvsPlugger, site: Site
) -> None:
    nic = a_nic()
    await ovs.plug(SERVER, nic)
    descriptor = await ovs.open(nic)
    with pytest.raises(Failed) as busy:
        await ovs.open(nic)
    assert busy.value.code == "tap-busy"
    await ovs.plug(SERVER, nic)
    os.close(descriptor)
    os.close(await ovs.open(nic))
    assert tap_name(nic.port_id) in netns.link_names(site.namespace)

    await ovs.unplug(nic.port_id)
    assert netns.link_names(site.namespace, "tap") == []


@needs_ovn
async def test_a_tap_without_an_interface_goes_too(ovs: OvsPlugger, site: Site) -> None:
    nic = a_nic()
    os.close(netns.open_tap(site.namespace, tap_name(nic.port_id), persistent=True))
    await unplug_all(ovs, SERVER, (nic,))
    assert netns.link_names(site.namespace, "tap") == []


@needs_ovn
async def test_a_tap_made_for_an_interface_that_waits_for_it_is_raised_once_held(
    ovs: OvsPlugger, lab: Lab, site: Site
) -> None:
    """As after a restart of the host: the switch's rows are there, its taps are not.

    A switch writes back the flags it read when it takes a link: raised in between, it stays down.
    """
    nic = a_nic()
    name = tap_name(nic.port_id)
    change = lab.driver.switch.transaction()
    interface = change.insert("Interface", {"name": name})
    port = change.insert("Port", {"name": name, "interfaces": [interface]})
    change.mutate("Bridge", {"name": BRIDGE}, "ports", "insert", [port])
    await lab.driver.switch.commit(change)
    rows = lab.driver.switch.rows("Interface")
    await until(
        lambda: any(row.text("name") == name and row.number("ofport") < 0 for row in rows.values()),
        timeout_s=10,
    )
    vswitchd = int((site.run_dir / "ovs-vswitchd.pid").read_text())
    os.kill(vswitchd, signal.SIGSTOP)
    try:
        plugging = asyncio.create_task(ovs.plug(SERVER, nic))
        await asyncio.sleep(0.3)
        assert not plugging.done()
    finally:
        os.kill(vswitchd, signal.SIGCONT)
    await plugging
    links = await netns.run(site.namespace, rtnetlink.links)
    assert [link.up for link in links if link.name == name] == [True]
