"""Volumes as QEMU is told of them: the whole chain spelled out, every file as a descriptor.

A layer is named by its place from the bottom, so that a layer put on top renames none. The name of
a node has at most 31 characters; what a volume's id loses by that is of no weight on one machine.

What opens a volume (a password, a key) is an object of QEMU's: said by the monitor, or read from a
file without a name where QEMU starts with it, so that no list of processes shows it.

Cinder's words for limits become a throttle group of the volume's own, above its chain.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct

from unkai.hypervisor import refusals
from unkai.hypervisor.model import Disk, Layer, Secrets
from unkai.kit import qcow2

BUS = "volumes"
"""A bridge with room for 31 disks, which costs the firmware as little as one more device."""
ROOT_DEVICE = "root-disk"
SECRETS = ("luks", "cephx")
_LIMITS = {"iops": "iops", "bytes": "bps"}


class OpenLayer(Struct, frozen=True, kw_only=True):
    """Descriptors of a layer: for reading, and of the one on top also for writing."""

    layer: Layer
    fds: tuple[int, ...]
    direct: bool


class OpenDisk(Struct, frozen=True, kw_only=True):
    """A volume whose files are open. layers: the first on top. secret_fds: secrets, to be read."""

    disk: Disk
    layers: tuple[OpenLayer, ...]
    secrets: Secrets = {}
    secret_fds: dict[str, int] = {}

    @property
    def fds(self) -> list[int]:
        return [*(fd for layer in self.layers for fd in layer.fds), *self.secret_fds.values()]

    def close(self) -> None:
        for fd in self.fds:
            os.close(fd)


def open_disk(disk: Disk, secrets: Secrets) -> OpenDisk:
    """Conflict("volume-unreadable"); some files' worth of disk work."""
    if not disk.layers:
        raise refusals.volume_unreadable(f"of {disk.volume_id}", "it has none")
    with ExitStack() as undo:
        opened = [_kept_layer(undo, disk, number) for number in range(len(disk.layers))]
        fds = {use: _kept_secret(undo, secret.value) for use, secret in secrets.items()}
        undo.pop_all()
    return OpenDisk(disk=disk, layers=tuple(opened), secrets=secrets, secret_fds=fds)


def _kept_secret(undo: ExitStack, value: str) -> int:
    """A file without a name, which the guest's user may read by the descriptor it is given."""
    fd = os.memfd_create("secret", os.MFD_CLOEXEC)
    undo.callback(os.close, fd)
    os.write(fd, value.encode())
    return fd


def _kept_layer(undo: ExitStack, disk: Disk, number: int) -> OpenLayer:
    if disk.driver == "rbd":
        return OpenLayer(layer=disk.layers[number], fds=(), direct=disk.cache == "none")
    written = number == 0 and not disk.read_only
    opened = _open_layer(disk.layers[number], disk, written=written)
    for fd in opened.fds:
        undo.callback(os.close, fd)
    return opened


def open_disks(disks: Sequence[Disk], secrets: Mapping[str, Secrets]) -> tuple[OpenDisk, ...]:
    """All or none, for the caller to close."""
    with ExitStack() as undo:
        opened = [_kept(undo, disk, secrets.get(disk.volume_id, {})) for disk in disks]
        undo.pop_all()
    return tuple(opened)


def lengthen(disk: Disk) -> None:
    """A volume that no process has open becomes as large as the disk.

    What this does not know how to make larger grows when QEMU opens it; what lies below and
    reaches further would show through, which QEMU sees to as well.
    """
    if not disk.layers or disk.driver != "file" or disk.read_only:
        return
    top, *below = disk.layers
    try:
        size = _length(top)
        if size >= disk.size_bytes or any(_length(one) > size for one in below[:1]):
            return
        if top.format == "raw":
            os.truncate(top.path, disk.size_bytes)
        else:
            qcow2.lengthen(Path(top.path), disk.size_bytes)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else None
        raise refusals.volume_unreadable(top.path, why or str(error)) from error


