"""An empty qcow2, which may stand above another image: a header and its tables, nothing else.

qemu-img makes the same by a process, which takes longer than all else of making a machine's files.
A disk is made larger in place, which qemu-img does for an encrypted one only with its key.
The format is documented in QEMU's docs/interop/qcow2; what is below is named, never opened.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

CLUSTER = 1 << 16
PER_ENTRY = CLUSTER * CLUSTER // 8
"""Bytes of the disk that one entry of the first table stands for."""
HEADER = struct.Struct(">4sIQIIQIIQQIIQQQQII")
BACKING_FORMAT, ENCRYPTION = 0xE2792ACA, 0x0537BE77
LUKS = 2
_SIZE, _SIZE_AT = 5, 24
"""The size of the disk among the header's fields, and in the file."""
REFCOUNT_TABLE, REFCOUNTS, TABLE = CLUSTER, 2 * CLUSTER, 3 * CLUSTER


def write_empty(
    place: Path, size_bytes: int, below: tuple[str, str] | None = None, luks: bytes | None = None
) -> None:
    """below: path (from the new file's folder on) and format of the image that shows through.

    luks: the header of an encrypted one (`kit.luks`).
    """
    size_bytes = -(-size_bytes // 512) * 512
    entries = max(1, -(-size_bytes // PER_ENTRY))
    crypt = TABLE + -(-entries * 8 // CLUSTER) * CLUSTER
    clusters = crypt // CLUSTER + -(-len(luks or b"") // CLUSTER)
    with place.open("wb") as file:
        encryption = None if luks is None else (crypt, len(luks))
        file.write(_header(size_bytes, entries, below, encryption))
        file.seek(REFCOUNT_TABLE)
        file.write(struct.pack(">Q", REFCOUNTS))
        file.seek(REFCOUNTS)
        file.write(struct.pack(">H", 1) * clusters)
        if luks is not None:
            file.seek(crypt)
            file.write(luks.rstrip(b"\0"))
        file.truncate(clusters * CLUSTER)
        file.flush()
        os.fsync(file.fileno())


def size_of(place: Path) -> int:
    """Bytes of the disk in the image."""
    return _read(place)[_SIZE]


def lengthen(place: Path, size_bytes: int) -> bool:
    """Make the disk in an image that no process has open larger; False where that is QEMU's to do.

    Nothing is moved: the first table must go on where it is, in clusters that it has already.
    """
    found = _read(place)
    bits, had, used, table = found[4], found[_SIZE], found[7], found[8]
    size_bytes = -(-size_bytes // 512) * 512
    entries = max(used, -(-size_bytes // PER_ENTRY))
    room = -(-used * 8 // CLUSTER) * CLUSTER // 8
    if size_bytes <= had:
        return True
    if (1 << bits, found[1], found[13], found[15]) != (CLUSTER, 3, 0, 0) or entries > room:
        return False
    with place.open("r+b") as file:
        file.seek(table + used * 8)
        file.write(bytes((entries - used) * 8))
        file.flush()
        os.fsync(file.fileno())
        file.seek(_SIZE_AT)
        file.write(struct.pack(">QII", size_bytes, found[6], entries))
        file.flush()
        os.fsync(file.fileno())
    return True


def _read(place: Path) -> tuple[int, ...]:
    """The header's fields, in their order. ValueError for another format."""
    with place.open("rb") as file:
        begins = file.read(HEADER.size)
    if len(begins) < HEADER.size or not begins.startswith(b"QFI\xfb"):
        raise ValueError(f"{place} is no qcow2")
    return HEADER.unpack(begins)


def _header(
    size_bytes: int,
    entries: int,
    below: tuple[str, str] | None,
    encryption: tuple[int, int] | None,
) -> bytes:
    extensions, name = b"", b""
    if below is not None:
        path, kind = below
        name, word = os.fsencode(path), kind.encode()
        extensions = struct.pack(">II", BACKING_FORMAT, len(word)) + word + bytes(-len(word) % 8)
    if encryption is not None:
        extensions += struct.pack(">IIQQ", ENCRYPTION, 16, *encryption)
    extensions += bytes(8)
    return (
        HEADER.pack(
            b"QFI\xfb",
            3,
            HEADER.size + len(extensions) if name else 0,
            len(name),
            16,
            size_bytes,
            0 if encryption is None else LUKS,
            entries,
            TABLE,
            REFCOUNT_TABLE,
            1,
            0,  # no snapshots
            0,
            0,  # no feature that must be known
            0,
            0,
            4,  # refcounts of 16 bits
            HEADER.size,
        )
        + extensions
        + name
    )
