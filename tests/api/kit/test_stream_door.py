"""Tickets, and the door they open: once, in time, for our own pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.api.kit.stream_visitor import Visitor
from tests.databases import with_tables
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database, open_database
from unkai.kit.errors import Conflict, Unavailable
from unkai.kit.http.stream_door import GOING, TRY_LATER, StreamDoor, stream_url
from unkai.kit.streams import ByteStream
from unkai.kit.tickets import Ticket, find_ticket, give_ticket, tickets

pytestmark = pytest.mark.anyio


class Echo:
    """A stream that says back what it hears; "quit" ends it, "break" breaks it."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[bytes] = asyncio.Queue()
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self.said.get()) != b"quit":
            if said == b"break":
                raise Unavailable("The wire broke.", remedy="Mend it.")
            yield said

    async def write(self, data: bytes) -> None:
        if data == b"deaf":
            raise Unavailable("Nobody hears you.")
        self.said.put_nowait(data)

    async def close(self) -> None:
        self.closed = True


class Echoes:
    def __init__(self) -> None:
        self.opened: list[Echo] = []

    async def open(self, ticket: Ticket) -> ByteStream:
        if ticket.kind == "busy":
            raise Conflict("It is busy." * 30)
        self.opened.append(Echo())
        return self.opened[-1]

    async def why_ended(self, ticket: Ticket) -> str:
        return f"{ticket.subject} had enough."


class Ours(Clock):
    """The clock of the door, which a test sets forward."""

    ahead_s = 0.0

    def now(self) -> float:
        return super().now() + self.ahead_s


class Place:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock, self.chance = Ours(), Chance()
        self.echoes = Echoes()
        self.door = StreamDoor(
            database, self.clock, {"thing": self.echoes}, ["https://friend.example/"]
        )

    async def secret(self, kind: str = "echo", subject: str = "thing/1") -> str:
        now = self.clock.now()
        ticket = Ticket(subject, kind, "u-1", now + 60)
        return await self.database.transact(
            lambda tx: give_ticket(tx, self.chance, ticket, now=now)
        )

    async def url(self, kind: str = "echo", subject: str = "thing/1") -> str:
        return stream_url("http://cloud:8780", await self.secret(kind, subject))


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Place]:
    database = await open_database(with_tables(url))
    try:
        yield Place(database)
    finally:
        await database.close()


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    async with opened(database_url) as made:
        yield made


def test_the_address_is_a_web_socket_on_the_same_origin() -> None:
    assert stream_url("http://cloud:8780", "x") == "ws://cloud:8780/console?token=x"
    assert stream_url("https://cloud", "x") == "wss://cloud/console?token=x"


async def test_bytes_go_both_ways(place: Place) -> None:
    visitor = Visitor(place.door, await place.url(), subprotocols=("chat", "binary"))
    assert (await visitor.enter())["subprotocol"] == "binary"
    await visitor.type(b"\x00\xff")
    assert await visitor.read_until(b"\x00\xff")
    await visitor.to_app.put({"type": "websocket.receive", "text": "h\u00e9"})
    assert await visitor.read_until("h\u00e9".encode())
    await visitor.leave()
    assert place.echoes.opened[0].closed


async def test_a_ticket_opens_once(place: Place) -> None:
    url = await place.url()
    first = Visitor(place.door, url)
    assert (await first.enter())["subprotocol"] is None
    assert await Visitor(place.door, url).refused()
    await first.leave()
    assert await Visitor(place.door, url).refused()


async def test_of_many_who_come_at_once_one_comes_in(place: Place) -> None:
    url = await place.url()
    visitors = [Visitor(place.door, url) for _ in range(8)]
    answers = [(await visitor.next())["type"] for visitor in visitors]
    assert sorted(answers) == ["websocket.accept", *["websocket.close"] * 7]
    for visitor, answer in zip(visitors, answers, strict=True):
        if answer == "websocket.accept":
            await visitor.leave()


async def test_a_ticket_gets_old(place: Place) -> None:
    url, secret = await place.url(), await place.secret()
    place.clock.ahead_s = 61
    assert await Visitor(place.door, url).refused()
    now = place.clock.now()
    assert await find_ticket(place.database.reader, secret, now=now) is None
    await place.secret()
    assert len(await place.database.reader.all(tickets.select())) == 1


async def test_the_secret_itself_is_not_stored(place: Place) -> None:
    secret = await place.secret()
    (row,) = await place.database.reader.all(tickets.select())
    assert secret not in str(row) and len(row.hash) == 64


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://cloud:8780", True),
        ("https://friend.example", True),
        ("http://cloud:8781", False),
        ("http://evil.example", False),
        ("null", False),
        ("http://[", False),
    ],
)
async def test_a_page_must_be_ours(place: Place, origin: str, allowed: bool) -> None:  # noqa: FBT001
    url = await place.url()
    visitor = Visitor(place.door, url, origin=origin)
    if allowed:
        await visitor.enter()
        await visitor.leave()
        return
    assert await visitor.refused()
    again = Visitor(place.door, url)  # its bearer still may
    await again.enter()
    await again.leave()


@pytest.mark.parametrize(
    "address",
    ["/console", "/console?token=", "/console?token=made-up", "/consoles?token=", "/console/x"],
)
async def test_nobody_comes_in_without_one(place: Place, address: str) -> None:
    url = f"ws://cloud:8780{address}"
    if address.endswith(("s?token=", "/x")):
        url = (await place.url()).replace("/console?", address.partition("?")[0] + "?")
    assert await Visitor(place.door, url).refused()


async def test_a_ticket_of_something_else_opens_nothing(place: Place) -> None:
    assert await Visitor(place.door, await place.url(subject="other/1")).refused()


async def test_who_comes_in_hears_why_it_ends(place: Place) -> None:
    for word, code, reason in (
        (b"quit", GOING, "thing/1 had enough."),
        (b"break", TRY_LATER, "The wire broke. Mend it."),
        (b"deaf", GOING, "thing/1 had enough."),
    ):
        visitor = Visitor(place.door, await place.url())
        await visitor.enter()
        await visitor.type(word)
        assert await visitor.closed() == (code, reason)
        assert place.echoes.opened[-1].closed
    visitor = Visitor(place.door, await place.url("busy"))
    await visitor.enter()
    code, reason = await visitor.closed()
    assert code == TRY_LATER and reason.startswith("It is busy.") and len(reason) <= 120
