"""Every fault of the rack, seen from where it hurts: the BMC's client, the machine, the switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.network_rigs import soon, until
from tests.drivers.rack_rigs import (
    Clients,
    hear,
    needs_rack,
    open_floor,
    says,
    write_boot_sector,
)
from unkai.kit.clock import Clock
from unkai.kit.errors import BadRequest, NotFound
from unkai.rack import MachineSpec, Rack

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180), needs_rack]


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start([MachineSpec(name="node1", memory_mib=256)])
        assert await soon(lambda: Clients(made).answers("node1"))
        yield made


@pytest.fixture
async def redfish_rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start([MachineSpec(name="node1", bmc="redfish", memory_mib=256)])
        assert await soon(lambda: Clients(made).answers("node1"))
        yield made


async def test_a_silent_bmc_answers_nothing_until_it_is_repaired(rack: Rack) -> None:
    clients = Clients(rack)

    await rack.fault("node1", "bmc-silent")

    assert "Unable to establish" in await clients.ipmi("node1", "chassis", "status", check=False)
    await rack.repair("node1", "bmc-silent")
    assert not await clients.is_on("node1")


async def test_a_bmc_that_drops_requests_still_serves_a_client_that_asks_again(rack: Rack) -> None:
    clients, clock = Clients(rack), Clock()
    await rack.fault("node1", "bmc-drops", every=4)
    start = clock.monotonic()

    assert not await clients.is_on("node1")

    assert clock.monotonic() - start > 1  # ipmitool waits a second before it asks again


async def test_a_slow_bmc_holds_up_each_answer(rack: Rack) -> None:
    clients, clock = Clients(rack), Clock()
    await rack.fault("node1", "bmc-slow", delay_s=0.3)
    start = clock.monotonic()

    assert not await clients.is_on("node1")

    assert clock.monotonic() - start > 1.5  # a session is some seven requests


async def test_a_lying_bmc_reports_another_power_state(rack: Rack) -> None:
    clients = Clients(rack)

    await rack.fault("node1", "bmc-lies")
    assert await clients.is_on("node1")
    await rack.fault("node1", "bmc-lies", power="off")
    assert not await clients.is_on("node1")

    assert not await rack.is_on("node1")


async def test_a_bmc_that_ignores_commands_confirms_them(rack: Rack) -> None:
    clients = Clients(rack)
    await rack.fault("node1", "bmc-ignores")

    said = await clients.ipmi("node1", "chassis", "power", "on")

    assert "Up/On" in said
    assert not await rack.is_on("node1")


async def test_redfish_is_silent_and_lossy_too(redfish_rack: Rack) -> None:
    rack, clients = redfish_rack, Clients(redfish_rack)
    await rack.fault("node1", "bmc-silent")
    with pytest.raises(TimeoutError):
        await clients.redfish("node1", "GET", timeout_s=1)
    await rack.repair("node1")

    await rack.fault("node1", "bmc-drops", every=2)
    answers = [await clients.answers("node1") for _ in range(4)]

    assert sorted(answers) == [False, False, True, True]


async def test_a_nic_without_link_and_a_muted_one(rack: Rack) -> None:
    # The network ROM asks for an address at each power on; the switch hears it or not.
    machine = rack.machines["node1"]
    await rack.fault("node1", "mute")
    heard = asyncio.create_task(hear(rack, "node1"))
    await rack.set_power("node1", on=True)
    assert await heard == {"dhcp"}
    await rack.set_power("node1", on=False)
    await rack.repair("node1")

    await rack.fault("node1", "nic-no-link")
    heard = asyncio.create_task(hear(rack, "node1"))
    said = len(machine.console())
    await rack.set_power("node1", on=True)
    await until(lambda: "......" in machine.console()[said:].split("Configuring (net0")[-1], 60)
    assert not heard.done()  # it has asked three times by now, and nobody heard
    await rack.repair("node1")
    await Clients(rack).ipmi("node1", "chassis", "power", "reset")
    assert await heard == {"dhcp", "ipv6"}


async def test_a_disk_that_fails_while_the_machine_runs(rack: Rack) -> None:
    """A boot sector that says a letter: the firmware can read it, cannot, and can again."""
    machine = rack.machines["node1"]
    write_boot_sector(machine.console_log.parent / "disk.qcow2")
    await rack.set_power("node1", on=True)
    await says(machine, "BOOTED-FROM-DISK")

    await rack.fault("node1", "disk-fails", io="read")
    await Clients(rack).ipmi("node1", "chassis", "power", "reset")

    await says(machine, "Boot failed: could not read the boot disk")
    await rack.repair("node1", "disk-fails")
    await Clients(rack).ipmi("node1", "chassis", "power", "reset")
    await until(lambda: machine.console().count("BOOTED-FROM-DISK") == 2)


async def test_a_machine_that_hangs_says_nothing(rack: Rack) -> None:
    await rack.fault("node1", "hangs")

    await Clients(rack).ipmi("node1", "chassis", "power", "on")

    assert await rack.is_on("node1")
    assert rack.machines["node1"].console() == ""
    await rack.repair("node1")
    await says(rack.machines["node1"], "SeaBIOS")


async def test_faults_are_shown_and_unknown_ones_refused(rack: Rack) -> None:
    await rack.fault("node1", "bmc-slow", delay_s=0.1)

    [shown] = await rack.status()

    assert shown["faults"]["bmc-slow"]["delay_s"] == 0.1
    with pytest.raises(BadRequest):
        await rack.fault("node1", "bmc-melts")  # pyright: ignore[reportArgumentType]
    with pytest.raises(NotFound):
        await rack.fault("node9", "bmc-slow")
