"""Builders of the smallest good file of each disk format, to be spoilt by tests.

`patched(data, (offset, bytes), ...)` writes over parts of one.
"""

from __future__ import annotations

import struct

from unkai.image.drivers.inspection.vhdx import (
    BAT,
    DISK_SIZE,
    FILE_PARAMETERS,
    METADATA,
    crc32c,
)

MIB = 1 << 20
DISK = 8 * MIB


def patched(data: bytes, *changes: tuple[int, bytes]) -> bytes:
    changed = bytearray(data)
    for offset, piece in changes:
        changed[offset : offset + len(piece)] = piece
    return bytes(changed)


def qcow2(extensions: bytes = b"", incompatible: int = 0, version: int = 3) -> bytes:
    """Header, refcount table, L1 table, each in a cluster of 64 KiB."""
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        *(b"QFI\xfb", version, 0, 0, 16, DISK, 0, 1, 0x20000, 0x10000, 1, 0, 0),
    )
    if version == 3:
        header += struct.pack(">QQQII", incompatible, 0, 0, 4, 104)
    return patched(bytes(0x30000), (0, header + extensions))


def extension(kind: int, data: bytes) -> bytes:
    return struct.pack(">II", kind, len(data)) + data + bytes(-len(data) % 8)


DESCRIPTOR = """# Disk DescriptorFile
version=1
CID=12345678
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW 16384 SPARSE "disk.vmdk"

# The Disk Data Base
#DDB
ddb.virtualHWVersion = "4"
ddb.adapterType = "ide"
"""
VMDK_HEADER = "<4sIIQQQQIQQQB4sH"


def vmdk(
    descriptor: str = DESCRIPTOR, *, capacity: int = DISK // 512, directory: int = 26
) -> bytes:
    header = struct.pack(
        VMDK_HEADER,
        *(b"KDMV", 1, 3, capacity, 128, 1, 20, 512, 21, directory, 128, 0, b"\n \r\n", 0),
    )
    return patched(bytes(128 * 512), (0, header), (512, descriptor.encode()))


def vmdk_footer(capacity: int = DISK // 512, descriptor_at: int = 1) -> bytes:
    """Footer marker, footer, end of stream."""
    header = struct.pack(
        VMDK_HEADER,
        *(b"KDMV", 1, 3, capacity, 128, descriptor_at, 20, 512, 21, 26, 128, 0, b"\n \r\n", 0),
    )
    return struct.pack("<QII", 1, 0, 3).ljust(512, b"\0") + header.ljust(512, b"\0") + bytes(512)


def vdi(kind: int = 1) -> bytes:
    header = bytearray(0x200)
    struct.pack_into("<III", header, 0x40, 0xBEDA107F, 0x00010001, 0x190)
    struct.pack_into("<I", header, 0x4C, kind)
    struct.pack_into("<II", header, 0x154, 0x200, 0x400)
    struct.pack_into("<I", header, 0x168, 512)
    struct.pack_into("<QIIII", header, 0x170, DISK, MIB, 0, 8, 0)
    return bytes(header) + bytes(0x200)


def vhd_footer(kind: int, size: int = DISK, **geometry: int) -> bytes:
    cylinders = geometry.get("cylinders", 240)
    footer = struct.pack(
        ">8sIIQI4sI4sQQHBBII16sB",
        *(b"conectix", 2, 0x10000, 2**64 - 1 if kind == 2 else 512, 0, b"qemu", 0, b"Wi2k"),
        *(size, size, cylinders, 4, 17, kind, 0, bytes(range(16)), 0),
    ).ljust(512, b"\0")
    return patched(footer, (64, struct.pack(">I", ~sum(footer) & 0xFFFFFFFF)))


def vhd_fixed() -> bytes:
    return bytes(DISK) + vhd_footer(2)


def vhd_dynamic(kind: int = 3, parent: bytes = bytes(16), locators: bytes = b"") -> bytes:
    head = struct.pack(">8sQQIIII16s", b"cxsparse", 2**64 - 1, 1536, 0x10000, 4, 2 * MIB, 0, parent)
    sparse = patched(bytes(1024), (0, head), (576, locators))
    footer = vhd_footer(kind)
    return footer + sparse + b"\xff" * 512 + footer


def vhdx(
    *, flags: int = 0, log: bytes = bytes(16), items: tuple[bytes, ...] = (), regions: bytes = b""
) -> bytes:
    data = bytearray(4 * MIB)
    data[:8] = b"vhdxfile"
    for at, sequence in ((64 << 10, 1), (128 << 10, 2)):
        head = bytearray(4096)
        struct.pack_into("<4sIQ", head, 0, b"head", 0, sequence)
        head[48:64] = log
        struct.pack_into("<HH", head, 64, 0, 1)
        struct.pack_into("<I", head, 4, crc32c(bytes(head)))
        data[at : at + 4096] = head
    table = bytearray(64 << 10)
    entries = struct.pack("<16sQII", BAT, 3 * MIB, MIB, 1)
    entries += struct.pack("<16sQII", METADATA, 2 * MIB, MIB, 1) + regions
    struct.pack_into("<4sII", table, 0, b"regi", 0, len(entries) // 32)
    table[16 : 16 + len(entries)] = entries
    struct.pack_into("<I", table, 4, crc32c(bytes(table)))
    data[192 << 10 : 256 << 10] = table
    named = struct.pack("<16sIIII", FILE_PARAMETERS, 65536, 8, 4, 0)
    named += struct.pack("<16sIIII", DISK_SIZE, 65544, 8, 6, 0) + b"".join(items)
    struct.pack_into("<8sHH", data, 2 * MIB, b"metadata", 0, len(named) // 32)
    data[2 * MIB + 32 : 2 * MIB + 32 + len(named)] = named
    struct.pack_into("<IIQ", data, 2 * MIB + 65536, MIB, flags, DISK)
    return bytes(data)


def iso(size: int = 64 * 2048) -> bytes:
    volume = bytearray(2048)
    volume[:7] = b"\x01CD001\x01"
    struct.pack_into("<I", volume, 80, size // 2048)
    struct.pack_into("<H", volume, 128, 2048)
    return patched(bytes(size), (32768, bytes(volume)), (34816, b"\xffCD001\x01"))


def ploop(magic: bytes = b"WithouFreSpacExt", in_use: int = 0, extension_at: int = 0) -> bytes:
    head = struct.pack(
        "<16sIIIIIQIIIQ",
        *(magic, 2, 16, 16, 2048, 8, DISK // 512, in_use, 2048, 0, extension_at),
    )
    return patched(bytes(MIB), (0, head))


def gpt() -> bytes:
    """A plain disk with a protective MBR and a partition table."""
    return patched(bytes(MIB), (446 + 4, b"\xee"), (510, b"\x55\xaa"), (512, b"EFI PART"))
