"""ISO 9660: a primary volume descriptor that fits the file. A boot sector in front is usual."""

from __future__ import annotations

from unkai.image.drivers.inspection.source import Refused, Source

SECTOR = 2048
FIRST = 16
PRIMARY, TERMINATOR = 1, 255


def check(source: Source) -> int:
    """The size in bytes; Refused if it is not an ISO 9660 volume."""
    for sector in range(FIRST, FIRST + 32):
        (kind, identifier, version) = source.unpack("<B5sB", sector * SECTOR)
        if identifier != b"CD001" or kind == TERMINATOR:
            break
        if kind == PRIMARY:
            (blocks,) = source.unpack("<I", sector * SECTOR + 80)
            (block,) = source.unpack("<H", sector * SECTOR + 128)
            if version != 1 or block not in (512, 1024, SECTOR) or blocks == 0:
                raise Refused("its volume descriptor is not valid")
            if blocks * block > source.size + SECTOR:
                raise Refused("it is cut off: its volume is longer than the file")
            return source.size
    raise Refused("it has no primary volume descriptor")
