"""A machine of the rack behind ipmi_sim, as a stock ipmitool sees it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.drivers.network_rigs import soon, until
from tests.drivers.rack_rigs import Clients, needs_rack, open_floor, says, write_boot_sector
from unkai.kit import netns
from unkai.kit.clock import Clock
from unkai.rack import MachineSpec, Rack
from unkai.rack.inventory import read_inventory

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(120), needs_rack]


@pytest.fixture
async def rack(tmp_path: Path) -> AsyncIterator[Rack]:
    async with open_floor(tmp_path) as settings:
        made = Rack(settings)
        await made.start([MachineSpec(name="node1", memory_mib=256)])
        assert await soon(lambda: Clients(made).answers("node1"))
        yield made


async def test_a_machine_is_powered_on_reset_and_off(rack: Rack) -> None:
    clients, machine = Clients(rack), rack.machines["node1"]
    assert not await clients.is_on("node1")

    await clients.ipmi("node1", "chassis", "power", "on")

    assert await clients.is_on("node1")
    assert await rack.is_on("node1")
    await says(machine, "iPXE")
    await clients.ipmi("node1", "chassis", "power", "reset")
    await until(lambda: machine.console().count("SeaBIOS") == 2)
    await clients.ipmi("node1", "chassis", "power", "off")
    assert not await clients.is_on("node1")
    assert not await rack.is_on("node1")


async def test_a_power_cycle_ends_with_the_power_on(rack: Rack) -> None:
    clients, machine = Clients(rack), rack.machines["node1"]
    await clients.ipmi("node1", "chassis", "power", "on")
    await says(machine, "SeaBIOS")

    await clients.ipmi("node1", "chassis", "power", "cycle")

    await until(lambda: machine.console().count("SeaBIOS") == 2, 30)
    assert await clients.is_on("node1")


async def test_a_boot_device_is_for_one_boot(rack: Rack) -> None:
    """Network first once; a guest that resets itself then already finds its disk."""
    clients, machine = Clients(rack), rack.machines["node1"]
    write_boot_sector(machine.console_log.parent / "disk.qcow2")

    await clients.ipmi("node1", "chassis", "bootdev", "pxe")
    assert "Force PXE" in await clients.ipmi("node1", "chassis", "bootparam", "get", "5")
    await clients.ipmi("node1", "chassis", "power", "on")

    await says(machine, "Booting from ROM")
    assert "Booting from Hard Disk" not in machine.console()
    assert "No override" in await clients.ipmi("node1", "chassis", "bootparam", "get", "5")
    await clients.ipmi("node1", "chassis", "power", "reset")
    await says(machine, "BOOTED-FROM-DIS")


async def test_sensors_have_readings(rack: Rack) -> None:
    said = await Clients(rack).ipmi("node1", "sdr", "list")

    readings = {
        line.split("|")[0].strip(): line.split("|")[1].strip() for line in said.split("\n")[:4]
    }
    assert readings == {
        "CPU Temp": "42 degrees C",
        "Inlet Temp": "23 degrees C",
        "Fan 1": "5400 RPM",
        "12V": "12.06 Volts",
    }


async def test_the_console_comes_over_the_lan(rack: Rack) -> None:
    bmc = rack.machines["node1"].bmc
    command = ["ipmitool", "-I", "lanplus", "-C", "3", "-H", bmc.address, "-U", bmc.username]
    command += ["-P", bmc.password, "sol", "activate"]
    ours, its = os.openpty()  # it wants a terminal

    def activate() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, stdin=its, stdout=its, stderr=its, start_new_session=True)

    sol = await netns.run(rack.settings.namespace, activate)
    try:
        said = await read_until(ours, b"SOL Session operational")
        await rack.set_power("node1", on=True)
        said += await read_until(ours, b"SeaBIOS")
        assert b"SeaBIOS" in said
    finally:
        sol.kill()
        sol.wait()
        os.close(its)
        os.close(ours)


async def read_until(descriptor: int, word: bytes, timeout_s: float = 30) -> bytes:
    """What is read up to the word, or until the time is up."""
    os.set_blocking(descriptor, False)
    said = b""

    def more() -> bool:
        nonlocal said
        with suppress(BlockingIOError):
            said += os.read(descriptor, 4096)
        return word in said

    await until(more, timeout_s)
    return said


async def test_a_wrong_password_and_a_wrong_key_open_nothing(rack: Rack) -> None:
    clients = Clients(rack)
    inventory = read_inventory(rack.settings.state_dir)
    door = (rack.settings.run_dir / "chassis").read_text()
    forged = rack.settings.run_dir / "forged"
    forged.write_text(door.replace(inventory.key, "guess"))

    said = await clients.ipmi("node1", "chassis", "power", "on", password="wrong", check=False)
    done = await netns.run(
        rack.settings.namespace,
        lambda: subprocess.run(["bash", forged, "node1", "set", "power", "1"], check=False),
    )

    assert "Unable to establish" in said
    assert done.returncode == 1
    assert not await rack.is_on("node1")


async def test_a_question_about_the_power_costs_milliseconds(rack: Rack) -> None:
    clock, door = Clock(), str(rack.settings.run_dir / "chassis")

    def ask() -> float:
        start = clock.monotonic()
        for _ in range(20):
            done = subprocess.run([door, "node1", "get", "power"], capture_output=True, check=True)
            assert done.stdout == b"power:0\n"
        return (clock.monotonic() - start) / 20

    each_s = await netns.run(rack.settings.namespace, ask)

    assert each_s < 0.1  # 5 ms on an idle machine
