"""Image data through a real HTTP server: what only sockets show."""

from __future__ import annotations

import asyncio
import http.client
import os
import resource
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.image.conftest import Cloud
from unkai.boot.listen import make_server

pytestmark = pytest.mark.anyio
OCTETS = {"X-Auth-Token": "member", "Content-Type": "application/octet-stream"}


@pytest.fixture
async def port(cloud: Cloud) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = make_server(cloud.app)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    yield listening.getsockname()[1]
    server.should_exit = True
    await task
    listening.close()


def asked(port: int, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, f"/image/v2/images/{path}", body, OCTETS)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


async def until_status(cloud: Cloud, image_id: str, status: str) -> None:
    async with asyncio.timeout(20):
        while (await cloud.show(image_id))["status"] != status:
            await asyncio.sleep(0.01)


async def test_a_closed_connection_gives_the_image_back(
    cloud: Cloud, port: int, tmp_path: Path
) -> None:
    made = await cloud.make()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"PUT /image/v2/images/{made['id']}/file HTTP/1.1\r\nHost: cloud\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in OCTETS.items())
    writer.write(f"{head}Content-Length: 50000000\r\n\r\n".encode() + bytes(3 << 20))
    await until_status(cloud, made["id"], "saving")

    writer.close()
    await writer.wait_closed()

    await until_status(cloud, made["id"], "queued")
    async with asyncio.timeout(20):
        while cloud.image.live_uploads:
            await asyncio.sleep(0.01)
    assert [path for path in (tmp_path / "images").rglob("*") if path.is_file()] == []


async def test_chunked_data_arrives_whole(cloud: Cloud, port: int) -> None:
    data = os.urandom(5 << 20)
    made = await cloud.make()
    chunks = (data[at : at + 70_001] for at in range(0, len(data), 70_001))

    status, _ = await asyncio.to_thread(asked, port, "PUT", f"{made['id']}/file", chunks)
    answer = await asyncio.to_thread(asked, port, "GET", f"{made['id']}/file")

    assert status == 204
    assert answer == (200, data)


async def test_memory_does_not_grow_with_the_image(cloud: Cloud, port: int) -> None:
    """60 MiB through a door of a few; the sender draws its bytes one block at a time."""
    await cloud.make_active(bytes(4 << 20))
    made = await cloud.make()
    block = bytes(1 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    status, _ = await asyncio.to_thread(
        asked, port, "PUT", f"{made['id']}/file", (block for _ in range(60))
    )

    assert status == 204
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown_kib < 24 << 10


async def test_a_refusal_reaches_a_client_that_still_sends(cloud: Cloud, port: int) -> None:
    made = await cloud.make_active(b"x")

    status, body = await asyncio.to_thread(asked, port, "PUT", f"{made['id']}/file", bytes(8 << 20))

    assert status == 409
    assert b"must be queued" in body
