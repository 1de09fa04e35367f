"""The decision: is the data what was declared, that alone, and safe to open."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

from unkai.image.drivers.inspection import iso, ploop, qcow2, vdi, vhd, vhdx, vmdk
from unkai.image.drivers.inspection.signatures import ARCHIVES, is_archive, looks_like
from unkai.image.drivers.inspection.source import Refused, Source, sane_disk

CHECKS: dict[str, Callable[[Source], int]] = {
    "qcow2": qcow2.check,
    "vmdk": vmdk.check,
    "vdi": vdi.check,
    "vhd": vhd.check,
    "vhdx": vhdx.check,
    "iso": iso.check,
    "ploop": ploop.check,
}
PLAIN = frozenset({"raw", "ami", "aki", "ari"})


class Judgement(TypedDict):
    format: str | None
    virtual_size: int | None
    reason: str | None


def judge(source: Source, disk_format: str, container_format: str) -> Judgement:
    """Never raises; whatever goes wrong with the data is a reason against it."""
    try:
        found = looks_like(source)
        actual = _name(found)
        try:
            return Judgement(
                format=actual,
                virtual_size=_size(source, found, disk_format, container_format),
                reason=None,
            )
        except Refused as refusal:
            return Judgement(format=actual, virtual_size=None, reason=str(refusal))
    except MemoryError:
        return Judgement(format=None, virtual_size=None, reason="it needs too much memory to read")


def _name(found: set[str]) -> str:
    return " and ".join(sorted(found)) if found else "raw"


def _size(source: Source, found: set[str], disk_format: str, container: str) -> int | None:
    if container in ARCHIVES:
        if found:
            raise Refused(f"it is {_name(found)}, not a package in the {container} format")
        if not is_archive(source, container):
            raise Refused(f"it is not a package in the {container} format")
        return None
    if len(found) > 1:
        raise Refused(f"it is {_name(found)} at once, so that tools would see different disks")
    if disk_format in PLAIN:
        if found:
            raise Refused(f"it is {_name(found)}, not {disk_format}")
        return sane_disk(source.size)
    if found != {disk_format}:
        raise Refused(f"it is {_name(found)}, not {disk_format}")
    return CHECKS[disk_format](source)
