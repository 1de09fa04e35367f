"""From a CD that a BMC inserts to an installed system, on both firmwares and on other hardware."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.ramdisk_rigs import (
    NODE,
    TOKEN,
    Conductor,
    Metal,
    digest_of,
    direct,
    firmware,
    parameters,
    wait_for,
)
from unkai.guests.boot_iso import make_boot_iso
from unkai.guests.build import build_guest
from unkai.guests.ramdisk import Ramdisk, build_ramdisk, ensure_ramdisk
from unkai.hypervisor.config_drive import make_iso
from unkai.kit import netns

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("ramdisk boots")]
PACKAGES = Path(__file__).parents[2] / ".cache" / "packages"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def ramdisk(tmp_path_factory: pytest.TempPathFactory) -> Ramdisk:
    return ensure_ramdisk(tmp_path_factory.mktemp("ramdisk"), PACKAGES)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guest image that virtual machines start from too."""
    folder = tmp_path_factory.mktemp("files")
    build_guest(folder / "guest.raw", PACKAGES)
    subprocess.run(["zstd", "-q", "--rm", folder / "guest.raw", "-o", folder / "guest"], check=True)
    return folder


@pytest.fixture
def conductor(tmp_path: Path) -> Iterator[Conductor]:
    namespace = f"unkai-boots-{os.getpid()}"
    netns.create(namespace)
    made = Conductor(namespace, tmp_path)
    try:
        yield made
    finally:
        made.close()
        netns.delete(namespace)


@pytest.fixture
def metal(conductor: Conductor, tmp_path: Path) -> Iterator[Metal]:
    made = Metal(conductor.namespace, tmp_path, {"DISK-1": 256})
    try:
        yield made
    finally:
        print(made.console())
        made.power_off()


@pytest.mark.parametrize("kind", ["bios", "uefi"])
def test_a_machine_is_deployed_by_virtual_media(
    ramdisk: Ramdisk, files: Path, conductor: Conductor, metal: Metal, kind: str
) -> None:
    conductor.files = files
    conductor.token_shown = "*" * 6  # it was shown before; this machine has it on its CD
    cd = metal.folder / "agent.iso"
    line = parameters(f"ipa-agent-token={TOKEN}", "ipa-inspection-collectors=default")
    make_boot_iso(cd, ramdisk, line)
    metal.power_on(*firmware(kind), "-cdrom", str(cd), "-boot", "d")
    wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")
    assert conductor.inspections[0]["inventory"]["boot"]["current_boot_mode"] == kind
    assert conductor.heartbeats[0]["agent_token"] == TOKEN
    assert TOKEN not in metal.console()

    metadata = {"uuid": NODE, "hostname": "metal-1", "public_keys": {"k": "ssh-rsa AA k"}}
    drive = make_iso({"openstack/latest/meta_data.json": json.dumps(metadata).encode()})
    image = {
        "id": "guest",
        "urls": ["http://10.0.2.2:6385/files/guest"],
        "compression": "zstd",
        **digest_of(files / "guest", "sha512"),
    }
    packed = base64.b64encode(gzip.compress(drive)).decode()
    done = conductor.run("standby.prepare_image", {"image_info": image, "configdrive": packed})
    assert done["command_status"] == "SUCCEEDED", done
    conductor.run("standby.power_off", wait=False)
    metal.wait_off()

    metal.power_on(*firmware(kind))

    log = metal.said("metal-1 login:")
    assert "metadata drive, host metal-1, 10.0.2.15/24" in log
    assert "root 2" in log.split("metadata drive")[1]  # of the disk's 256 MiB


@pytest.mark.soak
def test_a_mirror_is_made_written_and_starts_from_either_half(
    ramdisk: Ramdisk, files: Path, conductor: Conductor, tmp_path: Path
) -> None:
    conductor.files = files
    metal = Metal(conductor.namespace, tmp_path, {"DISK-1": 256, "DISK-2": 256})
    mirror: dict[str, Any] = {"size_gb": "MAX", "raid_level": "1", "is_root_volume": True}
    node = {"uuid": NODE, "properties": {"root_device": {"name": "/dev/md0"}}}
    asked = {**node, "target_raid_config": {"logical_disks": [mirror]}}
    try:
        metal.power_on(*direct(ramdisk))
        wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")
        (made,) = raid_step(conductor, "create_configuration", asked)["logical_disks"]
        assert made["root_device_hint"] == {"name": "/dev/md0"}
        assert made["physical_disks"] == ["/dev/vda", "/dev/vdb"]
        again = clean(conductor, "create_configuration", asked)
        assert "already" in again["command_error"]["message"]
        conductor.run("standby.power_off", wait=False)
        metal.wait_off()

        heard = len(conductor.heartbeats)
        metal.power_on(*direct(ramdisk))
        wait_for(lambda: len(conductor.heartbeats) > heard or None, "the next boot's heartbeat")
        told = conductor.run("poll.get_hardware_info")["command_result"]["disks"]
        assert [disk["name"] for disk in told] == ["/dev/md0", "/dev/vda", "/dev/vdb"]
        conductor.run("poll.set_node_info", {"node_info": node})
        url = "http://10.0.2.2:6385/files/guest"
        image = {"id": "guest", "urls": [url], **digest_of(files / "guest", "sha512")}
        done = conductor.run(
            "standby.prepare_image", {"image_info": image | {"compression": "zstd"}}
        )
        assert done["command_status"] == "SUCCEEDED", done
        assert "/dev/md0" in done["command_result"]["result"]
        conductor.run("standby.power_off", wait=False)
        metal.wait_off()

        for gone in ("DISK-1", "DISK-2"):
            kept = metal.disks.pop(gone)
            metal.power_on()
            metal.said("login:")
            metal.power_off()
            metal.disks[gone] = kept
    finally:
        print(metal.console())
        metal.power_off()


