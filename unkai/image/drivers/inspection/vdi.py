"""VDI: VirtualBox's disk, dynamic or fixed; differencing ones need a parent and are refused."""

from __future__ import annotations

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

DYNAMIC, FIXED = 1, 2
BLOCK_BYTES = 1 << 20
NO_UUID = bytes(16)


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    (version, _, kind) = source.unpack("<III", 0x44)
    (map_at, data_at) = source.unpack("<II", 0x154)
    (sector,) = source.unpack("<I", 0x168)
    (size, block, _, blocks) = source.unpack("<QIII", 0x170)
    (linked, parent) = source.unpack("<16s16s", 0x1A8)
    if version != 0x0001_0001:
        raise Refused(f"VDI version {version >> 16}.{version & 0xFFFF} is not known")
    if kind not in (DYNAMIC, FIXED) or linked != NO_UUID or parent != NO_UUID:
        raise Refused("it is a difference to a parent disk")
    if sector != 512 or block != BLOCK_BYTES:
        raise Refused("its sector or block size is not possible")
    if size > blocks * BLOCK_BYTES:
        raise Refused("its block map is too small for its virtual size")
    if map_at < 0x1C8 or map_at % 512 or map_at + blocks * 4 > source.size or data_at % 512:
        raise Refused("its block map lies beyond its end")
    return sane_disk(size)
