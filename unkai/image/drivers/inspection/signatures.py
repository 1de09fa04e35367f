"""Which formats data looks like to any program that guesses.

A program may guess by its first bytes (QEMU), by a sector far inside (ISO 9660) or by its last
sector (VHD). Data that answers to two of them is a polyglot: different tools see different disks.
"""

from __future__ import annotations

import re

from unkai.image.drivers.inspection.source import Source

SECTOR = 512
AT_START: tuple[tuple[bytes, int, str], ...] = (
    (b"QED\0", 0, "qed"),
    (b"KDMV", 0, "vmdk"),
    (b"COWD", 0, "vmdk"),
    (b"\x7f\x10\xda\xbe", 0x40, "vdi"),
    (b"vhdxfile", 0, "vhdx"),
    (b"conectix", 0, "vhd"),
    (b"WithoutFreeSpace", 0, "ploop"),
    (b"WithouFreSpacExt", 0, "ploop"),
    (b"LUKS\xba\xbe", 0, "luks"),
    (b"Bochs Virtual HD Image", 0, "bochs"),
    (b"#!/bin/sh\n#V2.0 Format\n", 0, "cloop"),
)
ISO_AT = (0x8001, 0x8801, 0x9001)
DESCRIPTOR = re.compile(rb"\A(?:#[^\n]*\n|[ \t\r]*\n)*version=", re.IGNORECASE)
ARCHIVES: dict[str, tuple[tuple[bytes, int], ...]] = {
    "ova": ((b"ustar", 257),),
    "docker": ((b"ustar", 257), (b"\x1f\x8b", 0)),
    "compressed": (
        (b"\x1f\x8b", 0),
        (b"\xfd7zXZ\0", 0),
        (b"BZh", 0),
        (b"\x28\xb5\x2f\xfd", 0),
        (b"\x04\x22\x4d\x18", 0),
    ),
}


def looks_like(source: Source) -> set[str]:
    """Every format the data could be taken for; plain disks have none."""
    head = source.some(0, 64 << 10)
    found = {name for magic, at, name in AT_START if head.startswith(magic, at)}
    if head.startswith(b"QFI\xfb"):
        found.add("qcow" if head[4:8] == b"\0\0\0\1" else "qcow2")
    if head.startswith(b"# Disk DescriptorFile") or DESCRIPTOR.match(head):
        found.add("vmdk")
    if any(source.some(at, 5) == b"CD001" for at in ISO_AT):
        found.add("iso")
    if any(source.some(source.size - back, 8) == b"conectix" for back in (512, 511)):
        found.add("vhd")
    if source.some(source.size - SECTOR, 4) == b"koly":
        found.add("dmg")
    return found


def is_archive(source: Source, container_format: str) -> bool:
    """Whether the data is such a package."""
    head = source.some(0, SECTOR)
    return any(head.startswith(magic, at) for magic, at in ARCHIVES[container_format])
