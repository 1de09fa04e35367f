"""A rack's own life: adopted, changed, and gone without a trace."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from tests.drivers.network_rigs import soon, until
from tests.drivers.rack_rigs import Clients, hear, needs_rack, open_floor, says
from unkai.kit import netns, rtnetlink
from unkai.kit.errors import BadRequest, NotFound, Unavailable
from unkai.rack import MachineSpec, Rack, RackSettings, processes

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180), needs_rack]

IPXE = "/usr/lib/ipxe"
ONE = MachineSpec(name="node1", memory_mib=256)
TWO = MachineSpec(name="node2", bmc="redfish", firmware="uefi", memory_mib=256, nics=2)


@pytest.fixture
async def settings(tmp_path: Path) -> AsyncIterator[RackSettings]:
    async with open_floor(tmp_path) as found:
        yield found


def living(settings: RackSettings, text: str = "") -> set[int]:
    """Pids of the rack's processes whose command line holds the text, too."""
    there = {one.pid for one in processes.find(str(settings.run_dir))}
    return there & {one.pid for one in processes.find(text)} if text else there


async def test_a_killed_rack_comes_back_and_adopts_what_runs(settings: RackSettings) -> None:
    rack = Rack(settings)
    await rack.start([ONE])
    clients = Clients(rack)
    assert await soon(lambda: clients.answers("node1"))
    await rack.set_power("node1", on=True)
    await rack.fault("node1", "bmc-lies", power="off")
    before = living(settings) - living(settings, "unkai.rack.floor")
    [floor] = living(settings, "unkai.rack.floor")

    os.kill(floor, signal.SIGKILL)
    await until(lambda: floor not in living(settings))
    with pytest.raises(Unavailable):
        await rack.status()
    await Rack(settings).start([ONE])

    assert living(settings) - living(settings, "unkai.rack.floor") == before
    assert await rack.is_on("node1")
    assert not await clients.is_on("node1")  # it still lies
    await rack.repair("node1")
    assert await clients.is_on("node1")
    await clients.ipmi("node1", "chassis", "power", "off")
    assert not await rack.is_on("node1")


async def test_a_bmc_that_dies_is_started_again(settings: RackSettings) -> None:
    rack = Rack(settings)
    await rack.start([ONE])
    clients = Clients(rack)
    assert await soon(lambda: clients.answers("node1"))
    [bmc] = living(settings, "ipmi_sim")

    os.kill(bmc, signal.SIGKILL)

    await until(lambda: living(settings, "ipmi_sim") - {bmc})
    assert await soon(lambda: clients.answers("node1"))


async def test_machines_are_added_and_taken_away(settings: RackSettings) -> None:
    rack = Rack(settings)
    await rack.start([ONE])
    await rack.set_power("node1", on=True)
    await rack.set_vlan("node1", 101)

    await rack.start([ONE, TWO])

    first, second = await rack.status()
    assert first["power"] == "on"
    assert [port["vlan"] for port in first["ports"]] == [101]
    assert len(second["ports"]) == 2
    assert await soon(lambda: Clients(rack).answers("node2"))
    await rack.start([ONE])
    assert [one["name"] for one in await rack.status()] == ["node1"]
    assert await rack.is_on("node1")
    assert netns.link_names(settings.namespace, "node2") == []
    assert not (settings.state_dir / "node2").exists()


async def test_a_stopped_rack_leaves_nothing(settings: RackSettings) -> None:
    rack = Rack(settings)
    await rack.start([ONE, TWO])
    await rack.set_power("node1", on=True)
    assert living(settings)

    await rack.stop()

    assert living(settings) == set()
    assert netns.link_names(settings.namespace, "node") == []
    assert netns.link_names(settings.namespace, settings.bridge) == []
    assert not settings.run_dir.exists()
    assert not settings.state_dir.exists()
    await rack.stop()  # nothing there is fine


