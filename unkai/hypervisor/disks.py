"""The image cache and the root disks that stand on it.

A cached image is written beside its place, hashed on the way, and renamed once it is whole. Nobody
here opens an image to look at it: its format and size come with its description, an overlay is made
without reading what is below, and a disk is grown by the running QEMU. So untrusted
bytes are parsed by nothing but the sandboxed process of the server they belong to.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Collection, Generator
from pathlib import Path
from typing import BinaryIO

import msgspec

from unkai.hypervisor import refusals
from unkai.hypervisor.client import ImageSource
from unkai.hypervisor.folder import write_atomically
from unkai.hypervisor.model import ImageRef, RootDisk
from unkai.hypervisor.threads import in_thread
from unkai.kit.errors import BadRequest, Failed, NotFound
from unkai.kit.qcow2 import write_empty

_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,127}")
_CHUNK_BYTES = 4 * 1024 * 1024
_PART = ".part-"


@contextlib.contextmanager
def disk_words(what: str) -> Generator[None]:
    """Turn a full disk into Failed("disk-full") with words an operator can act upon."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(what) from error
        raise


def disk_full(what: str) -> Failed:
    return Failed(
        f"The host's disk is full: {what} could not be written.",
        code="disk-full",
        remedy="Free space in the state folder, or use another host.",
    )


class ImageCache:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._fetching: dict[str, asyncio.Lock] = {}
        self._pinned: dict[str, int] = {}

    def open(self) -> None:
        """Make the folder and drop what an interrupted fetch left."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        for part in self._folder.glob(f"{_PART}*"):
            part.unlink()

    async def fetch(self, image: ImageRef, source: ImageSource) -> None:
        if not _ID.fullmatch(image.id):
            raise BadRequest(f"{image.id!r} cannot be an image's id.", code="bad-image-id")
        async with self._fetching.setdefault(image.id, asyncio.Lock()):
            if self.find(image.id) == image:
                return
            with disk_words(f"image {image.id}"):
                await self._fetch(image, source)

    def find(self, image_id: str) -> ImageRef | None:
        try:
            data = (self._folder / f"{image_id}.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(data, type=ImageRef)

    def all(self) -> list[ImageRef]:
        found = (self.find(path.stem) for path in sorted(self._folder.glob("*.json")))
        return [image for image in found if image is not None]

    def path(self, image: ImageRef) -> Path:
        return self._folder / image.id

    def open_image(self, image: ImageRef) -> int:
        """A read-only descriptor for QEMU."""
        try:
            return os.open(self.path(image), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise refusals.not_cached(image) from None

    @contextlib.contextmanager
    def pinned(self, image: ImageRef | None) -> Generator[None]:
        """The image is there and stays while a disk is made from it."""
        if image is None:
            yield
            return
        if self.find(image.id) is None:
            raise refusals.not_cached(image)
        self._pinned[image.id] = self._pinned.get(image.id, 0) + 1
        try:
            yield
        finally:
            self._pinned[image.id] -= 1

    def evict(self, image_ids: Collection[str]) -> list[str]:
        pinned = {image_id for image_id, count in self._pinned.items() if count}
        gone = sorted(({image.id for image in self.all()} & set(image_ids)) - pinned)
        for image_id in gone:
            (self._folder / f"{image_id}.json").unlink(missing_ok=True)
            (self._folder / image_id).unlink(missing_ok=True)
        return gone

    def strays(self) -> list[Path]:
        """Files that are no image's, or half of one; none of what is being fetched now."""
        busy = {image_id for image_id, lock in list(self._fetching.items()) if lock.locked()}
        found = {path.name: path for path in sorted(self._folder.iterdir())}
        whole = {name for name in found if f"{name}.json" in found}
        fine = whole | {f"{name}.json" for name in whole}
        strays = [path for name, path in found.items() if name not in fine]
        if not busy:
            return strays
        return [p for p in strays if not p.name.startswith(".") and p.stem not in busy]

    async def _fetch(self, image: ImageRef, source: ImageSource) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._folder, prefix=_PART)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as target:
                if isinstance(source, Path):
                    found = await in_thread(_copy, source, target)
                else:
                    found = await _receive(source, target)
            if found != image.sha256:
                raise refusals.wrong_bytes(image, found)
            (self._folder / f"{image.id}.json").unlink(missing_ok=True)
            part.replace(self.path(image))
            write_atomically(self._folder / f"{image.id}.json", msgspec.json.encode(image))
        finally:
            part.unlink(missing_ok=True)


async def make_root_disk(disk: RootDisk, image_path: str, place: Path) -> None:
    """A qcow2 of the disk's size, empty or above the image. Failed, leaving nothing."""
    below = None if disk.image is None else (image_path, disk.image.format)
    try:
        with disk_words("the root disk"):
            await in_thread(write_empty, place, disk.size_bytes, below)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def _copy(source: Path, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    try:
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
                target.write(chunk)
    except FileNotFoundError:
        raise NotFound(
            "The image's file is gone.",
            code="image-gone",
            remedy="Delete this server and boot from another image.",
        ) from None
    _finish(target)
    return digest.hexdigest()


async def _receive(source: ImageSource, target: BinaryIO) -> str:
    """Small pieces are gathered, so that a thread is asked for megabytes, not for kilobytes."""
    assert not isinstance(source, Path)
    digest = hashlib.sha256()
    waiting = bytearray()

    def write(piece: bytes) -> None:
        digest.update(piece)
        target.write(piece)

    async for chunk in source:
        waiting += chunk
        if len(waiting) >= _CHUNK_BYTES:
            await in_thread(write, bytes(waiting))
            waiting.clear()
    await in_thread(write, bytes(waiting))
    await in_thread(_finish, target)
    return digest.hexdigest()


def _finish(target: BinaryIO) -> None:
    target.flush()
    os.fsync(target.fileno())
