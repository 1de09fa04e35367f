"""Machines boot from the network: firmware, dnsmasq, iPXE, our script, kernel and ramdisk."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clouds import CHECKOUT
from tests.drivers.machine_rigs import Floor, open_floor
from tests.drivers.network_rigs import needs_ovn, until
from tests.drivers.pxe_rigs import MAC, VLAN, Machine, Station, make_ramdisk, open_station, served
from unkai.baremetal.drivers.boot.files import BootEntry
from unkai.baremetal.drivers.provisioning.base import Reservation

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(200), needs_ovn]

NODE = "4d1a6c70-6d26-4b2c-a2a2-6d2f0d7a0001"


@pytest.fixture
async def floor(tmp_path: Path) -> AsyncIterator[Floor]:
    async with open_floor(tmp_path / "ovn") as made:
        yield made


@pytest.fixture
async def station(floor: Floor, tmp_path: Path) -> AsyncIterator[Station]:
    async with open_station(floor, tmp_path) as made:
        yield made


LOADED = {
    "bios": ["TFTP sent first.ipxe"],
    "uefi": ["TFTP sent snponly.efi", "TFTP sent first.ipxe"],
    "uefi-http": ["HTTP GET snponly.efi"],
}
"""How the firmware comes by iPXE, and iPXE to us; QEMU's card has it in a ROM."""


@pytest.mark.parametrize("firmware", ["bios", "uefi", "uefi-http"])
async def test_a_machine_boots_our_ramdisk(
    floor: Floor, station: Station, tmp_path: Path, firmware: str
) -> None:
    make_ramdisk(tmp_path / "ramdisk", CHECKOUT / ".cache" / "packages")
    link = await floor.add_port("tap0")
    machine = Machine(tmp_path, link.port)
    known = Reservation(MAC, "10.1.0.7", by_http=firmware == "uefi-http")
    await station.engine.serve([served(hosts=(known,))])
    station.files.put(entry(tmp_path))
    await floor.switches.set_vlan(link, VLAN, NODE)
    try:
        machine.start(floor.namespace, firmware=firmware)
        await until(lambda: re.search(r"ramdisk up:.*\n", machine.text), timeout_s=150)
    finally:
        machine.stop()
        print(machine.text[-3000:])
        print("\n".join(station.story()))

    [line] = [line for line in machine.text.splitlines() if "ramdisk up:" in line]
    assert "ipa-api-url=http://10.1.0.2 " in line
    assert f"BOOTIF=01-{MAC.replace(':', '-')}" in line
    said = [f"{one.participant} {one.action}" for one in sorted(station.seen, key=lambda s: s.at)]
    story = ["DHCP DISCOVER", "DHCP OFFER 10.1.0.7", "DHCP REQUEST 10.1.0.7", "DHCP ACK 10.1.0.7"]
    story += LOADED[firmware]
    story += ["HTTP script to boot for deploy", "HTTP GET kernel", "HTTP GET initramfs"]
    assert [word for word in story if word in said] == story
    assert [said.index(word) for word in story] == sorted(said.index(word) for word in story)
    assert all(one.ok for one in station.seen)
    assert firmware != "uefi-http" or not any(word.startswith("TFTP") for word in said)


async def test_a_machine_that_comes_while_we_are_away_waits_for_us(
    floor: Floor, station: Station, tmp_path: Path
) -> None:
    """DHCP and TFTP answer as ever, and nobody at the port of HTTP: it asks again."""
    make_ramdisk(tmp_path / "ramdisk", CHECKOUT / ".cache" / "packages")
    link = await floor.add_port("tap0")
    machine = Machine(tmp_path, link.port)
    await station.engine.serve([served()])
    station.files.put(entry(tmp_path))
    await floor.switches.set_vlan(link, VLAN, NODE)
    await station.engine.close()
    try:
        machine.start(floor.namespace)
        await until(lambda: "no answer yet" in machine.text, timeout_s=60)
        await station.engine.serve([served()])
        await until(lambda: "ramdisk up:" in machine.text, timeout_s=90)
    finally:
        machine.stop()
        print(machine.text[-3000:])
        print("\n".join(station.story()))


def entry(folder: Path) -> BootEntry:
    return BootEntry(
        node_id=NODE,
        mode="deploy",
        macs=(MAC,),
        kernel=str(folder / "ramdisk/kernel"),
        initramfs=str(folder / "ramdisk/initramfs"),
        arguments=("ipa-api-url={url}", "console=ttyS0"),
    )
