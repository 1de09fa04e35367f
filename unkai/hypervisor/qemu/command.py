"""The command line of a machine, as a pure function.

QEMU runs in the machine's folder and is told relative names, so that it needs no right on the
folders above and no socket path is too long. What it must not open itself comes as a descriptor:
the monitor, the taps and the cached image below the root disk. The whole chain of the root disk is
spelled out, so that no name and no format inside a disk is ever believed.

`-action shutdown=pause` keeps a guest that powered itself off as a process in the state "shutdown"
until the agent has seen it; so a process that is gone without our doing has always crashed, even if
it happened while Unkai was away. Volumes sit behind a bridge of their own (`volumes.BUS`).
"""

from __future__ import annotations

import json
from typing import Any, Literal

from msgspec import Struct

from unkai.hypervisor.model import ImageRef, Machine, Nic
from unkai.hypervisor.qemu import volumes
from unkai.hypervisor.qemu.volumes import OpenDisk

CONFIG_DRIVE = "config.iso"
FIRMWARE_VARIABLES = "variables.fd"
CONSOLE_LOG = "console.log"
SERIAL_SOCKET = "sockets/serial"
VNC_SOCKET = "sockets/vnc"
AGENT_SOCKET = "sockets/agent"
ROOT_NODE = "root"
_IMAGE_FD_SET = 1


class Launch(Struct, frozen=True, kw_only=True):
    """What only the host knows about a start: descriptors, accelerator, firmware files."""

    binary: str
    mark: str
    accelerator: Literal["kvm", "tcg"]
    translation_cache_mib: int
    root_disk: str
    image_fd: int | None
    disks: tuple[OpenDisk, ...] = ()
    nic_fds: tuple[int, ...]
    uefi_code: str

    @property
    def fds(self) -> list[int]:
        """What the process is given beside its monitor."""
        image = [] if self.image_fd is None else [self.image_fd]
        return [*self.nic_fds, *image, *(fd for disk in self.disks for fd in disk.fds)]


def command_line(machine: Machine, launch: Launch, monitor_fd: int) -> list[str]:
    return [
        launch.binary,
        *_process(machine, launch, monitor_fd),
        *_board(machine, launch),
        *_consoles(),
        *(_root_disk(machine.root_disk.image, launch) if machine.root_disk.volume is None else ()),
        *_volumes(machine, launch.disks),
        *(_config_drive() if machine.config_drive is not None else ()),
        *_nics(machine.nics, launch.nic_fds),
    ]


def _process(machine: Machine, launch: Launch, monitor_fd: int) -> list[str]:
    sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"
    return [
        *("-name", f"guest={launch.mark},debug-threads=on"),
        *("-uuid", machine.server_id),
        *("-sandbox", sandbox),
        "-no-user-config",
        "-nodefaults",
        "-S",
        *("-action", "shutdown=pause"),
        *("-chardev", f"socket,id=monitor,fd={monitor_fd},server=on,wait=off"),
        *("-mon", "chardev=monitor,mode=control"),
    ]


def _board(machine: Machine, launch: Launch) -> list[str]:
    identity = (
        "type=1,manufacturer=Unkai,product=OpenStack Nova"
        f",serial={_escaped(machine.serial or machine.server_id)},uuid={machine.server_id}"
    )
    accelerator = f"tcg,thread=multi,tb-size={launch.translation_cache_mib}"
    board = [
        *("-machine", "q35,usb=off,vmport=off"),
        *("-accel", "kvm" if launch.accelerator == "kvm" else accelerator),
        *("-cpu", "host" if launch.accelerator == "kvm" else "max"),
        *("-smp", str(machine.vcpus)),
        *("-m", str(machine.memory_mib)),
        *("-rtc", "base=utc"),
        *("-smbios", identity),
        *("-device", "virtio-balloon-pci,id=balloon,free-page-reporting=on"),
        *("-device", "virtio-rng-pci"),
    ]
    board += ["-device", f"pcie-pci-bridge,id={volumes.BUS}"]
    if machine.firmware == "uefi":
        board += _pflash(0, launch.uefi_code, read_only=True)
        board += _pflash(1, FIRMWARE_VARIABLES, read_only=False)
    return board


def _pflash(unit: int, path: str, *, read_only: bool) -> list[str]:
    flag = "on" if read_only else "off"
    drive = f"if=pflash,unit={unit},format=raw,readonly={flag},file={_escaped(path)}"
    return ["-drive", drive]


def _consoles() -> list[str]:
    serial = f"socket,id=serial,path={SERIAL_SOCKET},server=on,wait=off"
    agent = f"socket,id=agent,path={AGENT_SOCKET},server=on,wait=off"
    return [
        *("-display", "none"),
        *("-device", "VGA,vgamem_mb=8"),
        *("-vnc", f"unix:{VNC_SOCKET}"),
        *("-chardev", f"{serial},logfile={CONSOLE_LOG},logappend=on"),
        *("-serial", "chardev:serial"),
        *("-device", "virtio-serial-pci"),
        *("-chardev", agent),
        *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
    ]


def _root_disk(image: ImageRef | None, launch: Launch) -> list[str]:
    backing: dict[str, Any] | None = None
    passed: list[str] = []
    if image is not None:
        passed = ["-add-fd", f"fd={launch.image_fd},set={_IMAGE_FD_SET},opaque=image"]
        backing = {
            "driver": image.format,
            "node-name": "image",
            "read-only": True,
            "file": {"driver": "file", "filename": f"/dev/fdset/{_IMAGE_FD_SET}"},
        }
        if image.format == "qcow2":
            backing["backing"] = None
    node = {
        "driver": "qcow2",
        "node-name": ROOT_NODE,
        "discard": "unmap",
        "file": {"driver": "file", "filename": launch.root_disk, "discard": "unmap"},
        "backing": backing,
    }
    device = f"virtio-blk-pci,id=root-disk,drive={ROOT_NODE},bootindex=1"
    return [*passed, "-blockdev", json.dumps(node), "-device", device]


def _volumes(machine: Machine, disks: tuple[OpenDisk, ...]) -> list[str]:
    line: list[str] = []
    root, fd_set = machine.root_disk.volume, _IMAGE_FD_SET + 1
    for opened in disks:
        is_root = root is not None and opened.disk.volume_id == root.volume_id
        line += volumes.on_command_line(opened, fd_set, root=is_root)
        fd_set += len(opened.layers)
    return line


def _config_drive() -> list[str]:
    node = {
        "driver": "raw",
        "node-name": "config",
        "read-only": True,
        "file": {"driver": "file", "filename": CONFIG_DRIVE},
    }
    return ["-blockdev", json.dumps(node), "-device", "virtio-blk-pci,id=config-drive,drive=config"]


def _nics(nics: tuple[Nic, ...], fds: tuple[int, ...]) -> list[str]:
    line: list[str] = []
    for number, (nic, fd) in enumerate(zip(nics, fds, strict=True)):
        device = f"virtio-net-pci,id=nic{number},netdev=tap{number},mac={nic.mac}"
        line += ["-netdev", f"tap,id=tap{number},fd={fd}"]
        line += ["-device", f"{device},host_mtu={nic.mtu},romfile="]
    return line


def _escaped(value: str) -> str:
    """QEMU reads a doubled comma as a comma of the value."""
    return value.replace(",", ",,")