def _length(layer: Layer) -> int:
    if layer.format == "raw":
        return os.stat(layer.path).st_size
    return qcow2.size_of(Path(layer.path))


def _kept(undo: ExitStack, disk: Disk, secrets: Secrets) -> OpenDisk:
    opened = open_disk(disk, secrets)
    undo.callback(opened.close)
    return opened


def _open_layer(layer: Layer, disk: Disk, *, written: bool) -> OpenLayer:
    base = os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        direct = disk.cache == "none" and _goes_direct(layer.path, base)
        flags = base | (os.O_DIRECT if direct else 0)
        reading = os.open(layer.path, os.O_RDONLY | flags)
        if not written:
            return OpenLayer(layer=layer, fds=(reading,), direct=direct)
        try:
            fds = (reading, os.open(layer.path, os.O_RDWR | flags))
        except OSError:
            os.close(reading)
            raise
    except OSError as error:
        raise refusals.volume_unreadable(layer.path, error.strerror or str(error)) from error
    return OpenLayer(layer=layer, fds=fds, direct=direct)


def _goes_direct(path: str, base: int) -> bool:
    """Some file systems (tmpfs) have no way past the host's memory."""
    try:
        fd = os.open(path, os.O_RDONLY | base | os.O_DIRECT)
    except OSError:
        return False
    direct = bool(fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_DIRECT)
    os.close(fd)
    return direct


def name_of(volume_id: str) -> str:
    return "v" + volume_id.replace("-", "")[:24]


def layer_name(volume_id: str, from_bottom: int) -> str:
    return f"{name_of(volume_id)}-{from_bottom}"


def top_name(disk: Disk) -> str:
    """The node that the guest's device is on, and that its size is changed by."""
    if limits(disk):
        return f"{name_of(disk.volume_id)}-t"
    return layer_name(disk.volume_id, len(disk.layers) - 1)


def device_id(disk: Disk) -> str:
    return disk.device or own_device(disk.volume_id)


def own_device(volume_id: str) -> str:
    return f"disk-{volume_id}"


def free_device(volume_id: str, others: Iterable[Disk]) -> str:
    """The `device` of a volume that comes to these; empty where it may be named after itself."""
    own, taken = own_device(volume_id), {device_id(one) for one in others}
    numbered = (f"{own}-{number}" for number in count(2))
    return "" if own not in taken else next(name for name in numbered if name not in taken)


def disk_of(qdev: str) -> str:
    """Of a device's path: a volume's id, "root" or "config"."""
    device = next(
        (part for part in qdev.split("/") if part.startswith(("disk-", "root-", "config-"))), qdev
    )
    return device.removeprefix("disk-") if device.startswith("disk-") else device.split("-")[0]


def group_id(volume_id: str) -> str:
    return f"limits-{volume_id}"


def secret_id(volume_id: str, use: str) -> str:
    return f"{use}-{volume_id}"


def secret(opened: OpenDisk, use: str) -> dict[str, Any]:
    """The arguments of object-add; never for a log."""
    return {**_secret(opened.disk, use), "data": opened.secrets[use].value}


def _secret(disk: Disk, use: str) -> dict[str, Any]:
    name = secret_id(disk.volume_id, use)
    return {"qom-type": "secret", "id": name, "format": "base64"}


def limits(disk: Disk) -> dict[str, int]:
    """As a throttle group has them; words that QEMU has no limit for are left out."""
    found: dict[str, int] = {}
    for word, value in disk.qos.items():
        match word.split("_"):
            case [("total" | "read" | "write") as what, ("iops" | "bytes") as unit, "sec"]:
                found[f"{_LIMITS[unit]}-{what}"] = value
            case [("total" | "read" | "write") as what, ("iops" | "bytes") as unit, "sec", "max"]:
                found[f"{_LIMITS[unit]}-{what}-max"] = value
            case _:
                continue
    return {name: value for name, value in found.items() if value > 0}


def group(disk: Disk) -> dict[str, Any]:
    """The arguments of object-add; only for a disk with limits."""
    return {
        "qom-type": "throttle-group",
        "id": group_id(disk.volume_id),
        "limits": limits(disk),
    }


