"""The deploy agent on a machine: one boot, a conductor, and everything that conductors ask for."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.ramdisk_rigs import (
    MAC,
    NODE,
    TOKEN,
    Conductor,
    Metal,
    digest_of,
    direct,
    wait_for,
)
from unkai.guests.ramdisk import Ramdisk, ensure_ramdisk
from unkai.hypervisor.config_drive import make_iso
from unkai.kit import netns

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("ramdisk")]
CACHE = Path(__file__).parents[2] / ".cache"
MIB = 1024 * 1024
DISK_MIB = 96
FILES = "http://10.0.2.2:6385/files"


@pytest.fixture(scope="module")
def ramdisk() -> Ramdisk:
    return ensure_ramdisk(CACHE / "ramdisk", CACHE / "packages")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small disk image with an ext4 root, as it is and compressed; and one too large."""
    folder = tmp_path_factory.mktemp("files")
    root = folder / "root.ext4"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", root, "16M"], check=True)
    image = bytearray(20 * MIB)
    image[MIB : 17 * MIB] = root.read_bytes()
    (folder / "os.raw").write_bytes(image)
    table = b"label: gpt\nstart=2048, size=32768, type=linux, name=rootfs\n"
    subprocess.run(["sfdisk", "-q", folder / "os.raw"], input=table, check=True)
    data = (folder / "os.raw").read_bytes()
    (folder / "os.gz").write_bytes(gzip.compress(data))
    subprocess.run(["zstd", "-q", folder / "os.raw", "-o", folder / "os.zst"], check=True)
    with (folder / "large").open("wb") as file:
        file.truncate((DISK_MIB + 32) * MIB)
    subprocess.run(["sfdisk", "-q", folder / "large"], input=table, check=True)
    (folder / "large.gz").write_bytes(gzip.compress((folder / "large").read_bytes(), 1))
    return folder


@pytest.fixture(scope="module")
def conductor(files: Path) -> Iterator[Conductor]:
    namespace = f"unkai-ramdisk-{os.getpid()}"
    netns.create(namespace)
    made = Conductor(namespace, files)
    try:
        yield made
    finally:
        made.close()
        netns.delete(namespace)


@pytest.fixture(scope="module")
def metal(
    ramdisk: Ramdisk, conductor: Conductor, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Metal]:
    """A machine that was started, and has called home."""
    folder = tmp_path_factory.mktemp("metal")
    made = Metal(conductor.namespace, folder, {"DISK-0": 8, "DISK-1": DISK_MIB})
    conductor.known = False
    try:
        made.power_on(*direct(ramdisk, "ipa-inspection-collectors=default"))
        wait_for(lambda: len(conductor.lookups) > 1 or None, "a second lookup")
        assert not conductor.heartbeats
        conductor.known = True
        wait_for(lambda: conductor.heartbeats or None, "the first heartbeat")
        yield made
    finally:
        print(made.console())
        made.power_off()


def image(files: Path, name: str, **more: Any) -> dict[str, Any]:
    hashed = digest_of(files / name, "sha256")
    return {"id": name, "urls": [f"{FILES}/{name}"], "disk_format": "raw", **hashed, **more}


def disk(metal: Metal) -> bytes:
    return metal.disks["DISK-1"].read_bytes()


def table(metal: Metal) -> str:
    return subprocess.run(
        ["sfdisk", "-d", metal.disks["DISK-1"]], capture_output=True, text=True, check=False
    ).stdout


def test_a_machine_that_becomes_known_calls_home(metal: Metal, conductor: Conductor) -> None:
    assert MAC in conductor.lookups[0]
    beat = conductor.heartbeats[0]
    assert beat["callback_url"] == "http://10.0.2.15:9999"
    assert beat["agent_token"] == TOKEN
    assert beat["agent_version"].endswith("+unkai")
    assert TOKEN not in metal.console()
    assert "no node has this address" in metal.console()


def test_the_inventory_is_the_machine(metal: Metal, conductor: Conductor) -> None:
    (sent,) = conductor.inspections
    found = sent["inventory"]
    assert sent["error"] is None
    assert sent["boot_interface"] == MAC
    assert [each["serial"] for each in found["disks"]] == ["DISK-0", "DISK-1"]
    assert [each["size"] for each in found["disks"]] == [8 * MIB, DISK_MIB * MIB]
    (nic,) = found["interfaces"]
    assert (nic["mac_address"], nic["has_carrier"], nic["ipv4_address"]) == (MAC, True, "10.0.2.15")
    assert found["memory"]["physical_mb"] == 384
    assert found["system_vendor"]["serial_number"] == "SN-1"
    assert found["boot"] == {"current_boot_mode": "bios", "pxe_interface": MAC}
    assert (found["cpu"]["count"], found["cpu"]["architecture"]) == (1, "x86_64")
    assert conductor.run("poll.get_hardware_info")["command_result"]["disks"] == found["disks"]


