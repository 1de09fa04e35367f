"""Data in and out: streamed, hashed, inspected, and nothing left when it fails."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from tests.api.image.conftest import Cloud, MakeImageService, caller_of
from unkai.image.actions.audit_images import orphans
from unkai.image.actions.create_image import create_image
from unkai.image.actions.open_data import data_path
from unkai.image.actions.upload_image import upload_image
from unkai.image.drivers.fake import BelievingInspector, MemoryStore
from unkai.image.model import Image, Status
from unkai.image.reconcilers.settle_uploads import settle_uploads
from unkai.image.store import images
from unkai.kit.errors import Conflict, Gone, TooLarge

pytestmark = pytest.mark.anyio


async def pieces(*chunks: bytes, then: BaseException | None = None) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if then is not None:
        raise then


def files_of(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "images").rglob("*") if path.is_file()]


async def test_what_was_uploaded_is_what_comes_back(cloud: Cloud) -> None:
    data = os.urandom((3 << 20) + 12345)
    made = await cloud.make_active(data)

    answer = await cloud.call("GET", f"/images/{made['id']}/file", "reader")

    assert answer.content == data
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-length"] == str(len(data))
    assert answer.headers["content-md5"] == made["checksum"] == hashlib.md5(data).hexdigest()
    assert made["os_hash_algo"] == "sha512"
    assert made["os_hash_value"] == hashlib.sha512(data).hexdigest()
    assert (made["status"], made["size"], made["virtual_size"]) == ("active", len(data), len(data))
    assert data_path(cloud.image, made["id"]).read_bytes() == data
    found = await images.find(cloud.image.kit.database.reader, made["id"])
    assert found is not None and found.sha256 == hashlib.sha256(data).hexdigest()


async def test_an_image_without_data_has_no_content(cloud: Cloud) -> None:
    made = await cloud.make()

    answer = await cloud.call("GET", f"/images/{made['id']}/file")

    assert (answer.status_code, answer.content) == (204, b"")


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, 3000),
        ("bytes=-5", 206, 2995, 3000),
        ("bytes=-5000", 206, 0, 3000),
        ("bytes=2999-9999", 206, 2999, 3000),
        ("bytes=0-1,5-6", 200, 0, 3000),
        ("lines=1-2", 200, 0, 3000),
        ("bytes=3000-", 416, 0, 0),
        ("bytes=9-3", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
    ],
)
async def test_a_range(cloud: Cloud, asked: str, status: int, start: int, end: int) -> None:
    data = os.urandom(3000)
    made = await cloud.make_active(data)

    answer = await cloud.call("GET", f"/images/{made['id']}/file", headers={"Range": asked})

    assert answer.status_code == status
    if status != 416:
        assert answer.content == data[start:end]
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/3000"


async def test_head_says_how_much(cloud: Cloud) -> None:
    made = await cloud.make_active(b"12345")

    answer = await cloud.call("HEAD", f"/images/{made['id']}/file")

    assert (answer.status_code, answer.headers["content-length"]) == (200, "5")


async def test_data_is_given_once(cloud: Cloud) -> None:
    made = await cloud.make_active(b"first")

    assert (await cloud.upload(made["id"], b"second")).status_code == 409
    assert (await cloud.call("GET", f"/images/{made['id']}/file")).content == b"first"


async def test_who_uploads_what(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()
    bare = await cloud.call("POST", "/images", json={"name": "no formats"})

    assert (await cloud.upload(made["id"], b"x", "reader")).status_code == 403
    assert (await cloud.upload(made["id"], b"x", "other")).status_code == 404
    assert (await cloud.upload(made["id"], b"x", "nobody")).status_code == 401
    assert (await cloud.upload(bare.json()["id"], b"x")).status_code == 400
    wrong = {"Content-Type": "application/json"}
    assert (await cloud.upload(made["id"], b"{}", **wrong)).status_code == 415
    odd = {"x-openstack-image-size": "many"}
    assert (await cloud.upload(made["id"], b"{}", **odd)).status_code == 400
    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []


async def test_a_refused_upload_can_be_done_again(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make(disk_format="qcow2")

    answer = await cloud.upload(made["id"], b"not qcow2 at all" * 1000)

    assert answer.status_code == 400
    assert "it is raw, not qcow2" in answer.json()["message"]
    shown = await cloud.show(made["id"])
    assert (shown["status"], shown["size"], shown["checksum"]) == ("queued", None, None)
    assert files_of(tmp_path) == []
    await cloud.patch(made["id"], {"op": "replace", "path": "/disk_format", "value": "raw"})
    assert (await cloud.upload(made["id"], b"not qcow2 at all" * 1000)).status_code == 204


async def test_the_announced_size_holds(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()

    answer = await cloud.upload(made["id"], b"12345", **{"x-openstack-image-size": "6"})

    assert answer.status_code == 400
    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []


async def test_too_much_is_refused_early_and_late(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()

    async def endless() -> AsyncIterator[bytes]:
        block = bytes(1 << 20)
        for _ in range(65):
            yield block

    early = await cloud.upload(made["id"], b"x", **{"x-openstack-image-size": str(65 << 20)})
    late = await cloud.upload(made["id"], endless())

    assert (early.status_code, late.status_code) == (413, 413)
    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []


@pytest.mark.parametrize("sent", [0, 100, 3 << 20])
async def test_a_client_that_leaves_leaves_nothing(cloud: Cloud, tmp_path: Path, sent: int) -> None:
    made = await cloud.make()
    chunks = pieces(bytes(sent), then=ClientDisconnect())

    with pytest.raises(ClientDisconnect):
        await upload_image(cloud.image, caller_of("member"), made["id"], chunks)

    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []
    assert cloud.image.live_uploads == set()


async def test_a_cancelled_upload_leaves_nothing(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()
    arrived = asyncio.Event()

    async def stalling() -> AsyncIterator[bytes]:
        yield bytes(2 << 20)
        arrived.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(
        upload_image(cloud.image, caller_of("member"), made["id"], stalling())
    )
    await arrived.wait()
    assert (await cloud.show(made["id"]))["status"] == "saving"
    second = await cloud.upload(made["id"], b"second")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert second.status_code == 409
    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []


async def test_deleted_while_its_data_comes_in(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()

    async def deleting() -> AsyncIterator[bytes]:
        yield bytes(1 << 20)
        assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 204
        yield bytes(1 << 20)

    with pytest.raises(Gone):
        await upload_image(cloud.image, caller_of("member"), made["id"], deleting())

    assert files_of(tmp_path) == []


async def test_a_full_disk_is_said_and_leaves_nothing(make_service: MakeImageService) -> None:
    store = MemoryStore(capacity_bytes=2 << 20)
    image = await make_service(store=store, inspector=BelievingInspector())
    caller = caller_of("member")
    draft = Image(id="", owner=None, disk_format="raw", container_format="bare")
    made = await create_image(image, caller, draft)

    for expected in (None, 4 << 20):
        chunks = pieces(*[bytes(1 << 20)] * 4)
        with pytest.raises(TooLarge, match="not enough disk space"):
            await upload_image(image, caller, made.id, chunks, expected)

    found = await images.find(image.kit.database.reader, made.id)
    assert found is not None and found.status is Status.QUEUED
    assert (store.used_bytes(), await store.incoming()) == (0, set())
    store.close()


async def test_no_two_uploads_mix(cloud: Cloud) -> None:
    """An upload that was given up for dead may neither keep its data nor touch the other's."""
    made = await cloud.make()
    caller = caller_of("member")

    async def taken_over() -> AsyncIterator[bytes]:
        yield b"old"
        live = set(cloud.image.live_uploads)
        cloud.image.live_uploads.clear()
        await settle_uploads(cloud.image, stalled_s=-1.0)
        cloud.image.live_uploads.update(live)
        await upload_image(cloud.image, caller, made["id"], pieces(b"new"))
        yield b"old"

    with pytest.raises((Gone, Conflict)):
        await upload_image(cloud.image, caller, made["id"], taken_over())

    assert (await cloud.call("GET", f"/images/{made['id']}/file")).content == b"new"


