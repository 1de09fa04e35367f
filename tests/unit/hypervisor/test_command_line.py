"""What QEMU is told."""

from __future__ import annotations

import itertools
import json
from typing import Any

import msgspec

from unkai.hypervisor.model import Disk, ImageRef, Layer, Machine, Nic, RootDisk
from unkai.hypervisor.qemu.command import Launch, command_line
from unkai.hypervisor.qemu.volumes import OpenDisk, OpenLayer

IMAGE = ImageRef(id="i1", sha256="0" * 64, format="qcow2", virtual_size_bytes=1024)
MACHINE = Machine(
    server_id="6f1f2a00-0000-4000-8000-000000000001",
    name="web",
    project_id="p1",
    vcpus=2,
    memory_mib=512,
    root_disk=RootDisk(size_bytes=1 << 30, image=IMAGE),
    nics=(Nic(port_id="p1", mac="fa:16:3e:00:00:01", mtu=1442),),
)
LAUNCH = Launch(
    binary="qemu",
    mark="unkai-x-1",
    accelerator="tcg",
    translation_cache_mib=32,
    root_disk="root-1.qcow2",
    image_fd=7,
    nic_fds=(8,),
    uefi_code="/ovmf/code.fd",
)


def values(line: list[str], flag: str) -> list[str]:
    return [value for word, value in itertools.pairwise(line) if word == flag]


def nodes(line: list[str]) -> dict[str, dict[str, Any]]:
    return {node["node-name"]: node for node in map(json.loads, values(line, "-blockdev"))}


def test_the_chain_of_the_root_disk_is_spelled_out() -> None:
    root = nodes(command_line(MACHINE, LAUNCH, 3))["root"]

    assert root["driver"] == "qcow2" and root["file"]["filename"] == "root-1.qcow2"
    assert root["backing"]["driver"] == "qcow2" and root["backing"]["read-only"]
    assert root["backing"]["backing"] is None
    assert root["backing"]["file"]["filename"] == "/dev/fdset/1"


def test_a_raw_image_is_never_probed() -> None:
    raw = msgspec.structs.replace(IMAGE, format="raw")
    disk = RootDisk(size_bytes=1 << 30, image=raw)
    machine = msgspec.structs.replace(MACHINE, root_disk=disk)
    backing = nodes(command_line(machine, LAUNCH, 3))["root"]["backing"]
    assert backing["driver"] == "raw" and "backing" not in backing


def test_a_blank_disk_has_nothing_below() -> None:
    machine = msgspec.structs.replace(MACHINE, root_disk=RootDisk(size_bytes=1 << 30))
    line = command_line(machine, msgspec.structs.replace(LAUNCH, image_fd=None), 3)
    assert nodes(line)["root"]["backing"] is None
    assert "-add-fd" not in line


def test_nics_are_descriptors_and_nothing_else() -> None:
    line = command_line(MACHINE, LAUNCH, 3)
    assert values(line, "-netdev") == ["tap,id=tap0,fd=8"]
    (nic,) = (word for word in values(line, "-device") if word.startswith("virtio-net"))
    assert "mac=fa:16:3e:00:00:01" in nic and "host_mtu=1442" in nic


def test_it_is_caged_and_waits() -> None:
    line = command_line(MACHINE, LAUNCH, 3)
    (sandbox,) = values(line, "-sandbox")
    assert sandbox.startswith("on") and sandbox.count("=deny") == 4
    assert "-S" in line and "-nodefaults" in line and "-no-user-config" in line
    assert "-daemonize" not in line and "-runas" not in line
    assert "fd=3" in values(line, "-chardev")[0]


def test_accelerators() -> None:
    assert values(command_line(MACHINE, LAUNCH, 3), "-accel") == ["tcg,thread=multi,tb-size=32"]
    kvm = command_line(MACHINE, msgspec.structs.replace(LAUNCH, accelerator="kvm"), 3)
    assert values(kvm, "-accel") == ["kvm"] and values(kvm, "-cpu") == ["host"]


def test_uefi_and_config_drive_only_when_asked() -> None:
    plain = command_line(MACHINE, LAUNCH, 3)
    assert values(plain, "-drive") == [] and "config" not in nodes(plain)
    rich = msgspec.structs.replace(MACHINE, firmware="uefi", config_drive=b"")
    line = command_line(rich, LAUNCH, 3)
    assert ["/ovmf/code.fd" in drive for drive in values(line, "-drive")] == [True, False]
    assert nodes(line)["config"]["read-only"]


def test_a_comma_in_a_serial_number_stays_in_it() -> None:
    odd = msgspec.structs.replace(MACHINE, serial="a,uuid=x")
    (identity,) = values(command_line(odd, LAUNCH, 3), "-smbios")
    assert "serial=a,,uuid=x," in identity


def test_a_volume_is_descriptors_with_its_chain_spelled_out() -> None:
    layers = (Layer(path="/v/top", format="qcow2"), Layer(path="/v/base", format="raw"))
    disk = Disk(
        volume_id="0d9fa4a6-0000-4000-8000-000000000001",
        size_bytes=1 << 30,
        layers=layers,
        qos={"total_iops_sec": 100, "read_bytes_sec": 1000, "size_iops_sec": 1},
    )
    opened = OpenDisk(
        disk=disk,
        layers=(
            OpenLayer(layer=layers[0], fds=(20, 21), direct=True),
            OpenLayer(layer=layers[1], fds=(22,), direct=False),
        ),
    )
    machine = msgspec.structs.replace(MACHINE, disks=(disk,))
    launch = msgspec.structs.replace(LAUNCH, disks=(opened,))
    line = command_line(machine, launch, 3)

    throttled = nodes(line)["v0d9fa4a60000400080000000-t"]
    top = throttled["file"]
    assert throttled["driver"] == "throttle" and top["driver"] == "qcow2" and not top["read-only"]
    assert top["file"]["filename"] == "/dev/fdset/2" and top["cache"]["direct"]
    base = top["backing"]
    assert base["driver"] == "raw" and base["read-only"] and "backing" not in base
    assert base["file"]["filename"] == "/dev/fdset/3"
    assert "/v/" not in " ".join(line)
    sets = values(line, "-add-fd")
    assert [one.split(",opaque")[0] for one in sets] == [
        "fd=7,set=1",
        "fd=20,set=2",
        "fd=21,set=2",
        "fd=22,set=3",
    ]
    (group,) = map(json.loads, values(line, "-object"))
    assert group["limits"] == {"iops-total": 100, "bps-read": 1000}
    (device,) = (json.loads(word) for word in values(line, "-device") if word.startswith("{"))
    assert device["serial"] == "0d9fa4a6-0000-4000-8" and device["bus"] == "volumes"
    assert set(launch.fds) == {7, 8, 20, 21, 22}


def test_a_root_on_a_volume_has_no_file_of_its_own() -> None:
    layer = Layer(path="/v/root", format="raw")
    disk = Disk(volume_id="0d9fa4a6-0000-4000-8000-000000000001", size_bytes=1, layers=(layer,))
    machine = msgspec.structs.replace(MACHINE, root_disk=RootDisk(size_bytes=1, volume=disk))
    opened = OpenDisk(disk=disk, layers=(OpenLayer(layer=layer, fds=(20, 21), direct=False),))
    launch = msgspec.structs.replace(LAUNCH, image_fd=None, disks=(opened,))
    line = command_line(machine, launch, 3)
    assert set(nodes(line)) == {"v0d9fa4a60000400080000000-0"}
    (device,) = (json.loads(word) for word in values(line, "-device") if word.startswith("{"))
    assert device["bootindex"] == 1 and device["id"] == "root-disk"
