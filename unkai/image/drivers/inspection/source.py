"""Data under inspection: bounded reads, and the one way to refuse it."""

from __future__ import annotations

import os
import struct
from typing import Any

LARGEST_READ = 4 << 20
LARGEST_DISK = 1 << 46
"""64 TiB: a disk that claims more is not meant to be used."""


class Refused(Exception):
    """The data may not be used; the text says why, for the user."""


class Source:
    """`size` bytes behind a descriptor."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self.size = size

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes; Refused if they are not all there."""
        if length > LARGEST_READ:
            raise Refused(f"a structure of {length} bytes is larger than any sane one")
        if offset < 0 or offset + length > self.size:
            raise Refused(f"it ends before its structure at byte {offset}")
        data = os.pread(self._fd, length, offset)
        if len(data) != length:
            raise Refused(f"it could not be read at byte {offset}")
        return data

    def some(self, offset: int, length: int) -> bytes:
        """Up to so many bytes; nothing where there is nothing."""
        if not 0 <= offset < self.size:
            return b""
        return os.pread(self._fd, min(length, self.size - offset), offset)

    def unpack(self, layout: str, offset: int) -> tuple[Any, ...]:
        return struct.unpack(layout, self.read(offset, struct.calcsize(layout)))


def sane_disk(size: int) -> int:
    """A virtual size in bytes, if it is one."""
    if size > LARGEST_DISK:
        raise Refused(f"its virtual size of {size} bytes is larger than any sane disk")
    return size
