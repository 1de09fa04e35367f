"""The serial console's log as a ring: bounded on disk, complete at its end.

QEMU itself appends to the file, so output survives any restart of Unkai and the guest never waits
for a reader. What is older than the bound is cut out at the front by punching a hole: unlike
truncating, that loses no byte that QEMU writes meanwhile and needs no word with QEMU. The file's
length keeps counting, its blocks do not; the next start begins a fresh file with the kept end.
Rejected: a reader process per guest (a full pipe blocks the guest when it dies), QEMU's ringbuf
(gone with the process; a console has one backend), copying and truncating (loses bytes between).
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

LIMIT_BYTES = 1024 * 1024
_BLOCK_BYTES = 4096
_KEEP_SIZE, _PUNCH_HOLE = 1, 2


def tail(path: Path, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """The last bytes of the log, cut at the start of a line; b"" when there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return b""
    with os.fdopen(descriptor, "rb") as log:
        size = os.fstat(descriptor).st_size
        log.seek(max(0, size - limit_bytes))
        data = log.read(limit_bytes).lstrip(b"\0")
    return data if size <= limit_bytes else data[data.find(b"\n") + 1 :]


def trim(path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
    """Give back the blocks before the last bytes of a log that somebody is writing."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return
    try:
        found = os.fstat(descriptor)
        if found.st_blocks * 512 > limit_bytes + limit_bytes // 4:
            _punch(descriptor, (found.st_size - limit_bytes) // _BLOCK_BYTES * _BLOCK_BYTES)
    finally:
        os.close(descriptor)


def renew(path: Path, uid: int | None, limit_bytes: int = LIMIT_BYTES) -> None:
    """Before a start, while nobody writes: a file of its own length, owned by the guest's user."""
    kept = tail(path, limit_bytes)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        log.write(kept)
        if uid is not None:
            os.fchown(descriptor, uid, uid)
    fresh.replace(path)


def last_lines(text: str, lines: int | None) -> str:
    """The last `lines` lines of the text; all of it for None, nothing for 0."""
    if lines is None:
        return text
    return "".join(text.splitlines(keepends=True)[-lines:]) if lines > 0 else ""


def _punch(descriptor: int, length: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    mode, start, count = _KEEP_SIZE | _PUNCH_HOLE, ctypes.c_long(0), ctypes.c_long(length)
    if libc.fallocate(descriptor, mode, start, count) != 0:
        os.ftruncate(descriptor, 0)  # no holes here (NFS): a gap beats a full disk
