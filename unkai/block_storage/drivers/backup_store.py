"""Backups as files: a folder each, chunks of 4 MiB that are no zeros, and a list of them.

    ID/list.json     size, and of each chunk its SHA-256 and the backup that has it
    ID/OFFSET        the chunk, compressed
    .part-ID         one that is being made

An incremental backup has only the chunks that differ from its parent's; its list names the backup
that has the others, so that reading one needs no walk. A folder is whole when it has its name.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from unkai.block_storage.drivers.base import Extent, missing, store_full
from unkai.kit.errors import Failed

_LIST = "list.json"
_PART = ".part-"


class Chunk(Struct, frozen=True):
    sha256: str
    where: str


class ChunkList(Struct, frozen=True):
    size: int
    chunks: dict[int, Chunk]


class BackupStore(Protocol):
    async def save(
        self, backup_id: str, size: int, extents: AsyncIterator[Extent], parent_id: str | None
    ) -> int:
        """Keep the contents, at once and whole; how many chunks are its own. Twice is fine."""
        ...

    def read(self, backup_id: str) -> AsyncIterator[Extent]:
        """Failed("backup-damaged") where a chunk is not what it was. NotFound."""
        ...

    async def size(self, backup_id: str) -> int:
        """Bytes of the contents, holes counted. NotFound."""
        ...

    async def delete(self, backup_id: str) -> None:
        """Unknown is fine; nobody may build on it any more."""
        ...

    async def kept(self) -> frozenset[str]:
        """Ids of the backups that are whole, or being made."""
        ...


class FileBackupStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    async def save(
        self, backup_id: str, size: int, extents: AsyncIterator[Extent], parent_id: str | None
    ) -> int:
        if (self._folder / backup_id).exists():
            return _own(backup_id, self._list(backup_id))
        before = self._list(parent_id).chunks if parent_id else {}
        part = self._folder / f"{_PART}{backup_id}"
        await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
        part.mkdir()
        chunks: dict[int, Chunk] = {}
        try:
            async for offset, data in extents:
                found = await asyncio.to_thread(hashlib.sha256, data)
                chunk = Chunk(found.hexdigest(), backup_id)
                known = before.get(offset)
                if known is not None and known.sha256 == chunk.sha256:
                    chunk = known
                else:
                    await asyncio.to_thread(_write, part / str(offset), zlib.compress(data, 1))
                chunks[offset] = chunk
            made = ChunkList(size, chunks)
            await asyncio.to_thread(_write, part / _LIST, msgspec.json.encode(made))
            part.rename(self._folder / backup_id)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise store_full() from error
            raise
        finally:
            await asyncio.to_thread(shutil.rmtree, part, ignore_errors=True)
        return _own(backup_id, made)

    async def read(self, backup_id: str) -> AsyncIterator[Extent]:
        for offset, chunk in sorted(self._list(backup_id).chunks.items()):
            yield offset, await asyncio.to_thread(self._chunk, offset, chunk)

    async def size(self, backup_id: str) -> int:
        return (await asyncio.to_thread(self._list, backup_id)).size

    async def delete(self, backup_id: str) -> None:
        for name in (backup_id, f"{_PART}{backup_id}"):
            await asyncio.to_thread(shutil.rmtree, self._folder / name, ignore_errors=True)

    async def kept(self) -> frozenset[str]:
        return frozenset(path.name.removeprefix(_PART) for path in self._folder.iterdir())

    def _chunk(self, offset: int, chunk: Chunk) -> bytes:
        try:
            data = zlib.decompress((self._folder / chunk.where / str(offset)).read_bytes())
        except (OSError, zlib.error) as error:
            raise damaged(chunk.where) from error
        if hashlib.sha256(data).hexdigest() != chunk.sha256:
            raise damaged(chunk.where)
        return data

    def _list(self, backup_id: str) -> ChunkList:
        try:
            data = (self._folder / backup_id / _LIST).read_bytes()
        except FileNotFoundError:
            raise missing("backup", backup_id) from None
        return msgspec.json.decode(data, type=ChunkList)


def damaged(backup_id: str) -> Failed:
    return Failed(
        f"The data of backup {backup_id} is damaged or gone.",
        code="backup-damaged",
        remedy="Restore another backup.",
    )


def _own(backup_id: str, made: ChunkList) -> int:
    return sum(chunk.where == backup_id for chunk in made.chunks.values())


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
