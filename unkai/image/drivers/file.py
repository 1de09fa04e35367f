"""Image data as files of a folder: `data/<image id>`, and `incoming/<upload id>` while it comes in.

Both are on one file system, so that keeping is a link and an unlink: a file in `data` is whole and
durable, and nothing that is kept is ever overwritten.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
from pathlib import Path
from typing import cast

from unkai.image.drivers.base import Incoming, Reader, data_exists, store_full
from unkai.kit.errors import NotFound

RESERVE_BYTES = 64 << 20
"""What stays free on the disk for the database and everything else."""
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def free_bytes(place: Path | int) -> int:
    disk = os.statvfs(place)
    return disk.f_bavail * disk.f_frsize


class FileIncoming:
    """One file under `incoming`."""

    def __init__(self, path: Path, reserve_bytes: int) -> None:
        self._path = path
        self._reserve_bytes = reserve_bytes
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, block: bytes | bytearray) -> None:
        if free_bytes(self._fd) < len(block) + self._reserve_bytes:
            raise store_full()
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except OSError as error:
            if error.errno in NO_ROOM:
                raise store_full(error) from error
            raise

    def fileno(self) -> int:
        return self._fd

    async def discard(self) -> None:
        await asyncio.to_thread(self._discard)

    def _discard(self) -> None:
        self._close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def keep_as(self, target: Path) -> None:
        """Durable first, then visible; the folder last, so that the name is durable too."""
        try:
            os.fchmod(self._fd, 0o644)
            os.fdatasync(self._fd)
            os.link(self._path, target)
            os.unlink(self._path)
            folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except FileExistsError as error:
            raise data_exists(target.name) from error
        except OSError as error:
            if error.errno in NO_ROOM:
                raise store_full(error) from error
            raise
        self._close()


class FileReader:
    """An open file of `data`."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.size = os.fstat(fd).st_size

    async def read(self, offset: int, length: int) -> bytes:
        return await asyncio.to_thread(os.pread, self._fd, length, offset)

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)


class FileStore:
    """See the module docstring; `folder` is made if it is missing."""

    def __init__(self, folder: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._data = folder / "data"
        self._incoming = folder / "incoming"
        self._reserve_bytes = reserve_bytes
        for each in (self._data, self._incoming):
            each.mkdir(parents=True, exist_ok=True)

    async def begin(self, upload_id: str, expected_bytes: int | None) -> Incoming:
        return await asyncio.to_thread(self._begin, upload_id, expected_bytes or 0)

    def _begin(self, upload_id: str, expected_bytes: int) -> FileIncoming:
        if free_bytes(self._incoming) < expected_bytes + self._reserve_bytes:
            raise store_full()
        try:
            return FileIncoming(self._incoming / upload_id, self._reserve_bytes)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise store_full(error) from error
            raise

    async def keep(self, incoming: Incoming, image_id: str) -> None:
        await asyncio.to_thread(cast("FileIncoming", incoming).keep_as, self.path(image_id))

    async def open(self, image_id: str) -> Reader:
        try:
            fd = os.open(self.path(image_id), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise NotFound(
                f"The data of image {image_id} is not in the store.", code="image-data-missing"
            ) from error
        return FileReader(fd)

    async def delete(self, image_id: str) -> None:
        await asyncio.to_thread(self.path(image_id).unlink, missing_ok=True)

    async def kept(self) -> set[str]:
        return set(await asyncio.to_thread(os.listdir, self._data))

    async def incoming(self) -> set[str]:
        return set(await asyncio.to_thread(os.listdir, self._incoming))

    async def discard_incoming(self, upload_id: str) -> None:
        await asyncio.to_thread((self._incoming / upload_id).unlink, missing_ok=True)

    def path(self, image_id: str) -> Path:
        assert image_id and "/" not in image_id and not image_id.startswith("."), image_id
        return self._data / image_id
