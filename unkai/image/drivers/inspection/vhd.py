"""VHD: fixed (a footer behind the data) or dynamic (footer first and last, and a block table)."""

from __future__ import annotations

from typing import Any

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

FOOTER = ">8sIIQI4sI4sQQHBBII16sB"
FIXED, DYNAMIC, DIFFERENCING = 2, 3, 4


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    footer = _footer(source, source.size - 512)
    (data_at, size, cylinders, heads, sectors, kind) = (
        footer[3],
        footer[9],
        footer[10],
        footer[11],
        footer[12],
        footer[13],
    )
    if kind == DIFFERENCING:
        raise Refused("it is a difference to a parent disk")
    if kind not in (FIXED, DYNAMIC):
        raise Refused(f"VHD type {kind} is not known")
    if cylinders * heads * sectors * 512 > size:
        raise Refused("its geometry is larger than its size")
    if kind == FIXED:
        if source.size != size + 512:
            raise Refused("its length is not that of its disk and footer")
        return sane_disk(size)
    if _footer(source, 0) != footer:
        raise Refused("its first and last sector contradict each other")
    _check_table(source, data_at, size)
    return sane_disk(size)


def _footer(source: Source, at: int) -> tuple[Any, ...]:
    raw = source.read(at, 512)
    footer = source.unpack(FOOTER, at)
    if footer[0] != b"conectix":
        raise Refused("it has no VHD footer where one must be")
    if footer[2] != 0x0001_0000:
        raise Refused(f"VHD version {footer[2]:#x} is not known")
    if ~(sum(raw) - sum(raw[64:68])) & 0xFFFF_FFFF != footer[14]:
        raise Refused("its footer's checksum is wrong")
    return footer


def _check_table(source: Source, at: int, size: int) -> None:
    (cookie, _, table_at, version, entries, block, _, parent) = source.unpack(">8sQQIIII16s", at)
    rest = source.read(at + 64, 512 + 192)
    if cookie != b"cxsparse" or version != 0x0001_0000:
        raise Refused("its dynamic header is not one")
    if parent != bytes(16) or any(rest):
        raise Refused("it names a parent disk")
    if block < 512 or block & (block - 1) or block > 256 << 20:
        raise Refused(f"its block size of {block} bytes is not possible")
    if entries * block < size or table_at % 512 or table_at + entries * 4 > source.size:
        raise Refused("its block table does not hold its disk")