def test_only_its_conductor_commands_it(metal: Metal, conductor: Conductor) -> None:
    body: dict[str, Any] = {"name": "standby.power_off", "params": {}}
    for token in (None, "", TOKEN[:-1], TOKEN[:-1] + "X"):
        assert conductor.call("POST", "/v1/commands/", body, token=token)[0] == 401
        assert conductor.call("GET", "/v1/commands", token=token)[0] == 401
    assert conductor.call("GET", "/v1/status", token=None)[1]["version"].endswith("+unkai")
    assert conductor.call("GET", "/", token=None)[0] == 200
    assert not metal.is_off()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"params": {}}', 400),
        (b'{"name": 1}', 400),
        (b'{"name": "standby.sync", "params": [1]}', 400),
        (b'{"name": "standby.dance"}', 400),
        (b'{"name": "dance.tango"}', 404),
        (b"[" * 100_000, 400),
    ],
)
def test_a_bad_command_is_refused(
    metal: Metal, conductor: Conductor, body: bytes, status: int
) -> None:
    code, answer = conductor.call("POST", "/v1/commands", body)

    assert (code, answer["code"]) == (status, status)
    assert answer["message"] and answer["faultstring"]


def test_steps_are_listed(metal: Metal, conductor: Conductor) -> None:
    for kind in ("deploy", "clean", "service"):
        found = conductor.run(f"{kind}.get_{kind}_steps", {"node": {}, "ports": []})
        assert found["command_result"]["hardware_manager_version"] == {"unkai": "1"}
        steps = found["command_result"][f"{kind}_steps"]["unkai"]
        if kind == "clean":
            assert {(step["interface"], step["step"]): step["priority"] for step in steps} == {
                ("deploy", "erase_devices_metadata"): 99,
                ("deploy", "erase_devices"): 0,
                ("raid", "create_configuration"): 0,
                ("raid", "delete_configuration"): 0,
            }


@pytest.mark.parametrize("name", ["os.raw", "os.gz", "os.zst"])
def test_an_image_is_written_and_grown(
    metal: Metal, conductor: Conductor, files: Path, name: str
) -> None:
    done = conductor.run("standby.prepare_image", {"image_info": image(files, name)})

    assert done["command_status"] == "SUCCEEDED", done
    assert "written to device /dev/vdb" in done["command_result"]["result"]
    assert "file system grown to 94 MiB" in done["command_result"]["result"]
    assert table(metal).count("start=") == 1
    root = metal.folder / "root"
    root.write_bytes(disk(metal)[MIB : 95 * MIB])
    subprocess.run(["e2fsck", "-fn", root], check=True, capture_output=True)
    assert metal.disks["DISK-0"].read_bytes().strip(b"\0") == b""


def test_a_config_drive_is_at_the_end(metal: Metal, conductor: Conductor, files: Path) -> None:
    drive = make_iso({"openstack/latest/meta_data.json": b"{}"})
    packed = base64.b64encode(gzip.compress(drive)).decode()
    params = {"image_info": image(files, "os.zst"), "configdrive": packed}

    done = conductor.run("standby.prepare_image", params)

    assert done["command_status"] == "SUCCEEDED", done
    line = next(line for line in table(metal).splitlines() if 'name="config-2"' in line)
    start = int(line.split("start=")[1].split(",")[0])
    assert disk(metal)[start * 512 :].startswith(drive)
    uuids = conductor.run("standby.get_partition_uuids")["command_result"]
    assert len(uuids["partitions"]) == 2


def test_one_command_at_a_time(metal: Metal, conductor: Conductor, files: Path) -> None:
    first = conductor.run(
        "standby.prepare_image", {"image_info": image(files, "os.gz")}, wait=False
    )
    busy, answer = conductor.call("POST", "/v1/commands", {"name": "standby.sync"})
    assert (first["command_status"], busy, answer["type"]) == ("RUNNING", 409, "AgentIsBusy")

    path = f"/v1/commands/{first['id']}"
    assert conductor.call("GET", path + "?wait=true")[1]["command_status"] == "SUCCEEDED"
    listed = conductor.call("GET", "/v1/commands/")[1]["commands"]
    assert listed[-1]["id"] == first["id"]


