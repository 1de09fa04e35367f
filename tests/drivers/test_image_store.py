"""Stores of image data: one suite on the fake and on files, and files on a disk that is full."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from unkai.image.drivers.base import Store
from unkai.image.drivers.fake import MemoryStore
from unkai.image.drivers.file import FileStore
from unkai.kit.errors import Conflict, NotFound, TooLarge

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["fake", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "file":
        yield FileStore(tmp_path, reserve_bytes=0)
        return
    memory = MemoryStore()
    yield memory
    memory.close()


async def kept(store: Store, image_id: str, *blocks: bytes) -> None:
    incoming = await store.begin(f"upload-{image_id}", None)
    for block in blocks:
        incoming.write(block)
    await store.keep(incoming, image_id)


async def test_what_was_kept_is_read(store: Store) -> None:
    await kept(store, "one", b"abc", b"", b"def")

    reader = await store.open("one")
    assert (reader.size, await reader.read(0, 6), await reader.read(2, 2)) == (6, b"abcdef", b"cd")
    assert os.pread(reader.fileno(), 3, 3) == b"def"
    reader.close()
    assert store.path("one").read_bytes() == b"abcdef"
    assert (await store.kept(), await store.incoming()) == ({"one"}, set())


async def test_data_is_not_there_before_it_is_kept(store: Store) -> None:
    incoming = await store.begin("upload", None)
    incoming.write(b"abc")

    assert os.pread(incoming.fileno(), 10, 1) == b"bc"
    assert (await store.kept(), await store.incoming()) == (set(), {"upload"})
    with pytest.raises(NotFound):
        await store.open("upload")
    await incoming.discard()
    await incoming.discard()
    assert await store.incoming() == set()


async def test_kept_data_never_changes(store: Store) -> None:
    await kept(store, "one", b"first")
    incoming = await store.begin("upload", None)
    incoming.write(b"second")

    with pytest.raises(Conflict):
        await store.keep(incoming, "one")

    await incoming.discard()
    assert store.path("one").read_bytes() == b"first"


async def test_deleted_data_is_read_to_its_end(store: Store) -> None:
    await kept(store, "one", b"abc")
    reader = await store.open("one")

    await store.delete("one")
    await store.delete("one")

    assert await reader.read(0, 3) == b"abc"
    reader.close()
    assert await store.kept() == set()
    with pytest.raises(NotFound):
        await store.open("one")


async def test_what_a_dead_upload_left_is_discarded(store: Store) -> None:
    incoming = await store.begin("dead", None)

    await store.discard_incoming("dead")
    await store.discard_incoming("dead")

    assert await store.incoming() == set()
    await incoming.discard()


async def test_no_room_is_seen_before(store: Store) -> None:
    with pytest.raises(TooLarge):
        await store.begin("upload", 1 << 60)

    assert await store.incoming() == set()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("a small disk is mounted as root")
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "small", folder]
    mounted = subprocess.run(mount, check=False)
    if mounted.returncode:
        pytest.skip("nothing may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


async def test_a_disk_that_fills_up(small_disk: Path) -> None:
    store = FileStore(small_disk, reserve_bytes=0)
    incoming = await store.begin("upload", None)

    with pytest.raises(TooLarge, match="not enough disk space"):
        await asyncio.to_thread(incoming.write, bytes(2 << 20))

    await incoming.discard()
    assert await store.incoming() == set()
    await kept(store, "small", b"fits")
    with pytest.raises(TooLarge):
        await store.begin("upload", 2 << 20)
