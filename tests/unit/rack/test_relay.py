"""The wire between a client and a BMC."""

from __future__ import annotations

import asyncio

import pytest

from tests.clouds import free_port
from unkai.kit.clock import Clock
from unkai.rack.relay import TcpRelay, Toll

pytestmark = pytest.mark.anyio
HOST = "127.0.0.1"


async def test_a_bmc_that_starts_answers_late() -> None:
    inner, outer = free_port(), free_port()
    relay = TcpRelay((HOST, inner), Toll(dict), Clock())
    await relay.open((HOST, outer))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"here I am\n")
        await writer.drain()
        writer.close()

    reader, writer = await asyncio.open_connection(HOST, outer)
    writer.write(b"GET / HTTP/1.1\n")
    early = asyncio.create_task(reader.read())
    done, _ = await asyncio.wait([early], timeout=0.3)
    assert not done

    async with await asyncio.start_server(answer, HOST, inner):
        assert await asyncio.wait_for(early, 5) == b"here I am\n"
    writer.close()
    relay.close()
