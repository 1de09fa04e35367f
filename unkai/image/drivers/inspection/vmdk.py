"""VMDK: one sparse file that holds everything. Its descriptor may name itself and nothing else.

A descriptor is text that other tools follow: an extent is a path they open. So every line must be
one we know, and the only extent must be the sparse one that this file is.
"""

from __future__ import annotations

import re
from typing import Any

from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

SECTOR = 512
HEADER = "<4sIIQQQQIQQQB4sH"
AT_END = 0xFFFF_FFFF_FFFF_FFFF
FOOTER_BACK = 3 * SECTOR
DESCRIPTOR_MAX = 1 << 20
CREATE_TYPES = frozenset({"monolithicSparse", "streamOptimized"})
KEYS = frozenset({"version", "encoding", "cid", "parentcid", "createtype", "isnativesnapshot"})
ASSIGNMENT = re.compile(r'^([A-Za-z0-9_.]+)\s*=\s*("[^"]*"|[^"]*)$')
EXTENT = re.compile(r'^(RW|RDONLY)\s+([0-9]{1,18})\s+SPARSE\s+"([^"/\\:]+)"$')


def check(source: Source) -> int:
    """The virtual size in bytes; Refused if it is not safe to open."""
    if source.some(0, 4) != b"KDMV":
        raise Refused("it is a descriptor that names other files, or an old ESX disk")
    header = source.unpack(HEADER, 0)
    (_, version, _, capacity, grain, descriptor_at, descriptor_sectors, *_) = header
    directory_at = header[9]
    if not 1 <= version <= 3:
        raise Refused(f"VMDK version {version} is not known")
    if capacity == 0:
        raise Refused("its capacity is zero, which makes tools follow its descriptor")
    if grain == 0 or grain > 1 << 21:
        raise Refused(f"its grain size of {grain} sectors is not possible")
    if descriptor_at == 0 or not 0 < descriptor_sectors * SECTOR <= DESCRIPTOR_MAX:
        raise Refused("it has no descriptor of a sane size")
    if directory_at == AT_END:
        _check_footer(source, header)
    text = source.read(descriptor_at * SECTOR, descriptor_sectors * SECTOR)
    _check_descriptor(text, capacity)
    return sane_disk(capacity * SECTOR)


def _check_footer(source: Source, header: tuple[Any, ...]) -> None:
    """The copy of the header at the end, which tools believe instead of the first."""
    start = source.size - FOOTER_BACK
    (_, size, kind) = source.unpack("<QII", start)
    if size or kind != 3:
        raise Refused("its footer has no marker")
    footer = source.unpack(HEADER, start + SECTOR)
    if footer[9] == AT_END:
        raise Refused("its footer does not say where its grains are")
    same = list(footer)
    same[9] = header[9]
    same[8] = header[8]
    same[11] = header[11]
    if same[5] == 0 and same[6] == 0:
        same[5], same[6] = header[5], header[6]
    if tuple(same) != header:
        raise Refused("its footer contradicts its header")


def _check_descriptor(raw: bytes, capacity: int) -> None:
    text, _, padding = raw.partition(b"\0")
    if padding.strip(b"\0"):
        raise Refused("its descriptor goes on behind its end")
    lines = [line.strip() for line in text.decode("latin-1").split("\n")]
    if not lines[0].startswith("# Disk DescriptorFile"):
        raise Refused("its descriptor does not start as one")
    values: dict[str, str] = {}
    extents = 0
    for line in lines:
        if not line or line.startswith("#"):
            continue
        assignment = ASSIGNMENT.match(line)
        extent = EXTENT.match(line)
        if assignment:
            _take(values, assignment[1].lower(), assignment[2].strip('"'))
        elif extent and int(extent[2]) == capacity:
            extents += 1
        else:
            raise Refused(f"its descriptor has a line that is not allowed: {line[:80]!r}")
    if extents != 1:
        raise Refused(f"its descriptor names {extents} extents instead of one")
    if values.get("createtype") not in CREATE_TYPES:
        raise Refused(
            f"its type is {values.get('createtype', 'missing')[:40]!r}; only monolithicSparse and "
            "streamOptimized are taken"
        )
    if values.get("parentcid", "ffffffff").lower() != "ffffffff":
        raise Refused("it names a parent")


def _take(values: dict[str, str], key: str, value: str) -> None:
    if key.startswith("ddb."):
        return
    if key not in KEYS:
        raise Refused(f"its descriptor sets {key[:40]!r}, which is not allowed")
    if key in values:
        raise Refused(f"its descriptor sets {key!r} twice")
    values[key] = value
