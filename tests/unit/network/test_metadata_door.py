"""The metadata door: one application, many networks, guests that nobody trusts."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.types import Receive, Scope, Send

from unkai.kit.clock import Clock
from unkai.network.drivers.metadata import MetadataServer

pytestmark = pytest.mark.anyio


async def tell(scope: Scope, receive: Receive, send: Send) -> None:
    body = f"{scope['unkai.network_id']} {scope['client'][0]} {scope['path']}".encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def door() -> AsyncIterator[MetadataServer]:
    made = MetadataServer(tell, connections_max=3, silence_s=0.1)
    yield made
    await made.close_all()


async def listen(door: MetadataServer, network_id: str) -> tuple[str, int]:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    await door.open(network_id, listener)
    return listener.getsockname()


async def say(address: tuple[str, int], text: str, *, close: bool = True) -> str:
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(text.encode())
        async with asyncio.timeout(5):
            return (await reader.read()).decode() if close else (await reader.read(1)).decode()
    except ConnectionError:
        return ""
    finally:
        writer.close()


ASK = "GET /latest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def test_each_socket_says_its_network(door: MetadataServer) -> None:
    one, two = await listen(door, "n-1"), await listen(door, "n-2")

    assert (await say(one, ASK)).endswith("n-1 127.0.0.1 /latest")
    assert (await say(two, ASK)).endswith("n-2 127.0.0.1 /latest")
    assert door.networks() == {"n-1", "n-2"}

    await door.close("n-1")
    with pytest.raises(OSError, match="Connect call failed"):
        await say(one, ASK)
    assert (await say(two, ASK)).endswith("n-2 127.0.0.1 /latest")


async def test_silent_connections_are_sent_away_and_do_not_shut_out_other_networks(
    door: MetadataServer,
) -> None:
    one, two = await listen(door, "n-1"), await listen(door, "n-2")
    silent = [asyncio.create_task(say(one, "")) for _ in range(3)]
    async with asyncio.timeout(5):
        while door.connections("n-1") < 3:
            await Clock().sleep(0)

    assert await say(one, ASK) == ""
    assert (await say(two, ASK)).endswith("n-2 127.0.0.1 /latest")
    assert await asyncio.gather(*silent) == ["", "", ""]
    assert (await say(one, ASK)).endswith("n-1 127.0.0.1 /latest")


async def test_endless_headers_are_refused(door: MetadataServer) -> None:
    one = await listen(door, "n-1")

    answer = await say(one, "GET / HTTP/1.1\r\nX-Long: " + "a" * 200_000)

    assert answer == "" or answer.startswith("HTTP/1.1 400")
