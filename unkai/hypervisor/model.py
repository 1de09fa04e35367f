"""What compute and the agent of a host say to each other.

Plain frozen structs that msgspec turns into JSON as they are: the same words travel in process,
over mutual TLS and into the files of a machine's folder.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from msgspec import Struct

from unkai.kit.secret import Secret


class Host(Struct, frozen=True, kw_only=True):
    """What a compute host has to give. `accelerator_reason` says why it is kvm or tcg."""

    hostname: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    accelerator: Literal["kvm", "tcg"]
    accelerator_reason: str
    cpu_arch: str
    cpu_model: str
    qemu_version: str
    boot_id: str


class ImageRef(Struct, frozen=True, kw_only=True):
    """An image as the cache knows it. The format is the inspected one; nobody guesses it again."""

    id: str
    sha256: str
    format: Literal["raw", "qcow2"]
    virtual_size_bytes: int


class Nic(Struct, frozen=True, kw_only=True):
    port_id: str
    mac: str
    mtu: int = 1500


class Layer(Struct, frozen=True, kw_only=True):
    """A file of a volume, opened as this format and no other; encrypted: by LUKS in a qcow2."""

    path: str
    format: Literal["raw", "qcow2"]
    encrypted: bool = False


class Disk(Struct, frozen=True, kw_only=True):
    """A volume as a guest's disk, which reads the first 20 characters of its id as the serial.

    layers: the whole chain, on top the only one that is written to; none on a played host.
    driver: rbd has one layer, an image of a Ceph cluster; target: pool, user, and mons, which are
    HOST:PORT with commas between them.
    cache: "none" goes past the host's memory, where its file system can.
    qos: limits by Cinder's names ("total_iops_sec", "read_bytes_sec", "write_iops_sec_max", ...).
    device: the name that the machine's board has for it, where that is not by its own id: it took
    another volume's place, or its name is that of one that did.
    """

    volume_id: str
    size_bytes: int
    layers: tuple[Layer, ...] = ()
    driver: Literal["file", "rbd"] = "file"
    target: dict[str, str] = {}
    read_only: bool = False
    shareable: bool = False
    cache: Literal["none", "writeback", "writethrough"] = "none"
    qos: dict[str, int] = {}
    device: str = ""


class SwapState(Enum):
    """How far one volume has come in another's place; `closed`: no process has that one open."""

    CLOSED = "closed"
    COPYING = "copying"
    DONE = "done"


Secrets = dict[str, Secret]
"""What opens a volume, by use: "luks" (the password), "cephx" (the user's key).

They travel beside a disk, never in it: its description is written down, and they are not.
"""


class RootDisk(Struct, frozen=True, kw_only=True):
    """On a volume, or a file of the machine's own: above an image, else blank."""

    size_bytes: int
    image: ImageRef | None = None
    volume: Disk | None = None


class Machine(Struct, frozen=True, kw_only=True):
    """Everything the host must know to run a server.

    config_drive: the bytes of an ISO9660 file system (`config_drive.build`), or None.
    serial: the serial number the guest reads from its firmware; the server's id unless set.
    """

    server_id: str
    name: str
    project_id: str
    vcpus: int
    memory_mib: int
    root_disk: RootDisk
    disks: tuple[Disk, ...] = ()
    nics: tuple[Nic, ...] = ()
    config_drive: bytes | None = None
    firmware: Literal["bios", "uefi"] = "bios"
    serial: str | None = None

    @property
    def volumes(self) -> tuple[Disk, ...]:
        """Every volume it has, the root's first."""
        root = self.root_disk.volume
        return self.disks if root is None else (root, *self.disks)


class PowerState(Enum):
    """`stopped` was meant so, by us or the guest; `crashed` was not; `missing` has no folder."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CRASHED = "crashed"
    MISSING = "missing"


class MachineStatus(Struct, frozen=True, kw_only=True):
    """A machine as it is now. `reason` is a sentence where the state needs one, else empty."""

    server_id: str
    power_state: PowerState
    pid: int | None = None
    epoch: int = 0
    reason: str = ""


class NicCounters(Struct, frozen=True, kw_only=True):
    """A NIC's counters as its guest sees them: rx is what the guest received."""

    rx_bytes: int = 0
    rx_packets: int = 0
    rx_errors: int = 0
    rx_drops: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_errors: int = 0
    tx_drops: int = 0


class DiskCounters(Struct, frozen=True, kw_only=True):
    """What a disk has done since the machine's process has it."""

    read_bytes: int = 0
    read_ops: int = 0
    write_bytes: int = 0
    write_ops: int = 0
    errors: int = 0


class Counters(Struct, frozen=True, kw_only=True):
    """What a machine has used since its process began. memory_mib is now's.

    nics: by port id. disks: by volume id; "root" and "config" are the machine's own.
    """

    at: float
    cpu_s: float
    memory_mib: float
    disk_read_bytes: int = 0
    disk_write_bytes: int = 0
    disk_read_ops: int = 0
    disk_write_ops: int = 0
    nics: dict[str, NicCounters] = {}
    disks: dict[str, DiskCounters] = {}


class Metrics(Struct, frozen=True, kw_only=True):
    """Samples, oldest first: `at` in seconds since 1970, each series as long as `at`.

    latest: the last reading of the counters, None where there was none yet.
    """

    every_s: float
    at: list[float]
    series: dict[str, list[float]]
    latest: Counters | None = None


LeftoverKind = Literal["folder", "process", "port", "tap", "file", "image"]


class Leftover(Struct, frozen=True, kw_only=True):
    """Something of ours that belongs to no machine; `remove(server_id)` clears what has a server.

    kind: folder (without its description), process, port (an interface of the switch), tap (without
    one), file (beside the machines' own), image (a file of the cache that is no image's).
    server_id: "" where nothing says whose it was. detail: a path, a pid, a port's id or a tap.
    """

    kind: LeftoverKind
    server_id: str
    detail: str


class Census(Struct, frozen=True, kw_only=True):
    """Both sides of the host: the machines, what is left over, and who owns each plugged port.

    volumes: those each server has, by its id.
    """

    machines: tuple[MachineStatus, ...]
    leftovers: tuple[Leftover, ...] = ()
    ports: dict[str, str] = {}
    volumes: dict[str, tuple[str, ...]] = {}
