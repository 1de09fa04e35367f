"""The door to streams by WebSocket: binary frames, the bytes of a stream, both ways.

Who comes brings a ticket (`kit.tickets`), which opens one connection. A browser says where its page
is from, and a page from elsewhere is sent away: it could ride on nothing here, but a ticket that
leaked to it must not work. Programs say no origin. Text frames count as their UTF-8: people's
scripts send them. Whoever is refused gets a 403 before anything is upgraded; afterwards, a closing
frame says why the stream ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from unkai.kit.clock import Clock
from unkai.kit.db import Database
from unkai.kit.errors import Fault
from unkai.kit.streams import ByteStream
from unkai.kit.tickets import Ticket, use_ticket

PATH: Final = "/console"
NOT_ALLOWED, TRY_LATER, GOING = 4403, 1013, 1001
REASON_BYTES: Final = 120
"""A closing frame holds no more."""


class Streams(Protocol):
    """The streams of one kind of subject."""

    async def open(self, ticket: Ticket) -> ByteStream:
        """Raises a Fault whose sentence the visitor reads."""
        ...

    async def why_ended(self, ticket: Ticket) -> str:
        """A sentence, once a stream ended by itself."""
        ...


def stream_url(base_url: str, secret: str) -> str:
    """The WebSocket's address. base_url: the API's, as the client reached it."""
    parts = urlsplit(base_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{PATH}?token={secret}"


class StreamDoor:
    """An ASGI application, mounted at `PATH`.

    streams: by the first word of a ticket's subject ("server"). origins: of pages that may come
    besides our own, as "https://dashboard.example:8443".
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        streams: Mapping[str, Streams],
        origins: Collection[str] = (),
    ) -> None:
        self._database, self._clock = database, clock
        self._streams = streams
        self._origins = frozenset(origin.rstrip("/") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await _not_a_page(send)
            return
        socket = WebSocket(scope, receive, send)
        ticket = await self._ticket(socket)
        if ticket is None:
            await socket.close(NOT_ALLOWED)
            return
        offered: list[str] = scope.get("subprotocols") or []
        await socket.accept("binary" if "binary" in offered else None)
        streams = self._streams[ticket.subject.partition("/")[0]]
        try:
            stream = await streams.open(ticket)
        except Fault as fault:
            await _close(socket, TRY_LATER, fault.public)
            return
        try:
            await self._talk(socket, ticket, stream)
        finally:
            await stream.close()

    async def _ticket(self, socket: WebSocket) -> Ticket | None:
        secret = socket.query_params.get("token", "")
        if socket.url.path != PATH or not secret or not self._is_ours(socket):
            return None
        now = self._clock.now()
        ticket = await self._database.transact(lambda tx: use_ticket(tx, secret, now=now))
        known = ticket is not None and ticket.subject.partition("/")[0] in self._streams
        return ticket if known else None

    def _is_ours(self, socket: WebSocket) -> bool:
        origin = socket.headers.get("origin")
        if origin is None or origin in self._origins:
            return True
        host = socket.headers.get("host", "")
        return origin in (f"http://{host}", f"https://{host}")

    async def _talk(self, socket: WebSocket, ticket: Ticket, stream: ByteStream) -> None:
        typing = asyncio.create_task(_typed(socket, stream))
        telling = asyncio.create_task(_told(socket, stream))
        try:
            await asyncio.wait((typing, telling), return_when=asyncio.FIRST_COMPLETED)
            if typing.done() and not typing.result():
                return  # the visitor left
            fault = telling.result() if telling.done() else None
        finally:
            for task in (typing, telling):
                task.cancel()
            await asyncio.gather(typing, telling, return_exceptions=True)
        if fault is not None:
            await _close(socket, TRY_LATER, fault.public)
        else:
            ended = self._streams[ticket.subject.partition("/")[0]].why_ended(ticket)
            await _close(socket, GOING, await ended)


async def _typed(socket: WebSocket, stream: ByteStream) -> bool:
    """Until the visitor leaves: False; or until nobody takes what is typed: True."""
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return False
            data: bytes = message.get("bytes") or (message.get("text") or "").encode()
            if data:
                await stream.write(data)
    except Fault:
        return True


async def _told(socket: WebSocket, stream: ByteStream) -> Fault | None:
    """Until the stream ends or the visitor leaves; the fault that it ended with."""
    try:
        async for data in stream:
            await socket.send_bytes(data)
    except Fault as fault:
        return fault
    except (WebSocketDisconnect, RuntimeError):
        return None
    return None


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    try:
        await socket.close(code, reason.encode()[:REASON_BYTES].decode(errors="ignore"))
    except (WebSocketDisconnect, RuntimeError):
        return  # it left first


async def _not_a_page(send: Send) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 426, "headers": headers})
    await send({"type": "http.response.body", "body": b"A console is reached by WebSocket.\n"})
