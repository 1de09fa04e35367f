"""Volumes in memory, for tests: contents are whole bytes by chunk, layers are copies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from unkai.block_storage.connection import Connection, Layer
from unkai.block_storage.drivers.base import (
    KEPT_SNAPSHOT,
    Capacity,
    Census,
    Encryption,
    Extent,
    Guest,
    ImageData,
    KeptSnapshot,
    Keys,
    Sealed,
    missing,
    store_full,
)
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.kit.secret import Secret

TOTAL_BYTES = 1 << 42
_CIPHER = bytes(byte ^ 0x55 for byte in range(256))
"""Its own inverse."""


class FakeVolume:
    """chunks: by offset, for what was written."""

    def __init__(
        self,
        size: int,
        chunks: dict[int, bytes] | None = None,
        encryption: Encryption | None = None,
    ) -> None:
        self.size = size
        self.chunks = dict(chunks or {})
        self.encryption = encryption

    def copy(self, size: int) -> FakeVolume:
        return FakeVolume(size, self.chunks, self.encryption)


class FakeContents:
    def __init__(self, volume: FakeVolume, folder: Path | None, mark: str) -> None:
        self._chunks = dict(volume.chunks)
        self._path = None if folder is None else folder / f"{mark}.image"
        self.size = volume.size

    async def extents(self) -> AsyncIterator[Extent]:
        for offset in sorted(self._chunks):
            yield offset, self._chunks[offset]

    async def as_image(self, disk_format: str) -> Path:
        """Always raw."""
        assert self._path is not None, "the driver was given no folder"
        with self._path.open("wb") as file:
            file.truncate(self.size)
            for offset, chunk in self._chunks.items():
                file.seek(offset)
                file.write(chunk)
        return self._path

    def close(self) -> None:
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class FakeDriver:
    """folder: where images of contents may be made. full: plays a full disk."""

    name = "fake"
    encrypts = True

    def __init__(self, folder: Path | None = None, keys: Keys | None = None) -> None:
        self._keys = keys
        self.volumes: dict[str, FakeVolume] = {}
        self.snapshots: dict[str, FakeVolume] = {}
        self._frozen_from: dict[str, str] = {}
        self.kept: dict[str, FakeVolume] = {}
        self.full = False
        self._folder = folder
        self._marks: set[str] = set()

    async def create(self, volume_id: str, size: int, encryption: Encryption | None = None) -> None:
        self._add(volume_id, FakeVolume(size, encryption=encryption))

    async def create_from_image(
        self, volume_id: str, size: int, image: ImageData, encryption: Encryption | None = None
    ) -> None:
        self._add(volume_id, self._of_image(size, image, encryption))

    async def create_from_snapshot(self, volume_id: str, size: int, snapshot_id: str) -> None:
        self._add(volume_id, self._snapshot(snapshot_id).copy(size))

    async def clone(
        self, volume_id: str, size: int, source_id: str, guest: Guest | None = None
    ) -> None:
        source = self._volume(source_id)
        if guest is not None:
            await guest.switch(await self.connect(source_id, read_only=False))
        self._add(volume_id, source.copy(size))

    async def snapshot(self, snapshot_id: str, volume_id: str, guest: Guest | None = None) -> None:
        volume = self._volume(volume_id)
        if snapshot_id in self.snapshots:
            return
        if guest is not None:
            await guest.switch(await self.connect(volume_id, read_only=False))
        self._check_room()
        self.snapshots[snapshot_id] = volume.copy(volume.size)
        self._frozen_from[snapshot_id] = volume_id

    async def extend(self, volume_id: str, size: int, guest: Guest | None = None) -> None:
        volume = self._volume(volume_id)
        self._check_room()
        volume.size = max(volume.size, size)
        if guest is not None:
            await guest.grow(await self.connect(volume_id, read_only=False))

    async def revert(self, volume_id: str, snapshot_id: str, mark: str) -> None:
        size = self._volume(volume_id).size
        self.volumes[volume_id] = self._snapshot(snapshot_id).copy(size)

    async def replace(
        self, volume_id: str, size: int, mark: str, contents: ImageData | AsyncIterator[Extent]
    ) -> None:
        encryption = self._volume(volume_id).encryption
        self._check_room()
        if isinstance(contents, ImageData):
            self.volumes[volume_id] = self._of_image(size, contents, encryption)
        elif mark not in self._marks:
            self.volumes[volume_id] = FakeVolume(
                size, {o: b async for o, b in contents}, encryption
            )
        self._marks.add(mark)

    async def rewrite(self, volume_id: str, mark: str, encryption: Encryption | None) -> None:
        volume = self._volume(volume_id)
        self._check_room()
        self.volumes[volume_id] = FakeVolume(volume.size, volume.chunks, encryption)

    @asynccontextmanager
    async def read(self, volume_id: str, mark: str) -> AsyncGenerator[FakeContents]:
        contents = FakeContents(self._volume(volume_id), self._folder, mark)
        try:
            yield contents
        finally:
            contents.close()

    @asynccontextmanager
    async def read_snapshot(self, snapshot_id: str, mark: str) -> AsyncGenerator[FakeContents]:
        contents = FakeContents(self._snapshot(snapshot_id), self._folder, mark)
        try:
            yield contents
        finally:
            contents.close()

    @asynccontextmanager
    async def read_sealed(
        self, volume_id: str, mark: str, snapshot_id: str | None = None
    ) -> AsyncGenerator[FakeContents]:
        volume = self._snapshot(snapshot_id) if snapshot_id else self._volume(volume_id)
        assert volume.encryption is not None
        sealed = {at: data.translate(_CIPHER) for at, data in volume.chunks.items()}
        yield FakeContents(FakeVolume(volume.size, sealed), self._folder, mark)

    async def unseal(
        self, volume_id: str, size: int, mark: str, given: Sealed, encryption: Encryption
    ) -> None:
        self._check_room()
        self._volume(volume_id)
        chunks = {at: data.translate(_CIPHER) async for at, data in given.extents}
        self.volumes[volume_id] = FakeVolume(size, chunks, encryption)

    async def delete(self, volume_id: str) -> None:
        self.volumes.pop(volume_id, None)
        for name, one in self._kept_snapshots().items():
            if one.volume_id == volume_id:
                del self.snapshots[name]

    async def delete_snapshot(self, snapshot_id: str) -> None:
        self.snapshots.pop(snapshot_id, None)

    async def rename_snapshot(self, snapshot_id: str, new: str) -> None:
        if snapshot_id in self.snapshots:
            self.snapshots[new] = self.snapshots.pop(snapshot_id)
            self._frozen_from[new] = self._frozen_from.pop(snapshot_id)
        self._snapshot(new)

    def _kept_snapshots(self) -> dict[str, KeptSnapshot]:
        return {
            name: KeptSnapshot(self._frozen_from[name], one.size)
            for name, one in self.snapshots.items()
            if name.startswith(KEPT_SNAPSHOT)
        }

    async def connect(self, volume_id: str, *, read_only: bool) -> Connection:
        volume = self._volume(volume_id)
        return Connection(
            driver="fake",
            volume_id=volume_id,
            serial=volume_id,
            size_bytes=volume.size,
            layers=(self._layer(volume_id, volume),),
            read_only=read_only,
        )

    def _layer(self, volume_id: str, volume: FakeVolume) -> Layer:
        if volume.encryption is None:
            return Layer(path=volume_id, format="raw")
        return Layer(path=volume_id, format="qcow2", encrypted=True)

    async def secrets(self, volume_id: str) -> dict[str, Secret]:
        encryption = self._volume(volume_id).encryption
        if encryption is None or self._keys is None:
            return {}
        return {"luks": await self._keys.secret(encryption.key_id)}

    async def disconnect(self, volume_id: str) -> None:
        pass

    async def abandon(self, volume_id: str) -> None:
        volume = self.volumes.pop(volume_id, None)
        if volume is not None:
            self.kept[f"volume-{volume_id}"] = volume

    async def adopt(self, volume_id: str, name: str) -> int:
        if volume_id not in self.volumes:
            if name not in self.kept:
                raise missing("volume", name)
            self.volumes[volume_id] = self.kept.pop(name)
        return self.volumes[volume_id].size

    async def capacity(self) -> Capacity:
        return Capacity(TOTAL_BYTES, TOTAL_BYTES)

    async def census(self) -> Census:
        kept = {name: volume.size for name, volume in self.kept.items()}
        apart = self._kept_snapshots()
        frozen = frozenset(self.snapshots) - set(apart)
        return Census(frozenset(self.volumes), frozen, frozenset(), kept, apart)

    async def tidy(self, names: frozenset[str]) -> None:
        pass

    def write(self, volume_id: str, offset: int, data: bytes) -> None:
        """Play a guest; `offset` at the start of a chunk."""
        assert offset % CHUNK_BYTES == 0
        self._volume(volume_id).chunks[offset] = data

    def _add(self, volume_id: str, volume: FakeVolume) -> None:
        self._check_room()
        self.volumes.setdefault(volume_id, volume)

    def _check_room(self) -> None:
        if self.full:
            raise store_full()

    def _of_image(self, size: int, image: ImageData, encryption: Encryption | None) -> FakeVolume:
        with image.path.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK_BYTES), b"")
            found = {at * CHUNK_BYTES: one for at, one in enumerate(chunks)}
            return FakeVolume(size, found, encryption)

    def _volume(self, volume_id: str) -> FakeVolume:
        if volume_id not in self.volumes:
            raise missing("volume", volume_id)
        return self.volumes[volume_id]

    def _snapshot(self, snapshot_id: str) -> FakeVolume:
        if snapshot_id not in self.snapshots:
            raise missing("snapshot", snapshot_id)
        return self.snapshots[snapshot_id]
