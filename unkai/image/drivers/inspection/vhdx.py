"""VHDX: no parent, no log left to replay, no region or item that we do not know."""

from __future__ import annotations

import struct

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

KIB = 1024
HEADERS_AT = (64 * KIB, 128 * KIB)
REGIONS_AT = 192 * KIB
REGION_TABLE_BYTES = 64 * KIB
METADATA_MAX = 1 << 20


def guid(text: str) -> bytes:
    """A GUID as it lies in the file: the first three parts turned round."""
    a, b, c, d, e = text.split("-")
    return struct.pack("<IHH", int(a, 16), int(b, 16), int(c, 16)) + bytes.fromhex(d + e)


BAT = guid("2DC27766-F623-4200-9D64-115E9BFD4A08")
METADATA = guid("8B7CA206-4790-4B9A-B8FE-575F050F886E")
FILE_PARAMETERS = guid("CAA16737-FA36-4D43-B3B6-33F0AA44E76B")
DISK_SIZE = guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8")
KNOWN_ITEMS = frozenset(
    {
        FILE_PARAMETERS,
        DISK_SIZE,
        guid("BECA12AB-B2E6-4523-93EF-C309E000C746"),  # page 83
        guid("8141BF1D-A96F-4709-BA47-F233A8FAAB5F"),  # logical sector size
        guid("CDA348C7-445D-4471-9CC9-E9885251C556"),  # physical sector size
    }
)
HAS_PARENT = 2


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    _check_header(source)
    metadata_at, metadata_length = _regions(source)[METADATA]
    items = _items(source, metadata_at, metadata_length)
    if FILE_PARAMETERS not in items or DISK_SIZE not in items:
        raise Refused("its metadata lacks the disk's size")
    (block, flags) = source.unpack("<II", items[FILE_PARAMETERS])
    if flags & HAS_PARENT:
        raise Refused("it is a difference to a parent disk")
    if not 1 << 20 <= block <= 256 << 20 or block & (block - 1):
        raise Refused(f"its block size of {block} bytes is not possible")
    (size,) = source.unpack("<Q", items[DISK_SIZE])
    return sane_disk(size)


def _check_header(source: Source) -> None:
    """The valid header with the higher sequence number is the one that counts."""
    found: list[tuple[int, bytes, int]] = []
    for at in HEADERS_AT:
        raw = source.read(at, 4 * KIB)
        (signature, checksum, sequence) = struct.unpack_from("<4sIQ", raw)
        if signature == b"head" and checksum == crc32c(raw[:4] + bytes(4) + raw[8:]):
            (log,) = struct.unpack_from("<16s", raw, 48)
            (version,) = struct.unpack_from("<H", raw, 66)
            found.append((sequence, log, version))
    if not found:
        raise Refused("it has no valid header")
    _, log, version = max(found)
    if version != 1:
        raise Refused(f"VHDX version {version} is not known")
    if log != bytes(16):
        raise Refused("it was not closed cleanly")


def _regions(source: Source) -> dict[bytes, tuple[int, int]]:
    raw = source.read(REGIONS_AT, REGION_TABLE_BYTES)
    (signature, checksum, count) = struct.unpack_from("<4sII", raw)
    if signature != b"regi" or checksum != crc32c(raw[:4] + bytes(4) + raw[8:]):
        raise Refused("its region table is not valid")
    if count > 2047:
        raise Refused(f"its region table has {count} entries")
    regions: dict[bytes, tuple[int, int]] = {}
    for index in range(count):
        (kind, at, length, required) = struct.unpack_from("<16sQII", raw, 16 + 32 * index)
        if kind in regions:
            raise Refused("its region table names a region twice")
        if kind not in (BAT, METADATA) and required:
            raise Refused("it has a region that is not known")
        regions[kind] = (at, length)
    if BAT not in regions or METADATA not in regions:
        raise Refused("its block table or its metadata is missing")
    return regions


def _items(source: Source, at: int, length: int) -> dict[bytes, int]:
    """Where each metadata item lies."""
    if not 64 * KIB <= length <= METADATA_MAX * 16:
        raise Refused("its metadata is not of a sane size")
    raw = source.read(at, 64 * KIB)
    (signature, _, count) = struct.unpack_from("<8sHH", raw)
    if signature != b"metadata" or count > 2047:
        raise Refused("its metadata table is not valid")
    items: dict[bytes, int] = {}
    for index in range(count):
        (kind, offset, size) = struct.unpack_from("<16sII", raw, 32 + 32 * index)
        if kind not in KNOWN_ITEMS or kind in items:
            raise Refused("its metadata has an item that is not known, or names a parent")
        if offset + size > length:
            raise Refused("its metadata reaches beyond its region")
        items[kind] = at + offset
    return items


def _table() -> list[int]:
    table: list[int] = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


def crc32c(data: bytes) -> int:
    """Castagnoli's CRC, which the standard library does not have."""
    table = _table()
    value = 0xFFFF_FFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF_FFFF
