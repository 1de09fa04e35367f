"""ploop (Parallels): one file, closed cleanly, without extensions."""

from __future__ import annotations

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

IN_USE = 0x746F6E59


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    (magic, version, _, _, block, entries, sectors, in_use, _, _, extension) = source.unpack(
        "<16sIIIIIQIIIQ", 0
    )
    if magic == b"WithoutFreeSpace":
        sectors &= 0xFFFF_FFFF
    if version != 2:
        raise Refused(f"ploop version {version} is not known")
    if in_use == IN_USE:
        raise Refused("it was not closed cleanly")
    if extension:
        raise Refused("it has a format extension")
    if not 0 < block <= 1 << 21 or sectors > entries * block:
        raise Refused("its block table is too small for its virtual size")
    if 64 + entries * 4 > source.size:
        raise Refused("its block table lies beyond its end")
    return sane_disk(sectors * 512)
