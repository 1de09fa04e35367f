"""Volume drivers, and a guest's way to the bytes of their volumes."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from tests.drivers import ceph_rigs
from tests.drivers.ceph_rigs import Ceph
from unkai.block_storage.connection import Connection
from unkai.block_storage.drivers.base import Contents, ImageData, VolumeDriver
from unkai.block_storage.drivers.ceph import CephDriver
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.fake import FakeDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.drivers.qemu_img import opened
from unkai.block_storage.drivers.rbd import Access

SIZE = 16 << 20


class Rig:
    """A driver, and a guest's way to a volume's bytes."""

    def __init__(self, driver: VolumeDriver, folder: Path, ceph: Ceph | None = None) -> None:
        self.driver = driver
        self.folder = folder
        self.ceph = ceph

    async def write(self, volume_id: str, letter: str, chunk: int = 0) -> None:
        connection = await self.driver.connect(volume_id, read_only=False)
        await asyncio.to_thread(write, self, connection, letter, chunk)

    async def read(self, volume_id: str) -> dict[int, str]:
        """Letters by chunk."""
        return await letters(self.driver.read(volume_id, f"read-{volume_id}"))

    async def read_snapshot(self, snapshot_id: str) -> dict[int, str]:
        return await letters(self.driver.read_snapshot(snapshot_id, f"read-{snapshot_id}"))


async def letters(opening: AbstractAsyncContextManager[Contents]) -> dict[int, str]:
    async with opening as contents:
        found = {at // CHUNK_BYTES: data async for at, data in contents.extents()}
    assert all(len(set(data)) == 1 for data in found.values())
    return {at: chr(data[0]) for at, data in found.items()}


def write(rig: Rig, connection: Connection, letter: str, chunk: int) -> None:
    """A whole chunk of one letter, by QEMU where there is something to open."""
    driver = rig.driver
    if isinstance(driver, FakeDriver):
        driver.write(connection.volume_id, chunk * CHUNK_BYTES, letter.encode() * CHUNK_BYTES)
        return
    order = f"write -P {ord(letter)} {chunk * CHUNK_BYTES} {CHUNK_BYTES}"
    node = opened(connection.layers) if rig.ceph is None else opened_image(rig.ceph, connection)
    words = ("qemu-io", "-c", order, node)
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def opened_image(ceph: Ceph, connection: Connection) -> str:
    conf = ceph.folder / "client.conf"
    conf.write_text(f"{ceph.conf.read_text()}\nkeyring = {ceph.keyring}\n")
    image = {"driver": "rbd", "pool": connection.target["pool"], "conf": str(conf)}
    image |= {"image": connection.layers[0].path, "user": connection.target["user"]}
    return "json:" + json.dumps({"driver": "raw", "file": image})


@pytest.fixture(scope="session")
def ceph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ceph]:
    if absent := ceph_rigs.missing():
        pytest.skip(f"not installed: {', '.join(absent)} (packages-soak.txt)")
    with ceph_rigs.started(tmp_path_factory.mktemp("ceph")) as made:
        yield made


def on_ceph(ceph: Ceph, folder: Path) -> Rig:
    access = Access(ceph_rigs.POOL, ceph_rigs.USER, ceph.conf, ceph.keyring)
    driver = CephDriver(access, folder / "work")
    driver.open()
    return Rig(driver, folder, ceph)


def local_rig(kind: str, tmp_path: Path) -> Rig:
    if kind == "fake":
        return Rig(FakeDriver(tmp_path), tmp_path)
    driver = FileDriver(tmp_path / "volumes", reserve_bytes=0)
    driver.open()
    return Rig(driver, tmp_path)


def raw_image(folder: Path, letter: str = "i") -> ImageData:
    path = folder / "image"
    path.write_bytes(letter.encode() * CHUNK_BYTES)
    return ImageData("img", path, "raw", CHUNK_BYTES)


async def extents_of(*pairs: tuple[int, str]) -> AsyncIterator[tuple[int, bytes]]:
    for chunk, letter in pairs:
        yield chunk * CHUNK_BYTES, letter.encode() * CHUNK_BYTES
