"""How a volume is opened: the word between this service, compute and the hypervisors.

The whole chain is spelled out, so that no name and no format inside a file is ever believed: a
layer is opened as the format said here, its backing is the next layer, and the last has none.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class Layer(Struct, frozen=True, kw_only=True):
    """One file. Only the first is written to; those below never change.

    encrypted: its qcow2 says how (LUKS); the key is the volume's, which travels apart from this.
    """

    path: str
    format: Literal["raw", "qcow2"]
    encrypted: bool = False


class Connection(Struct, frozen=True, kw_only=True):
    """How one volume is opened.

    driver: "file": `layers`, the first on top, as files of this machine; "fake": nothing real;
    "rbd", "iscsi": `target` says what their clients need.
    serial: what the guest reads as the disk's serial number. cache: QEMU's word. qos: limits that
    the hypervisor keeps ("total_iops_sec", "total_bytes_sec", ...).
    """

    driver: Literal["file", "fake", "rbd", "iscsi"]
    volume_id: str
    serial: str
    size_bytes: int
    layers: tuple[Layer, ...] = ()
    target: dict[str, str] = {}
    read_only: bool = False
    shareable: bool = False
    cache: Literal["none", "writeback", "writethrough"] = "none"
    qos: dict[str, int] = {}
    encrypted: bool = False