@pytest.mark.soak
def test_arrays_share_disks_and_go_again(
    ramdisk: Ramdisk, conductor: Conductor, tmp_path: Path
) -> None:
    metal = Metal(conductor.namespace, tmp_path, {f"DISK-{n}": 2200 for n in range(4)})
    arrays = [{"size_gb": 2, "raid_level": "5"}, {"size_gb": 2, "raid_level": "1+0"}]
    arrays += [{"size_gb": "MAX", "raid_level": "0"}]
    asked = {"uuid": NODE, "target_raid_config": {"logical_disks": arrays}}
    try:
        metal.power_on(*direct(ramdisk))
        wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")
        made = raid_step(conductor, "create_configuration", asked)["logical_disks"]
        assert [disk["size_gb"] for disk in made] == [2, 2, 1]
        step = {"step": "erase_devices_metadata", "interface": "deploy"}
        done = conductor.run("clean.execute_clean_step", {"step": step})
        assert done["command_result"]["clean_result"].endswith("/dev/md0, /dev/md1, /dev/md2")
        raid_step(conductor, "delete_configuration", asked)
        told = conductor.run("poll.get_hardware_info")["command_result"]["disks"]
        assert [disk["name"][-1] for disk in told] == list("abcd")
        raid_step(conductor, "delete_configuration", asked)
        raid_step(conductor, "create_configuration", asked)
    finally:
        print(metal.console())
        metal.power_off()


def clean(conductor: Conductor, step: str, node: dict[str, Any]) -> dict[str, Any]:
    asked = {"step": step, "interface": "raid", "args": {}}
    return conductor.run("clean.execute_clean_step", {"step": asked, "node": node})


def raid_step(conductor: Conductor, step: str, node: dict[str, Any]) -> Any:
    done = clean(conductor, step, node)
    assert done["command_status"] == "SUCCEEDED", done
    return done["command_result"]["clean_result"]


def test_a_machine_of_other_hardware_calls_home(
    conductor: Conductor, metal: Metal, tmp_path: Path
) -> None:
    """Debian's whole kernel: SATA disks, an Intel NIC."""
    ramdisk = build_ramdisk(tmp_path / "every", PACKAGES, every_machine=True)
    cd = tmp_path / "agent.iso"
    make_boot_iso(cd, ramdisk, parameters("ipa-inspection-collectors=default"))
    media = ("-drive", f"if=none,id=cd,media=cdrom,readonly=on,file={cd}")
    media += ("-device", "ide-cd,drive=cd,bus=ide.5", "-boot", "d")
    metal.power_on(*media, machine="q35", nic="e1000e", bus="ide-hd")

    wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")

    found = conductor.inspections[0]["inventory"]
    assert [(disk["name"], disk["serial"]) for disk in found["disks"]] == [("/dev/sda", "DISK-1")]
    assert found["interfaces"][0]["driver"] == "e1000e"
    step = {"step": "erase_devices_metadata", "interface": "deploy"}
    done = conductor.run("clean.execute_clean_step", {"step": step})
    assert done["command_status"] == "SUCCEEDED", done


def test_a_ramdisk_is_built_once_and_is_the_same_again(ramdisk: Ramdisk, tmp_path: Path) -> None:
    before = ramdisk.initramfs.stat().st_mtime_ns
    assert ensure_ramdisk(ramdisk.initramfs.parent, PACKAGES) == ramdisk
    assert ramdisk.initramfs.stat().st_mtime_ns == before

    again = build_ramdisk(tmp_path / "again", PACKAGES)

    assert again.initramfs.read_bytes() == ramdisk.initramfs.read_bytes()
    assert sorted(path.name for path in again.kernel.parent.iterdir()) == ["initramfs", "kernel"]
    assert ramdisk.initramfs.stat().st_size < 8 * MIB