@pytest.mark.skipif(not shutil.which("dnsmasq"), reason="needs dnsmasq")
async def test_the_firmware_of_a_uefi_machine_asks_dhcp_and_loads_by_tftp(
    settings: RackSettings, tmp_path: Path
) -> None:
    rack = Rack(settings)
    await rack.start([MachineSpec(name="node1", firmware="uefi", memory_mib=256)])
    machine = rack.machines["node1"]
    await rack.set_boot("node1", "pxe")
    words = ["dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--port=0", "--no-ping"]
    words += [f"--interface={settings.bridge}", "--bind-interfaces", "--log-facility=-"]
    words += ["--dhcp-range=10.9.0.50,10.9.0.60,5m", f"--dhcp-leasefile={tmp_path}/leases"]
    words += ["--pid-file", "--enable-tftp", f"--tftp-root={IPXE}", "--dhcp-boot=snponly.efi"]

    def serve() -> subprocess.Popen[bytes]:
        rtnetlink.set_link(settings.bridge, up=True)
        rtnetlink.add_address(settings.bridge, "10.9.0.1/24")
        with (tmp_path / "said").open("wb") as said:
            return subprocess.Popen(words, stderr=said)

    dnsmasq = await netns.run(settings.namespace, serve)
    try:
        await rack.set_power("node1", on=True)
        await says(machine, "Start PXE over IPv4", timeout_s=120)
        assert "iPXE" not in machine.console()  # it is the firmware that asks
        await says(machine, "iPXE initialising devices", timeout_s=60)
    finally:
        dnsmasq.kill()
        dnsmasq.wait()
    assert f"sent {IPXE}/snponly.efi" in (tmp_path / "said").read_text()


async def test_an_uplink_carries_the_machines_vlan(settings: RackSettings) -> None:
    with_uplink = structs.replace(settings, uplink="up0", vlan=100)
    rack = Rack(with_uplink)
    await rack.start([ONE])
    heard = asyncio.create_task(hear(rack, "node1", link="up0"))

    await rack.set_power("node1", on=True)

    assert await heard == {"dhcp", "ipv6", "vlan 100"}
    await rack.stop()
    assert netns.link_names(settings.namespace, "up0") == []


async def test_the_next_rack_is_heard_over_an_uplink_that_was_plugged_in(
    settings: RackSettings,
) -> None:
    """A switch kept listening to the first rack's cable: the next machine got no address."""
    with_uplink = structs.replace(settings, uplink="up0", vlan=100)
    rack = Rack(with_uplink)
    await rack.start([ONE])
    words = ["ovs-vsctl", f"--db=unix:{settings.switch_socket}", "--timeout=10"]
    words += ["add-br", "br-other", "--", "set", "bridge", "br-other", "datapath_type=netdev"]
    words += ["--", "add-port", "br-other", "up0"]
    await asyncio.to_thread(subprocess.run, words, check=True)
    await rack.stop()

    await rack.start([ONE])
    heard = asyncio.create_task(hear(rack, "node1", link="br-other"))
    await rack.set_power("node1", on=True)

    assert "dhcp" in await heard
    await rack.stop()


async def test_a_rack_tells_what_enrolls_its_machines(settings: RackSettings) -> None:
    rack = Rack(settings)
    await rack.start([ONE, TWO])

    first, second = await rack.status()

    one, two = rack.machines["node1"], rack.machines["node2"]
    assert (first["driver"], first["boot_mode"]) == ("ipmi", "bios")
    assert first["driver_info"]["ipmi_address"] == one.bmc.address
    assert [port["mac"] for port in first["ports"]] == one.macs
    assert first["ports"][0]["local_link_connection"]["port_id"] == one.ports[0]
    assert first["ports"][0]["local_link_connection"]["switch_id"].count(":") == 5
    assert (second["driver"], second["boot_mode"]) == ("redfish", "uefi")
    assert second["driver_info"]["redfish_system_id"].endswith(two.identity.uuid)
    assert len({mac for machine in (one, two) for mac in machine.macs}) == 3


async def test_what_cannot_be_is_refused(settings: RackSettings) -> None:
    rack = Rack(settings)

    with pytest.raises(BadRequest):
        await rack.start([MachineSpec(name="Node 1")])
    with pytest.raises(BadRequest):
        await rack.start([ONE, ONE])
    with pytest.raises(NotFound):
        _ = rack.machines
