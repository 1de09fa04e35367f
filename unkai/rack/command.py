"""The command line of one machine, as a pure function.

Power on is a start of QEMU, power off its end, as on metal. The firmware's boot order is QEMU's
boot indexes: fixed at each reset, so what is set right after a reset counts for the next one. The
disk hangs below a node of its own that can be given a failing one at any moment. The CD drive is
always there and empty; media come by the monitor.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from unkai.rack.model import BootDevice, Identity, MachineSpec, RackSettings

DISK_FILE = "disk.qcow2"
"""The first disk's; the others' have their number behind the name."""
CD_FILE = "cd.iso"
VARIABLES_FILE = "variables.fd"
CONSOLE_LOG = "console.log"
UEFI_CODE: Final = Path("/usr/share/OVMF/OVMF_CODE_4M.fd")
UEFI_VARIABLES: Final = Path("/usr/share/OVMF/OVMF_VARS_4M.fd")

DISK_NODE = "disk"
IMAGE_NODE = "image"
_CACHE_MIB = 128


class Wiring(Struct, frozen=True, kw_only=True):
    """Descriptors that the process inherits."""

    monitor_fd: int
    serial_fd: int
    tap_fds: tuple[int, ...]


def mark(settings: RackSettings, name: str) -> str:
    """What a machine's process is found by again."""
    return f"guest={settings.run_dir}/{name}"


def disk_file(number: int) -> str:
    return DISK_FILE if number == 0 else DISK_FILE.replace(".", f"{number}.")


def boot_order(device: BootDevice, spec: MachineSpec) -> list[str]:
    """Devices in the order the firmware tries them, by their QEMU ids."""
    cards = [f"nic{number}" for number in range(spec.nics)]
    disks = [f"disk{number}" for number in range(spec.disks)]
    if device in ("pxe", "http"):
        return [*cards, *disks, "cd0"]
    if device == "cdrom":
        return ["cd0", *disks, *cards]
    return [*disks, *cards, "cd0"]


def _by_http() -> list[str]:
    """The firmware tries PXE before HTTP wherever it may: until the machine is off, it may not."""
    names = (f"name=opt/org.tianocore/IPv{version}PXESupport" for version in (4, 6))
    return [word for name in names for word in ("-fw_cfg", f"{name},string=no")]


def command_line(
    settings: RackSettings,
    spec: MachineSpec,
    identity: Identity,
    wiring: Wiring,
    device: BootDevice,
) -> list[str]:
    index = {name: i + 1 for i, name in enumerate(boot_order(device, spec))}
    line = [
        "qemu-system-x86_64",
        *("-name", f"{mark(settings, spec.name)},debug-threads=on"),
        *("-uuid", identity.uuid),
        "-S",
        "-no-user-config",
        "-nodefaults",
        *("-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
        *("-chardev", f"socket,id=monitor,fd={wiring.monitor_fd},server=on,wait=off"),
        *("-mon", "chardev=monitor,mode=control"),
        *_board(settings, spec, identity),
        *_console(wiring.serial_fd),
        *_disk(spec, index["disk0"]),
        *("-device", "virtio-scsi-pci,id=scsi"),
        *("-device", f"scsi-cd,id=cd0,bus=scsi.0,bootindex={index['cd0']}"),
    ]
    rom = ",romfile=" if spec.firmware == "uefi" else ""
    for number, (nic, fd) in enumerate(zip(identity.nics, wiring.tap_fds, strict=True)):
        card = f"virtio-net-pci,id=nic{number},netdev=tap{number},mac={nic.mac}{rom}"
        line += ["-netdev", f"tap,id=tap{number},fd={fd}"]
        line += ["-device", f"{card},bootindex={index[f'nic{number}']}"]
    if device == "http":
        line += _by_http()
    for number in range(1, spec.disks):
        line += _more_disk(spec, number, index[f"disk{number}"])
    return line


def _board(settings: RackSettings, spec: MachineSpec, identity: Identity) -> list[str]:
    vendor, product = (text.replace(",", ",,") for text in (spec.vendor, spec.product))
    system = f"manufacturer={vendor},product={product},serial={identity.serial}"
    kvm = settings.accelerator == "kvm"
    line = [
        *("-machine", "pc,usb=off,vmport=off,graphics=off"),
        *("-accel", "kvm" if kvm else f"tcg,thread=multi,tb-size={_CACHE_MIB}"),
        *("-cpu", "host" if kvm else "max"),
        *("-smp", str(spec.vcpus)),
        *("-m", str(spec.memory_mib)),
        *("-rtc", "base=utc"),
        *("-smbios", f"type=1,{system},uuid={identity.uuid}"),
        *("-smbios", f"type=3,manufacturer={vendor},serial={identity.serial}"),
        *("-device", "virtio-rng-pci"),
        *("-display", "none"),
    ]
    if spec.firmware == "uefi":
        code = f"if=pflash,unit=0,format=raw,readonly=on,file={UEFI_CODE}"
        line += ["-drive", code, "-drive", f"if=pflash,unit=1,format=raw,file={VARIABLES_FILE}"]
    return line


def _console(serial_fd: int) -> list[str]:
    where = f"fd={serial_fd},server=on,wait=off"
    log = f"logfile={CONSOLE_LOG},logappend=on"
    return ["-chardev", f"socket,id=serial,{where},{log}", "-serial", "chardev:serial"]


def _disk(spec: MachineSpec, index: int) -> list[str]:
    image = _image(IMAGE_NODE, disk_file(0))
    disk = {"driver": "raw", "node-name": DISK_NODE, "discard": "unmap", "file": IMAGE_NODE}
    device = f"virtio-blk-pci,id=disk0,drive={DISK_NODE},serial=DISK-{spec.name}"
    return [
        *("-blockdev", json.dumps(image)),
        *("-blockdev", json.dumps(disk)),
        *("-device", f"{device},bootindex={index}"),
    ]


def _more_disk(spec: MachineSpec, number: int, index: int) -> list[str]:
    """A disk beside the first; none of these fails."""
    node = f"{IMAGE_NODE}{number}"
    device = f"virtio-blk-pci,id=disk{number},drive={node},serial=DISK-{spec.name}-{number}"
    return [
        *("-blockdev", json.dumps(_image(node, disk_file(number)))),
        *("-device", f"{device},bootindex={index}"),
    ]


def _image(node: str, file: str) -> dict[str, Any]:
    return {
        "driver": "qcow2",
        "node-name": node,
        "discard": "unmap",
        "cache": {"direct": False, "no-flush": True},
        "file": {"driver": "file", "filename": file, "discard": "unmap"},
    }