def layer_node(opened: OpenDisk, number: int, fd_set: int) -> dict[str, Any]:
    """The layer's own node, with nothing below. number: 0 is the top. fd_set: 0 if it has none."""
    disk, layer = opened.disk, opened.layers[number]
    read_only = number > 0 or disk.read_only
    cache = {"direct": layer.direct, "no-flush": False}
    node: dict[str, Any] = {
        "driver": layer.layer.format,
        "node-name": layer_name(disk.volume_id, len(opened.layers) - 1 - number),
        "read-only": read_only,
        "discard": "unmap",
        "cache": cache,
        "file": {
            **(_image(disk) if disk.driver == "rbd" else _file(fd_set)),
            "read-only": read_only,
            "discard": "unmap",
            "cache": cache,
        },
    }
    if layer.layer.format == "qcow2":
        node["backing"] = None
    if layer.layer.encrypted:
        node["encrypt"] = {"format": "luks", "key-secret": secret_id(disk.volume_id, "luks")}
    return node


def _file(fd_set: int) -> dict[str, Any]:
    return {"driver": "file", "filename": f"/dev/fdset/{fd_set}"}


def _image(disk: Disk) -> dict[str, Any]:
    """Of a Ceph cluster, whose monitors are named here so that no file needs to be read."""
    places = [mon.rpartition(":") for mon in disk.target["mons"].split(",")]
    return {
        "driver": "rbd",
        "pool": disk.target["pool"],
        "image": disk.layers[0].path,
        "user": disk.target["user"],
        "key-secret": secret_id(disk.volume_id, "cephx"),
        "server": [{"host": host.strip("[]"), "port": port} for host, _, port in places],
    }


def chain(opened: OpenDisk, fd_sets: Sequence[int]) -> dict[str, Any]:
    """The node of the whole disk. fd_sets: of each layer, the first on top."""
    below: dict[str, Any] | None = None
    for number in reversed(range(len(opened.layers))):
        node = layer_node(opened, number, fd_sets[number])
        if below is not None:
            node["backing"] = below
        below = node
    assert below is not None
    if not limits(opened.disk):
        return below
    return {
        "driver": "throttle",
        "node-name": top_name(opened.disk),
        "throttle-group": group_id(opened.disk.volume_id),
        "file": below,
    }


def device(disk: Disk) -> dict[str, Any]:
    """The arguments of device_add."""
    return {
        "driver": "virtio-blk-pci",
        "id": device_id(disk),
        "bus": BUS,
        **_properties(disk),
    }


def root_device(disk: Disk) -> dict[str, Any]:
    return {
        "driver": "virtio-blk-pci",
        "id": ROOT_DEVICE,
        "bootindex": 1,
        **_properties(disk),
    }


def on_command_line(opened: OpenDisk, first_set: int, *, root: bool) -> list[str]:
    """first_set: of the sets of descriptors that it takes, one for each layer."""
    disk = opened.disk
    line: list[str] = []
    sets = range(first_set, first_set + len(opened.layers))
    for fd_set, layer in zip(sets, opened.layers, strict=True):
        for fd in layer.fds:
            line += ["-add-fd", f"fd={fd},set={fd_set},opaque={name_of(disk.volume_id)}"]
    for use, fd in opened.secret_fds.items():
        told = {**_secret(disk, use), "file": f"/proc/self/fd/{fd}"}
        line += ["-object", json.dumps(told)]
    if limits(disk):
        line += ["-object", json.dumps(group(disk))]
    line += ["-blockdev", json.dumps(chain(opened, sets))]
    return [*line, "-device", json.dumps(root_device(disk) if root else device(disk))]


def _properties(disk: Disk) -> dict[str, Any]:
    return {
        "drive": top_name(disk),
        "serial": disk.volume_id[:20],
        "share-rw": disk.shareable,
        "write-cache": "off" if disk.cache == "writethrough" else "on",
    }
