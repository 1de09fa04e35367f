"""A console that is kept, over OpenIPMI's BMC and a WebSocket: written down, shared, reopened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.databases import with_tables
from tests.drivers.ipmi_rigs import needs_ipmi_sim
from tests.drivers.test_sol import Rig, rig
from unkai.baremetal.drivers.consoles import Consoles
from unkai.baremetal.drivers.node_logs import CONSOLE, NodeLogs
from unkai.boot.listen import make_server
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database, open_database
from unkai.kit.errors import Unavailable
from unkai.kit.http.stream_door import StreamDoor, stream_url
from unkai.kit.streams import ByteStream
from unkai.kit.tickets import Ticket, give_ticket

__all__ = ["rig"]
pytestmark = [pytest.mark.anyio, needs_ipmi_sim]
DEADLINE_S = 30


@dataclass
class Kept:
    consoles: Consoles
    uuid: str
    base_url: str
    database: Database

    async def address(self) -> str:
        now = Clock().now()
        ticket = Ticket(f"node/{self.uuid}", "serial", "u-1", now + 60)
        secret = await self.database.transact(lambda tx: give_ticket(tx, Chance(), ticket, now=now))
        return stream_url(self.base_url, secret)

    async def until_written(self, wanted: bytes) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while wanted not in self.consoles.logs.read(self.uuid, CONSOLE):
                await asyncio.sleep(0.05)


class Watched:
    """The `Streams` of one keeper."""

    def __init__(self, consoles: Consoles) -> None:
        self._consoles = consoles

    async def open(self, ticket: Ticket) -> ByteStream:
        return self._consoles.watch(ticket.subject.removeprefix("node/"))

    async def why_ended(self, ticket: Ticket) -> str:
        return "It was let go."


async def _until_started(server: uvicorn.Server) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not server.started:
            await asyncio.sleep(0.02)


@pytest.fixture
async def kept(rig: Rig, tmp_path: Path) -> AsyncIterator[Kept]:
    consoles = Consoles(NodeLogs(tmp_path / "machines"), Clock())
    database = await open_database(with_tables(str(tmp_path / "unkai.db")))
    server = make_server(StreamDoor(database, Clock(), {"node": Watched(consoles)}))
    door = socket.create_server(("127.0.0.1", 0))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    node = rig.bmc.node
    try:
        await _until_started(server)
        consoles.keep(node.uuid, lambda: rig.console.open(node))
        yield Kept(consoles, node.uuid, f"http://127.0.0.1:{door.getsockname()[1]}", database)
    finally:
        await consoles.close()
        await database.close()
        server.should_exit = True
        await serving


async def _type(kept: Kept, data: bytes) -> None:
    """Once the line is open."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            with contextlib.suppress(Unavailable):
                await kept.consoles.write(kept.uuid, data)
                return
            await asyncio.sleep(0.05)


async def test_what_a_machine_says_is_written_and_watched(kept: Kept) -> None:
    await _type(kept, b"before anybody came\r\n")
    await kept.until_written(b"BEFORE ANYBODY CAME")
    address = await kept.address()
    async with connect(address) as socket, asyncio.timeout(DEADLINE_S):
        assert b"BEFORE ANYBODY CAME" in await socket.recv()
        await socket.send(b"hello\r\n")
        said = b""
        while b"HELLO\r" not in said:
            said += await socket.recv()
    await kept.until_written(b"HELLO")
    with pytest.raises(InvalidStatus):
        async with connect(address):
            pass


async def test_a_line_that_was_taken_away_is_opened_again(kept: Kept, rig: Rig) -> None:
    await _type(kept, b"mine\r\n")
    await kept.until_written(b"MINE")
    thief = await rig.console.open(rig.bmc.node)
    await thief.close()
    async with asyncio.timeout(DEADLINE_S):
        while b"AGAIN" not in kept.consoles.logs.read(kept.uuid, CONSOLE):
            await _type(kept, b"again\r\n")
            await asyncio.sleep(0.2)
