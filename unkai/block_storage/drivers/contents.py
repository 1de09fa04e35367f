"""Contents of volumes as extents and back: what is a hole stays one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from unkai.block_storage.connection import Layer
from unkai.block_storage.drivers import qemu_img
from unkai.block_storage.drivers.base import Extent

CHUNK_BYTES: Final = 4 << 20
_ZEROS: Final = bytes(CHUNK_BYTES)


class FileContents:
    """A chain of layers, frozen. beside: where files may be made; they end with `close`."""

    def __init__(self, layers: tuple[Layer, ...], size: int, beside: Path) -> None:
        self._layers = layers
        self._beside = beside
        self.size = size

    async def extents(self) -> AsyncIterator[Extent]:
        path = await self._as_raw()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            offset = 0
            while True:
                found = await asyncio.to_thread(_next_chunk, descriptor, offset, self.size)
                if found is None:
                    return
                offset = found[0] + CHUNK_BYTES
                yield found
        finally:
            os.close(descriptor)

    async def as_image(self, disk_format: str) -> Path:
        target = self._beside.with_suffix(".image")
        await qemu_img.convert(self._layers, target, disk_format)
        return target

    def close(self) -> None:
        for suffix in (".raw", ".image"):
            self._beside.with_suffix(suffix).unlink(missing_ok=True)

    async def _as_raw(self) -> Path:
        if len(self._layers) == 1 and self._layers[0].format == "raw":
            return Path(self._layers[0].path)
        target = self._beside.with_suffix(".raw")
        await qemu_img.convert(self._layers, target, "raw")
        return target


def _next_chunk(descriptor: int, offset: int, size: int) -> Extent | None:
    """The first chunk from `offset` on that has anything in it."""
    while offset < size:
        try:
            data = os.lseek(descriptor, offset, os.SEEK_DATA)
        except OSError:  # there is nothing but a hole
            return None
        offset = data - data % CHUNK_BYTES
        if offset >= size:
            return None
        chunk = os.pread(descriptor, min(CHUNK_BYTES, size - offset), offset)
        if not chunk:
            return None
        if chunk != _ZEROS[: len(chunk)]:
            return offset, chunk
        offset += CHUNK_BYTES
    return None


async def write_extents(path: Path, size: int, extents: AsyncIterator[Extent]) -> None:
    """A sparse file of this size with these contents."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, size)
        async for offset, chunk in extents:
            await asyncio.to_thread(_write, descriptor, chunk[: max(0, size - offset)], offset)
        await asyncio.to_thread(os.fsync, descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, chunk: bytes, offset: int) -> None:
    while chunk:
        written = os.pwrite(descriptor, chunk, offset)
        chunk, offset = chunk[written:], offset + written
