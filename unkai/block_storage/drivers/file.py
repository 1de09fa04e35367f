"""Volumes as files that QEMU opens: raw or qcow2, sparse, clones and snapshots by reference.

A blank volume is a raw file of holes. A snapshot freezes the volume's top layer and puts an empty
qcow2 above it; a clone does the same and puts a second one beside it, so that both cost the same
whatever the size. A volume from an image stands on a hard link to the image's file (a copy where
the file system differs). Chains that grew long are made shorter by `merging`. An encrypted volume
is qcow2 from the bottom on, each layer encrypted for itself (LUKS) under the one key of them all;
an image's contents are copied into its own.

`layers` says who stands on what, and no layer goes while something does. Work on one volume is done
by one operation at a time; the lock here only guards the small files.
"""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal, ParamSpec, TypeVar

from unkai.block_storage.connection import Connection, Layer
from unkai.block_storage.drivers import qemu_img
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
from unkai.block_storage.drivers.contents import FileContents, write_extents
from unkai.block_storage.drivers.layers import Kind, LayerInfo, Layers, Pointer
from unkai.block_storage.drivers.locks import Locks, stays_encrypted
from unkai.block_storage.drivers.merging import shorten
from unkai.block_storage.drivers.sealing import fill, room, sealed, take
from unkai.kit.clock import Chance
from unkai.kit.qcow2 import write_empty
from unkai.kit.secret import Secret

P = ParamSpec("P")
T = TypeVar("T")
KEPT: Final = "volume-"
"""Begins the name of what was given up by the service and is not to go."""
HIDDEN: Final = ("clone-", KEPT_SNAPSHOT)
RESERVE_BYTES = 64 << 20
"""What stays free on the disk for the database and everything else."""


