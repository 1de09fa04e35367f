"""The boot interfaces by which a machine's own firmware asks the network."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.api.baremetal.test_wires import MACS, NODE, Floor, floor, nic
from unkai.baremetal.drivers.base import Ramdisk
from unkai.baremetal.drivers.boot.files import BootFiles
from unkai.baremetal.drivers.boot.ipxe import HTTP, IpxeBoot
from unkai.baremetal.drivers.fake import FakeMachines, FakeManagement
from unkai.baremetal.model import Node
from unkai.kit.errors import BadRequest

__all__ = ["floor"]

pytestmark = pytest.mark.anyio


async def test_ipxe_is_told_what_to_boot_until_it_is_done(tmp_path: Path) -> None:
    machines, files = FakeMachines(), BootFiles(tmp_path / "nodes")
    files.open()
    ramdisk = tmp_path / "ramdisk"
    ramdisk.mkdir()
    for name in ("kernel", "initramfs"):
        (ramdisk / name).touch()

    async def image_file(image_id: str) -> Path:
        return tmp_path / image_id

    boot = IpxeBoot(files, lambda _: FakeManagement(machines), ramdisk, image_file)
    image = "11111111-2222-4333-8444-555555555555"
    node = msgspec.structs.replace(
        NODE, driver_info={"deploy_ramdisk": image, "kernel_append_params": "%default% debug"}
    )
    boot.validate(node)
    await boot.prepare_ramdisk(node, [nic(0), nic(1)], Ramdisk("deploy", arguments={"a": "b"}))

    entry = files.of_mac(MACS[0])
    assert entry is not None and files.of_mac(MACS[1]) is None
    assert (entry.kernel, entry.initramfs) == (str(ramdisk / "kernel"), str(tmp_path / image))
    assert entry.arguments[:2] == ("a=b", "ipa-api-url={url}")
    assert entry.arguments[-1] == "debug"
    assert machines.of(node).boot_device == "pxe" and not machines.of(node).persistent
    assert await boot.leftovers([]) == [f"boot files of node {NODE.uuid}"]

    await boot.prepare_instance(node, [nic(0)])
    assert machines.of(node).boot_device == "disk" and machines.of(node).persistent
    assert await boot.leftovers([]) == []
    for wrong in ({"deploy_kernel": "file:///etc/shadow"}, {"kernel_append_params": "a\nchain x"}):
        with pytest.raises(BadRequest):
            boot.validate(msgspec.structs.replace(NODE, driver_info=wrong))


class OldManagement(FakeManagement):
    """Of a BMC that knows no HTTP, as IPMI does not."""

    def supported_boot_devices(self, node: Node) -> tuple[str, ...]:
        return ("pxe", "disk")


async def test_http_boot_is_for_uefi_and_asked_for_where_a_bmc_knows_it(tmp_path: Path) -> None:
    machines, files = FakeMachines(), BootFiles(tmp_path / "nodes")
    files.open()
    for name in ("kernel", "initramfs"):
        (tmp_path / name).touch()

    async def image_file(image_id: str) -> Path:
        return tmp_path / image_id

    def by(management: FakeManagement) -> IpxeBoot:
        return IpxeBoot(files, lambda _: management, tmp_path, image_file, device=HTTP)

    boot = by(FakeManagement(machines))
    bios = msgspec.structs.replace(NODE, properties={"capabilities": "boot_mode:bios"})
    with pytest.raises(BadRequest, match="only a UEFI firmware can"):
        boot.validate(bios)
    boot.validate(NODE)
    await boot.prepare_ramdisk(NODE, [nic(0)], Ramdisk("deploy"))
    assert machines.of(NODE).boot_device == "uefihttp" and not machines.of(NODE).persistent

    await by(OldManagement(machines)).prepare_ramdisk(NODE, [nic(0)], Ramdisk("deploy"))
    assert machines.of(NODE).boot_device == "pxe"


@pytest.mark.parametrize("interface", ["ipxe", "http-ipxe"])
async def test_dhcp_knows_who_boots_by_http(floor: Floor, interface: str) -> None:
    """Whoever may be unable to fetch by TFTP is sent to our HTTP at once."""
    node = msgspec.structs.replace(NODE, interfaces={**NODE.interfaces, "boot": interface})
    await floor.wires.plug(node, floor.ports, "provisioning")

    [one] = floor.engine.served()[0].hosts
    assert (one.mac, one.by_http) == (MACS[0], interface == "http-ipxe")