def test_a_wrong_checksum_leaves_nothing_that_boots(
    metal: Metal, conductor: Conductor, files: Path
) -> None:
    wrong = image(files, "os.gz", os_hash_value="0" * 64)

    done = conductor.run("standby.prepare_image", {"image_info": wrong})

    assert done["command_status"] == "FAILED"
    assert done["command_error"]["type"] == "ImageChecksumError"
    assert hashlib.sha256((files / "os.gz").read_bytes()).hexdigest() in str(done["command_error"])
    assert not disk(metal)[:MIB].strip(b"\0")
    assert table(metal) == ""


@pytest.mark.parametrize("name", ["large", "large.gz"])
def test_an_image_that_does_not_fit_is_not_begun(
    metal: Metal, conductor: Conductor, files: Path, name: str
) -> None:
    before = disk(metal)

    done = conductor.run("standby.prepare_image", {"image_info": image(files, name)})

    assert done["command_error"]["type"] == "ImageWriteError"
    assert f"{(DISK_MIB + 32) * MIB} bytes large" in done["command_error"]["message"]
    assert disk(metal) == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"urls": [f"{FILES}/missing"]}, "answered 404"),
        ({"urls": ["http://10.0.2.2:1/os.raw"]}, "reading http://10.0.2.2:1/os.raw failed"),
        ({"disk_format": "qcow2"}, "qcow2"),
        ({"os_hash_algo": "md5"}, "sha256 or sha512"),
        ({"compression": "zstd"}, "cannot be decoded"),
        ({"urls": []}, "list of URLs"),
    ],
)
def test_an_image_that_cannot_be_had_fails_with_the_reason(
    metal: Metal, conductor: Conductor, files: Path, change: dict[str, Any], said: str
) -> None:
    info = image(files, "os.raw") | change

    done = conductor.run("standby.prepare_image", {"image_info": info})

    assert done["command_status"] == "FAILED"
    assert said in done["command_error"]["message"], done


def test_cleaning_leaves_no_metadata_and_then_nothing(
    metal: Metal, conductor: Conductor, files: Path
) -> None:
    conductor.run("standby.prepare_image", {"image_info": image(files, "os.zst")})
    assert b"\x53\xef" in disk(metal)
    step = {"step": "erase_devices_metadata", "interface": "deploy", "args": None, "priority": 99}

    done = conductor.run("clean.execute_clean_step", {"step": step, "node": {}, "ports": []})

    assert done["command_result"]["clean_step"] == step
    data = disk(metal)
    assert not data[:MIB].strip(b"\0") and not data[-MIB:].strip(b"\0")
    with metal.disks["DISK-1"].open("r+b") as file:
        file.seek(40 * MIB)
        file.write(b"the last tenant's letters")
    whole = {"step": "erase_devices", "interface": "deploy"}
    done = conductor.run("clean.execute_clean_step", {"step": whole, "node": {}, "ports": []})
    assert done["command_status"] == "SUCCEEDED", done
    assert not disk(metal).strip(b"\0")


def test_steps_of_another_version_are_refused(metal: Metal, conductor: Conductor) -> None:
    step = {"step": "erase_devices_metadata", "interface": "deploy"}
    params = {"step": step, "clean_version": {"unkai": "0"}}
    done = conductor.run("clean.execute_clean_step", params)
    assert done["command_status"] == "CLEAN_VERSION_MISMATCH"


def test_it_keeps_telling_and_its_log_is_kept(metal: Metal, conductor: Conductor) -> None:
    beats = len(conductor.heartbeats)
    conductor.run("image.install_bootloader")
    wait_for(lambda: len(conductor.heartbeats) > beats or None, "a heartbeat after a command", 3)

    logs = conductor.run("log.collect_system_logs")["command_result"]["system_logs"]

    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(logs))) as tar:
        kept = {name: tar.extractfile(name) for name in ("log", "dmesg", "inventory.json")}
        text = kept["log"].read().decode() if kept["log"] else ""
    assert f"this is node {NODE}" in text
    assert TOKEN not in text


def test_it_goes_when_it_is_told(metal: Metal, conductor: Conductor) -> None:
    assert conductor.run("standby.sync")["command_status"] == "SUCCEEDED"
    conductor.run("standby.power_off", wait=False)
    metal.wait_off()