class FileDriver:
    """See the module docstring; `open` reads the folder before anything else is asked."""

    name = "file"
    encrypts = True

    def __init__(
        self,
        folder: Path,
        reserve_bytes: int = RESERVE_BYTES,
        keys: Keys | None = None,
        chance: Chance | None = None,
    ) -> None:
        self._folder = folder
        self._locks = Locks(keys, chance)
        self._layers = Layers(folder)
        self._reserve_bytes = reserve_bytes
        self._lock = asyncio.Lock()

    def open(self) -> None:
        self._layers.open()

    def on_change(self, told: Callable[[], None] | None) -> None:
        """Call `told` before every change of the disk, for tests that crash there."""
        self._layers.on_change = told

    # --- making

    async def create(self, volume_id: str, size: int, encryption: Encryption | None = None) -> None:
        if encryption is None:
            await self._do(self._create, volume_id, size)
        else:
            await self._encrypted(volume_id, size, volume_id, encryption, ())

    async def create_from_image(
        self, volume_id: str, size: int, image: ImageData, encryption: Encryption | None = None
    ) -> None:
        await self._from_image(volume_id, size, image, volume_id, encryption)

    async def create_from_snapshot(self, volume_id: str, size: int, snapshot_id: str) -> None:
        await self._make_from(snapshot_id, volume_id, size, volume_id)

    async def clone(
        self, volume_id: str, size: int, source_id: str, guest: Guest | None = None
    ) -> None:
        hidden = f"clone-{volume_id}"
        if not self._layers.named("volumes", volume_id):
            await self._freeze(source_id, volume_id, hidden, guest)
            await self._make_from(hidden, volume_id, size, volume_id)
        await self._do(self._layers.forget, "snapshots", hidden)

    async def snapshot(self, snapshot_id: str, volume_id: str, guest: Guest | None = None) -> None:
        await self._freeze(volume_id, snapshot_id, snapshot_id, guest)

    async def replace(
        self, volume_id: str, size: int, mark: str, contents: ImageData | AsyncIterator[Extent]
    ) -> None:
        name = f"{volume_id}.{mark}"
        encryption = self._encryption(self._named("volumes", volume_id).layer)
        if isinstance(contents, ImageData):
            await self._from_image(volume_id, size, contents, name, encryption)
            return
        if encryption is not None:
            raise stays_encrypted(volume_id)
        if self._layers.info(name) is None:
            made = self._layers.work / name
            with room():
                await write_extents(made, size, contents)
            info = LayerInfo(format="raw", size=size)
            await self._do(self._layers.add, name, made, info)
        pointer = Pointer(layer=name, size=size)
        await self._do(self._layers.point, "volumes", volume_id, pointer)

    # --- changing

    async def extend(self, volume_id: str, size: int, guest: Guest | None = None) -> None:
        head = self._named("volumes", volume_id)
        info = self._layers.info(head.layer)
        assert info is not None
        if size > info.size:
            if guest is not None:
                await guest.grow(self._connection(volume_id, head, size=size))
            elif info.format == "raw":
                await asyncio.to_thread(os.truncate, self._layers.path(head.layer), size)
            else:
                await qemu_img.resize(
                    self._chain(head.layer)[0], size, await self._locks.key(info.encryption)
                )
            await self._do(self._layers.resize, head.layer, size)
        if size > head.size:
            pointer = Pointer(layer=head.layer, size=size)
            await self._do(self._layers.point, "volumes", volume_id, pointer)

    async def revert(self, volume_id: str, snapshot_id: str, mark: str) -> None:
        size = self._named("volumes", volume_id).size
        name = f"{volume_id}.{mark}"
        await self._make_from(snapshot_id, volume_id, size, name)

    async def rewrite(self, volume_id: str, mark: str, encryption: Encryption | None) -> None:
        head, name = self._named("volumes", volume_id), f"{volume_id}.{mark}"
        if head.layer != name:
            chain = self._chain(head.layer)
            await self._encrypted(volume_id, head.size, name, encryption, chain)

    # --- reading

    @asynccontextmanager
    async def read(self, volume_id: str, mark: str) -> AsyncGenerator[FileContents]:
        async with self._read(self._named("volumes", volume_id), mark) as contents:
            yield contents

    @asynccontextmanager
    async def read_snapshot(self, snapshot_id: str, mark: str) -> AsyncGenerator[FileContents]:
        async with self._read(self._named("snapshots", snapshot_id), mark) as contents:
            yield contents

    @asynccontextmanager
    async def read_sealed(
        self, volume_id: str, mark: str, snapshot_id: str | None = None
    ) -> AsyncGenerator[FileContents]:
        kind: Kind = "volumes" if snapshot_id is None else "snapshots"
        head = self._named(kind, snapshot_id or volume_id)
        encryption, beside = self._encryption(head.layer), self._layers.work / mark
        assert encryption is not None, "what is in clear is read as it is"
        chain = self._chain(head.layer)
        async with sealed(self._locks, beside, head.size, encryption, chain) as contents:
            yield contents

    async def unseal(
        self, volume_id: str, size: int, mark: str, given: Sealed, encryption: Encryption
    ) -> None:
        name = f"{volume_id}.{mark}"
        if self._layers.info(name) is None:
            made = self._layers.work / name
            info = await take(self._locks, made, size, given, encryption)
            await self._do(self._layers.add, name, made, info)
        await self._do(self._layers.point, "volumes", volume_id, Pointer(layer=name, size=size))

    # --- ending

    async def delete(self, volume_id: str) -> None:
        await self._do(self._delete, volume_id)

    async def delete_snapshot(self, snapshot_id: str) -> None:
        await self._do(self._delete_snapshot, snapshot_id)

    async def rename_snapshot(self, snapshot_id: str, new: str) -> None:
        await self._do(self._rename_snapshot, snapshot_id, new)

    async def abandon(self, volume_id: str) -> None:
        if self._layers.named("volumes", volume_id):
            await self._do(self._abandon, volume_id)

    async def adopt(self, volume_id: str, name: str) -> int:
        if self._layers.named("volumes", volume_id) is None:
            if not name.startswith(KEPT) or self._layers.info(name) is None:
                raise missing("volume", name)
            await self._do(self._layers.take, name, volume_id)
        return self._named("volumes", volume_id).size

    # --- opening

    async def connect(self, volume_id: str, *, read_only: bool) -> Connection:
        return self._connection(volume_id, self._named("volumes", volume_id), read_only=read_only)

    async def secrets(self, volume_id: str) -> dict[str, Secret]:
        layer = self._named("volumes", volume_id).layer
        key = await self._locks.key(self._encryption(layer))
        return {} if key is None else {"luks": key}

    async def disconnect(self, volume_id: str) -> None:
        """Descriptors of a file die with the process that had them."""

    async def capacity(self) -> Capacity:
        disk = os.statvfs(self._folder)
        free = max(0, disk.f_bavail * disk.f_frsize - self._reserve_bytes)
        return Capacity(disk.f_blocks * disk.f_frsize, free)

    async def census(self) -> Census:
        strays = await self._do(self._strays)
        return Census(
            self._layers.ids("volumes"),
            frozenset(n for n in self._layers.ids("snapshots") if not n.startswith(HIDDEN)),
            strays,
            self._layers.kept(KEPT),
            self._kept_snapshots(),
        )

    async def tidy(self, names: frozenset[str]) -> None:
        await self._do(self._tidy, names)

    # --- freezing

    async def _freeze(
        self, volume_id: str, mark: str, snapshot_id: str, guest: Guest | None
    ) -> None:
        """An empty layer on top of the volume; what was its top is the snapshot's.

        Repeated, it goes on where it was: a guest may have written into the new layer already.
        """
        top = f"{volume_id}.{mark}"
        head = self._named("volumes", volume_id)
        if head.layer == top:
            return
        if guest is None:
            await shorten(self._layers, self._locks, self._do, volume_id)
            head = self._named("volumes", volume_id)
        luks = await self._locks.header(self._encryption(head.layer))
        await self._do(self._add_above, top, head.layer, head.size, luks)
        await self._do(self._layers.point, "snapshots", snapshot_id, head)
        pointer = Pointer(layer=top, size=head.size)
        if guest is not None:
            await guest.switch(self._connection(volume_id, pointer))
        await self._do(self._layers.point, "volumes", volume_id, pointer)

    def _settle(self, mark: str) -> None:
        """Freezing was given up half-way: the new layer, empty or written to, is the top."""
        for name, below in self._layers.begun(mark):
            volume_id = name.removesuffix(f".{mark}")
            head = self._layers.named("volumes", volume_id)
            if head is not None and head.layer == below:
                self._layers.point("volumes", volume_id, Pointer(layer=name, size=head.size))

    # --- pieces of disk work, in a thread and one at a time

    async def _do(self, work: Callable[P, T], *given: P.args, **more: P.kwargs) -> T:
        async with self._lock:
            with room():
                return await asyncio.to_thread(work, *given, **more)

    def _named(self, kind: Kind, thing_id: str) -> Pointer:
        found = self._layers.named(kind, thing_id)
        if found is None:
            raise missing(kind.removesuffix("s"), thing_id)
        return found

    def _create(self, volume_id: str, size: int) -> None:
        if self._layers.named("volumes", volume_id):
            return
        made = self._layers.work / volume_id
        with made.open("wb") as file:
            file.truncate(size)
        self._layers.add(volume_id, made, LayerInfo(format="raw", size=size))
        self._layers.point("volumes", volume_id, Pointer(layer=volume_id, size=size))

    async def _make_from(self, snapshot_id: str, volume_id: str, size: int, name: str) -> None:
        below = self._named("snapshots", snapshot_id).layer
        luks = await self._locks.header(self._encryption(below))
        await self._do(self._create_from, snapshot_id, volume_id, size, name, luks)

    def _create_from(
        self, snapshot_id: str, volume_id: str, size: int, name: str, luks: bytes | None
    ) -> None:
        head = self._layers.named("volumes", volume_id)
        if head is not None and head.layer == name:
            return
        below = self._named("snapshots", snapshot_id)
        self._add_above(name, below.layer, size, luks)
        self._layers.point("volumes", volume_id, Pointer(layer=name, size=size))

    def _add_above(self, name: str, below: str, size: int, luks: bytes | None = None) -> None:
        if self._layers.info(name) is not None:
            return
        under = self._layers.info(below)
        assert under is not None, below
        made = self._layers.work / name
        write_empty(made, size, (below, under.format), luks)
        info = LayerInfo(format="qcow2", size=size, below=below, encryption=under.encryption)
        self._layers.add(name, made, info)

    async def _from_image(
        self,
        volume_id: str,
        size: int,
        image: ImageData,
        name: str,
        encryption: Encryption | None = None,
    ) -> None:
        """The image's layer is fetched beside the others' work, and may go in between."""
        if encryption is not None:
            chain = (Layer(path=str(image.path), format=_kind_of(image)),)
            await self._encrypted(volume_id, size, name, encryption, chain)
            return
        while not await self._do(self._above_image, volume_id, size, image, name):
            made = self._layers.work / f"{name}-image"
            with room():
                await asyncio.to_thread(_link_or_copy, image.path, made)
            await self._do(self._above_fetched, volume_id, size, image, name, made)

    def _above_image(self, volume_id: str, size: int, image: ImageData, name: str) -> bool:
        head = self._layers.named("volumes", volume_id)
        if head is not None and head.layer == name:
            return True
        base = f"image-{image.id}"
        if self._layers.info(base) is None:
            return False
        self._add_above(name, base, size)
        self._layers.point("volumes", volume_id, Pointer(layer=name, size=size))
        return True

    def _above_fetched(
        self, volume_id: str, size: int, image: ImageData, name: str, made: Path
    ) -> None:
        info = LayerInfo(format=_kind_of(image), size=image.virtual_size)
        self._layers.add(f"image-{image.id}", made, info)
        self._above_image(volume_id, size, image, name)

    def _delete(self, volume_id: str) -> None:
        self._settle(volume_id)
        self._layers.forget("snapshots", f"clone-{volume_id}")
        self._layers.forget("volumes", volume_id)
        for name, one in self._kept_snapshots().items():
            if one.volume_id == volume_id:
                self._layers.forget("snapshots", name)
        for name in self._layers.own(volume_id):
            self._layers.release(name)

    def _delete_snapshot(self, snapshot_id: str) -> None:
        self._settle(snapshot_id)
        self._layers.forget("snapshots", snapshot_id)

    def _rename_snapshot(self, snapshot_id: str, new: str) -> None:
        self._settle(snapshot_id)
        if self._layers.named("snapshots", new) is None:
            self._layers.point("snapshots", new, self._named("snapshots", snapshot_id))
        self._layers.forget("snapshots", snapshot_id)

    def _kept_snapshots(self) -> dict[str, KeptSnapshot]:
        found: dict[str, KeptSnapshot] = {}
        for name in self._layers.ids("snapshots"):
            pointer = self._layers.named("snapshots", name)
            if name.startswith(KEPT_SNAPSHOT) and pointer is not None:
                volume_id = pointer.layer.partition(".")[0]  # it was made for that one
                found[name] = KeptSnapshot(volume_id, pointer.size)
        return found

    def _abandon(self, volume_id: str) -> None:
        head = self._named("volumes", volume_id)
        self._layers.keep(f"{KEPT}{volume_id}", head.layer)
        self._layers.forget("volumes", volume_id)

    def _strays(self) -> frozenset[str]:
        return frozenset(n for n in self._layers.strays() if not n.startswith(KEPT))

    def _tidy(self, names: frozenset[str]) -> None:
        for name in names & self._strays():
            self._layers.drop(name)

    # --- encryption

    async def _encrypted(
        self,
        volume_id: str,
        size: int,
        name: str,
        encryption: Encryption | None,
        contents: tuple[Layer, ...],
    ) -> None:
        """A layer with nothing below, with these contents in it. What is plain may be its source.

        A key is needed for one side at most: where both are encrypted, the key is one.
        """
        if self._layers.info(name) is None:
            made = self._layers.work / name
            head = self._layers.named("volumes", volume_id)
            key = encryption or (self._encryption(head.layer) if head else None)
            info = await fill(self._locks, made, size, encryption, contents, key=key)
            await self._do(self._layers.add, name, made, info)
        await self._do(self._layers.point, "volumes", volume_id, Pointer(layer=name, size=size))

    def _encryption(self, layer: str) -> Encryption | None:
        info = self._layers.info(layer)
        return None if info is None else info.encryption

    # --- reading

    @asynccontextmanager
    async def _read(self, head: Pointer, mark: str) -> AsyncGenerator[FileContents]:
        if self._encryption(head.layer) is not None:
            raise stays_encrypted(head.layer)
        contents = FileContents(self._chain(head.layer), head.size, self._layers.work / mark)
        try:
            yield contents
        finally:
            await asyncio.to_thread(contents.close)

    def _chain(self, top: str) -> tuple[Layer, ...]:
        return tuple(
            Layer(
                path=str(self._layers.path(name)),
                format=info.format,
                encrypted=info.encryption is not None,
            )
            for name, info in self._layers.chain(top)
        )

    def _connection(
        self, volume_id: str, head: Pointer, *, size: int | None = None, read_only: bool = False
    ) -> Connection:
        return Connection(
            driver="file",
            volume_id=volume_id,
            serial=volume_id,
            size_bytes=size or head.size,
            layers=self._chain(head.layer),
            read_only=read_only,
        )


def _kind_of(image: ImageData) -> Literal["raw", "qcow2"]:
    return "qcow2" if image.format == "qcow2" else "raw"


def _link_or_copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOENT):
            raise
        words = ("cp", "--reflink=auto", "--sparse=always", "--", str(source), str(target))
        copied = subprocess.run(words, check=False, capture_output=True)
        if copied.returncode:
            raise store_full() from error
