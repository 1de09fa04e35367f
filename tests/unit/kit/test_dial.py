"""HTTP and UDP out of a network namespace, the process staying where it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Iterator

import httpx
import pytest

from unkai.kit import netns
from unkai.kit.dial import http_client, udp_socket

pytestmark = pytest.mark.anyio
BODY = b"x" * 300_000


@pytest.fixture
def namespace() -> Iterator[str | None]:
    if os.geteuid() != 0:
        yield None
        return
    name = f"unkai-dial-{os.getpid()}"
    netns.create(name)
    try:
        yield name
    finally:
        netns.delete(name)


@contextlib.asynccontextmanager
async def server(namespace: str | None) -> AsyncGenerator[int]:
    """Answers every request on a connection with BODY and closes after the second."""
    serving: list[asyncio.Task[object]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        serving.append(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            for _ in range(2):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY)
                await writer.drain()
        writer.close()

    listener = netns.listen_tcp(namespace, "127.0.0.1", 0)
    running = await asyncio.start_server(serve, sock=listener)
    try:
        yield listener.getsockname()[1]
    finally:
        running.close()
        await asyncio.gather(*serving)


async def test_connections_are_opened_in_the_namespace_and_kept(namespace: str | None) -> None:
    async with server(namespace) as port, http_client(namespace) as client:
        for _ in range(5):  # over a connection that the server shuts in between
            answer = await client.get(f"http://127.0.0.1:{port}/")
            assert answer.status_code == 200 and answer.content == BODY
        if namespace is not None:
            async with http_client() as outside:
                with pytest.raises(httpx.ConnectError):
                    await outside.get(f"http://127.0.0.1:{port}/")


async def test_failures_bear_the_names_of_httpx() -> None:
    async with http_client(timeout_s=0.2) as client:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{port}/")
        with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(httpx.ReadTimeout):
            await client.get(f"http://127.0.0.1:{silent.getsockname()[1]}/")


async def test_datagrams_travel_inside_the_namespace(namespace: str | None) -> None:
    loop = asyncio.get_running_loop()
    one = await udp_socket(namespace, host="127.0.0.1", receive_bytes=1 << 18)
    other = await udp_socket(namespace, host="127.0.0.1")
    with one, other:
        await loop.sock_sendto(other, b"hello", one.getsockname())
        async with asyncio.timeout(5):
            assert await loop.sock_recv(one, 100) == b"hello"