async def test_what_a_dead_process_left_is_settled(cloud: Cloud, tmp_path: Path) -> None:
    image = cloud.image
    made = await cloud.make()
    stale = Image(id="0" * 8, owner="p", status=Status.SAVING, upload_id="dead-upload")

    async def write(tx: Any) -> None:
        await images.add(tx, stale)
        await images.touch(tx, stale.id, "dead-upload", image.kit.clock.now() - 1000)

    await image.kit.database.transact(write)
    incoming = await image.store.begin("dead-upload", None)
    incoming.write(b"half")
    other = await image.store.begin("unknown-upload", None)

    await settle_uploads(image)

    found = await images.find(image.kit.database.reader, stale.id)
    assert found is not None and (found.status, found.upload_id) == (Status.QUEUED, None)
    assert await orphans(image) == {("incoming", "unknown-upload")}
    await other.discard()
    await incoming.discard()
    assert (await cloud.show(made["id"]))["status"] == "queued"
    assert files_of(tmp_path) == []


async def test_deleting_takes_the_data_along(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make_active(os.urandom(4096))
    reading = await cloud.image.store.open(made["id"])

    await cloud.call("DELETE", f"/images/{made['id']}")

    assert files_of(tmp_path) == []
    assert len(await reading.read(0, 4096)) == 4096
    reading.close()


async def test_missing_data_is_a_clear_answer(cloud: Cloud) -> None:
    made = await cloud.make_active(b"x")
    await cloud.image.store.delete(made["id"])

    answer = await cloud.call("GET", f"/images/{made['id']}/file")

    assert answer.status_code == 404
    assert "not in the store" in answer.json()["message"]
