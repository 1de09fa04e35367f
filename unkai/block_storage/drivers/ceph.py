"""Volumes as images of a Ceph pool (RBD), of which QEMU opens the one that it is told of.

    unkai.ID, unkai.ID.MARK     images made for the volume ID; at any time one of them is it
    unkai.image-ID              an image of Glance, of which volumes are clones
    volume-ID                   what was given up by the service and is not to go
    unkai.index                 an object of pairs: v:ID is the volume's image, s:ID the image that
                                has this snapshot, which is named by its ID

Every pair is replaced in one step, so that a volume's contents are changed by making another image
and writing down that one. Clones are copies on write of a snapshot that may go before them (clone
v2); an image that clones stand on stays, without a pair, until the last of them goes. A snapshot
asks nothing of a guest: RBD freezes the image in front of QEMU's eyes.

The pool is this cloud's alone. Rejected: going back to a snapshot by `rbd snap rollback`, which
copies it all and leaves a mixture when it is interrupted.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Final

from unkai.block_storage.connection import Connection, Layer
from unkai.block_storage.drivers import qemu_img
from unkai.block_storage.drivers.base import (
    KEPT_SNAPSHOT,
    Capacity,
    Census,
    Contents,
    Encryption,
    Extent,
    Guest,
    ImageData,
    KeptSnapshot,
    Sealed,
    missing,
)
from unkai.block_storage.drivers.locks import stays_encrypted
from unkai.block_storage.drivers.rbd import Access, Rbd
from unkai.kit.errors import Failed, Unavailable
from unkai.kit.secret import Secret

INDEX: Final = "unkai.index"
OURS: Final = "unkai."
OF_IMAGES: Final = "unkai.image-"
KEPT: Final = "volume-"
BASE: Final = "base"
HIDDEN: Final = ("clone-", KEPT_SNAPSHOT)
PORT: Final = "3300"
_MON_HOST = re.compile(r"^\s*mon[ _]host\s*=\s*(.+?)\s*$", re.MULTILINE)
_MONS = re.compile(r"\[v(?:[^][]|\[[^][]*\])*\]|[^,\s]+")
_MON = re.compile(r"(?:v\d:)?(\[[0-9a-fA-F:]+\]|[\w.-]+)(?::(\d+))?(?:/\d+)?")
_KEY = re.compile(r"^\s*key\s*=\s*(\S+)", re.MULTILINE)


class CephContents:
    """An image or a snapshot of it. beside: where files may be made; they end with `close`."""

    def __init__(self, rbd: Rbd, image: str, snapshot: str | None, size: int, beside: Path) -> None:
        self._rbd = rbd
        self._image = image
        self._snapshot = snapshot
        self._beside = beside
        self.size = size

    def extents(self) -> AsyncIterator[Extent]:
        return self._rbd.extents(self._image, self._snapshot, self.size)

    async def as_image(self, disk_format: str) -> Path:
        raw = self._beside.with_suffix(".raw")
        raw.unlink(missing_ok=True)
        await self._rbd.export(self._image, self._snapshot, raw)
        if disk_format == "raw":
            return raw
        target = self._beside.with_suffix(".image")
        await qemu_img.convert((Layer(path=str(raw), format="raw"),), target, disk_format)
        return target

    def close(self) -> None:
        for suffix in (".raw", ".image"):
            self._beside.with_suffix(suffix).unlink(missing_ok=True)


class CephDriver:
    """folder: where images are unpacked on their way; what is in it goes with `open`."""

    name = "ceph"
    encrypts = False

    def __init__(self, access: Access, folder: Path) -> None:
        self._rbd = Rbd(access)
        self._folder = folder
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def open(self) -> None:
        """Unavailable("ceph-missing") without Ceph's programs; the cluster is not asked yet."""
        if any(shutil.which(name) is None for name in ("rbd", "rados")):
            raise Unavailable(
                "Volumes are to lie on Ceph, whose programs rbd and rados are not installed.",
                code="ceph-missing",
                remedy="apt-get install ceph-common qemu-block-extra",
            )
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)

    def on_change(self, told: Callable[[], None] | None) -> None:
        """Call `told` before every command to the cluster, for tests that crash there."""
        self._rbd.on_change = told

    # --- making

    async def create(self, volume_id: str, size: int, encryption: Encryption | None = None) -> None:
        _plain(encryption)
        if await self._image(volume_id) is None:
            image = f"{OURS}{volume_id}"
            await self._rbd.create(image, size)
            await self._point(volume_id, image)

    async def create_from_image(
        self, volume_id: str, size: int, image: ImageData, encryption: Encryption | None = None
    ) -> None:
        _plain(encryption)
        if await self._image(volume_id) is None:
            await self._from_image(volume_id, size, f"{OURS}{volume_id}", image)

    async def create_from_snapshot(self, volume_id: str, size: int, snapshot_id: str) -> None:
        if await self._image(volume_id) is None:
            await self._from_snapshot(volume_id, size, f"{OURS}{volume_id}", snapshot_id)

    async def clone(
        self, volume_id: str, size: int, source_id: str, guest: Guest | None = None
    ) -> None:
        hidden = f"clone-{volume_id}"
        if await self._image(volume_id) is None:
            await self.snapshot(hidden, source_id)
            await self._from_snapshot(volume_id, size, f"{OURS}{volume_id}", hidden)
        await self.delete_snapshot(hidden)

    async def snapshot(self, snapshot_id: str, volume_id: str, guest: Guest | None = None) -> None:
        begun = await self._rbd.get(INDEX, f"s:{snapshot_id}")
        image = begun or await self._known(volume_id)
        if begun is None:
            await self._rbd.put(INDEX, f"s:{snapshot_id}", image)
        await self._rbd.snap(image, snapshot_id)

    async def replace(
        self, volume_id: str, size: int, mark: str, contents: ImageData | AsyncIterator[Extent]
    ) -> None:
        new = f"{OURS}{volume_id}.{mark}"
        if await self._known(volume_id) == new:
            return
        if isinstance(contents, ImageData):
            await self._from_image(volume_id, size, new, contents)
            return
        await self._rbd.remove(new)  # what an interruption left is not whole
        await self._rbd.create(new, size)
        await self._rbd.write(new, size, contents)
        await self._point(volume_id, new)

    async def rewrite(self, volume_id: str, mark: str, encryption: Encryption | None) -> None:
        _plain(encryption)

    def read_sealed(
        self, volume_id: str, mark: str, snapshot_id: str | None = None
    ) -> AbstractAsyncContextManager[Contents]:
        raise stays_encrypted(volume_id)

    async def unseal(
        self, volume_id: str, size: int, mark: str, given: Sealed, encryption: Encryption
    ) -> None:
        _plain(encryption)

    # --- changing

    async def extend(self, volume_id: str, size: int, guest: Guest | None = None) -> None:
        image = await self._known(volume_id)
        if size > await self._size(image, volume_id):
            await self._rbd.resize(image, size)
        if guest is not None:
            await guest.grow(await self.connect(volume_id, read_only=False))

    async def revert(self, volume_id: str, snapshot_id: str, mark: str) -> None:
        image, new = await self._known(volume_id), f"{OURS}{volume_id}.{mark}"
        if image != new:
            size = await self._size(image, volume_id)
            await self._from_snapshot(volume_id, size, new, snapshot_id)

    # --- reading

    @asynccontextmanager
    async def read(self, volume_id: str, mark: str) -> AsyncGenerator[CephContents]:
        image = await self._known(volume_id)
        size = await self._size(image, volume_id)
        contents = CephContents(self._rbd, image, None, size, self._folder / mark)
        try:
            yield contents
        finally:
            await asyncio.to_thread(contents.close)

    @asynccontextmanager
    async def read_snapshot(self, snapshot_id: str, mark: str) -> AsyncGenerator[CephContents]:
        image = await self._rbd.get(INDEX, f"s:{snapshot_id}")
        info = None if image is None else await self._rbd.info(f"{image}@{snapshot_id}")
        if image is None or info is None:
            raise missing("snapshot", snapshot_id)
        size = int(info["size"])
        contents = CephContents(self._rbd, image, snapshot_id, size, self._folder / mark)
        try:
            yield contents
        finally:
            await asyncio.to_thread(contents.close)

    # --- ending

    async def delete(self, volume_id: str) -> None:
        await self.delete_snapshot(f"clone-{volume_id}")
        await self._rbd.drop(INDEX, f"v:{volume_id}")
        index = await self._rbd.pairs(INDEX)
        for name, one in (await self._kept_snapshots(index)).items():
            if one.volume_id == volume_id:
                await self.delete_snapshot(name)
        own = f"{OURS}{volume_id}"
        for image in await self._rbd.names():
            if image == own or image.startswith(f"{own}."):
                await self._release(image)

    async def delete_snapshot(self, snapshot_id: str) -> None:
        image = await self._rbd.get(INDEX, f"s:{snapshot_id}")
        if image is not None:
            await self._rbd.unsnap(image, snapshot_id)
            await self._rbd.drop(INDEX, f"s:{snapshot_id}")
            await self._release(image)

    async def rename_snapshot(self, snapshot_id: str, new: str) -> None:
        index = await self._rbd.pairs(INDEX)
        image = index.get(f"s:{snapshot_id}")
        if image is None:
            if f"s:{new}" not in index:
                raise missing("snapshot", snapshot_id)
            return
        await self._rbd.put(INDEX, f"s:{new}", image)
        await self._rbd.rename_snap(image, snapshot_id, new)
        await self._rbd.drop(INDEX, f"s:{snapshot_id}")

    async def abandon(self, volume_id: str) -> None:
        image = await self._image(volume_id)
        if image is not None:
            await self._rbd.rename(image, f"{KEPT}{volume_id}")
            await self._rbd.drop(INDEX, f"v:{volume_id}")

    async def adopt(self, volume_id: str, name: str) -> int:
        image = await self._image(volume_id)
        if image is None:
            image = f"{OURS}{volume_id}"
            if not name.startswith(KEPT) or await self._rbd.info(image) is None:
                known = name.startswith(KEPT) and name in await self._rbd.names()
                if not known or not await self._rbd.rename(name, image):
                    raise missing("volume", name)
            await self._point(volume_id, image)
        return await self._size(image, volume_id)

    # --- opening

    async def connect(self, volume_id: str, *, read_only: bool) -> Connection:
        image = await self._known(volume_id)
        access = self._rbd.access
        conf = await asyncio.to_thread(access.conf.read_text)
        return Connection(
            driver="rbd",
            volume_id=volume_id,
            serial=volume_id,
            size_bytes=await self._size(image, volume_id),
            layers=(Layer(path=image, format="raw"),),
            target={"pool": access.pool, "user": access.user, "mons": ",".join(monitors(conf))},
            read_only=read_only,
        )

    async def secrets(self, volume_id: str) -> dict[str, Secret]:
        said = await asyncio.to_thread(self._rbd.access.keyring.read_text)
        found = _KEY.search(said.partition(f"[client.{self._rbd.access.user}]")[2])
        if found is None:
            raise Failed(
                f"The keyring has no key of client.{self._rbd.access.user}.", code="ceph-no-key"
            )
        return {"cephx": Secret(found[1])}

    async def disconnect(self, volume_id: str) -> None:
        """What opens an image was never anybody's but the hypervisor's, and QEMU let go of it."""

    async def capacity(self) -> Capacity:
        return Capacity(*await self._rbd.space())

    async def census(self) -> Census:
        index, names = await self._rbd.pairs(INDEX), await self._rbd.names()
        strays = [image for image in names if await self._is_stray(image, index)]
        kept = [await self._rbd.info(image) for image in names if image.startswith(KEPT)]
        return Census(
            _ids(index, "v:"),
            frozenset(one for one in _ids(index, "s:") if not one.startswith(HIDDEN)),
            frozenset(strays),
            {one["name"]: int(one["size"]) for one in kept if one is not None},
            await self._kept_snapshots(index),
        )

    async def tidy(self, names: frozenset[str]) -> None:
        for image in await self._rbd.names():
            if image in names and image.startswith(OURS):
                await self._release(image)

    # --- pieces

    async def _image(self, volume_id: str) -> str | None:
        return await self._rbd.get(INDEX, f"v:{volume_id}")

    async def _known(self, volume_id: str) -> str:
        image = await self._image(volume_id)
        if image is None:
            raise missing("volume", volume_id)
        return image

    async def _size(self, image: str, volume_id: str) -> int:
        info = await self._rbd.info(image)
        if info is None:
            raise missing("volume", volume_id)
        return int(info["size"])

    async def _point(self, volume_id: str, image: str) -> None:
        """Make this the volume's image; the one before goes if nothing needs it."""
        before = await self._image(volume_id)
        await self._rbd.put(INDEX, f"v:{volume_id}", image)
        if before is not None and before != image:
            await self._release(before)

    async def _from_snapshot(self, volume_id: str, size: int, image: str, snapshot_id: str) -> None:
        source = await self._rbd.get(INDEX, f"s:{snapshot_id}")
        if source is None:
            raise missing("snapshot", snapshot_id)
        await self._clone(source, snapshot_id, image, size)
        await self._point(volume_id, image)

    async def _clone(self, source: str, snapshot: str, image: str, size: int) -> None:
        await self._rbd.clone(source, snapshot, image)
        info = await self._rbd.info(image)
        if info is not None and int(info["size"]) < size:
            await self._rbd.resize(image, size)

    async def _from_image(self, volume_id: str, size: int, image: str, data: ImageData) -> None:
        base = f"{OF_IMAGES}{data.id}"
        async with self._lock(base):
            if await self._rbd.info(base) is None:
                await self._bring(base, data)
            await self._clone(base, BASE, image, size)
        await self._point(volume_id, image)

    async def _bring(self, base: str, data: ImageData) -> None:
        """It gets its name once it is whole and has the snapshot that is cloned."""
        part = f"{base}.part"
        await self._rbd.unsnap(part, BASE)
        await self._rbd.remove(part)
        path = data.path
        if data.format == "qcow2":
            path = self._folder / f"{data.id}.raw"
            whole = (Layer(path=str(data.path), format="qcow2"),)
            await qemu_img.convert(whole, path, "raw")
        try:
            await self._rbd.bring(path, part)
        finally:
            if path != data.path:
                path.unlink(missing_ok=True)
        await self._rbd.snap(part, BASE)
        await self._rbd.rename(part, base)

    async def _release(self, image: str) -> None:
        """Remove an image that is no volume and has no snapshot, and those it alone stood on."""
        while image.startswith(OURS) and image not in (await self._rbd.pairs(INDEX)).values():
            if image.startswith(OF_IMAGES):
                async with self._lock(image.removesuffix(".part")):
                    if not await self._rbd.children(image):
                        await self._rbd.unsnap(image, BASE)
                        await self._rbd.remove(image)
                return
            info = await self._rbd.info(image)
            if not await self._rbd.remove(image):
                return
            parent: dict[str, Any] = (info or {}).get("parent", {})
            image = str(parent.get("image", ""))

    async def _kept_snapshots(self, index: dict[str, str]) -> dict[str, KeptSnapshot]:
        found: dict[str, KeptSnapshot] = {}
        for name in _ids(index, f"s:{KEPT_SNAPSHOT}"):
            whole = f"{KEPT_SNAPSHOT}{name}"
            image = index[f"s:{whole}"]
            info = await self._rbd.info(f"{image}@{whole}")
            if info is not None:
                volume_id = image.removeprefix(OURS).partition(".")[0]
                found[whole] = KeptSnapshot(volume_id, int(info["size"]))
        return found

    async def _is_stray(self, image: str, index: dict[str, str]) -> bool:
        if not image.startswith(OURS) or image in index.values():
            return False
        return not await self._rbd.children(image)

    def _lock(self, name: str) -> asyncio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            self._locks[name] = lock = asyncio.Lock()
        return lock


def monitors(conf: str) -> list[str]:
    """HOST:PORT of each, from a ceph.conf. Failed("ceph-no-monitors")."""
    said = _MON_HOST.search(conf)
    found: list[str] = []
    for group in _MONS.findall(said[1]) if said else []:
        ways = group[1:-1].split(",") if group.startswith("[v") else [group]
        way = next((one for one in ways if one.startswith("v2:")), ways[0])
        place = _MON.fullmatch(way)
        if place is not None:
            found.append(f"{place[1]}:{place[2] or PORT}")
    if not found:
        raise Failed("The ceph.conf names no monitor (mon host).", code="ceph-no-monitors")
    return found


def _ids(index: dict[str, str], kind: str) -> frozenset[str]:
    return frozenset(key.removeprefix(kind) for key in index if key.startswith(kind))


def _plain(encryption: Encryption | None) -> None:
    assert encryption is None, "no encrypted volume is asked of a driver that encrypts none"
