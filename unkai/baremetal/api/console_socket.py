"""The serial console of a node by WebSocket: binary frames, as bytes of the line, both ways.

Who comes brings a ticket that `GET /v1/nodes/{id}/states/console` gave; it opens one connection. A
browser says where its page is from, and a page from elsewhere is sent away: it could ride on
nothing here, but a ticket that leaked to it must not work.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from unkai.baremetal.drivers.consoles import Consoles, Watcher
from unkai.kit.errors import Fault

PREFIX: Final = "/consoles/"
NOT_ALLOWED, TRY_LATER, GOING = 4403, 1013, 1001
TYPED_MOST: Final = 4096
REASON_MOST: Final = 120
"""Bytes; a closing frame holds no more."""


def console_url(base_url: str, ticket: str) -> str:
    """base_url: the API's, as the client reached it."""
    parts = urlsplit(base_url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}{PREFIX}node?ticket={ticket}"


class ConsoleSocket:
    """An ASGI application, mounted at `PREFIX`."""

    def __init__(self, consoles: Consoles) -> None:
        self._consoles = consoles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await _not_a_page(send)
            return
        socket = WebSocket(scope, receive, send)
        uuid = self._consoles.redeem(socket.query_params.get("ticket", ""))
        if uuid is None or not _same_origin(socket):
            await socket.close(NOT_ALLOWED)
            return
        offered: list[str] = scope.get("subprotocols") or []
        await socket.accept("binary" if "binary" in offered else None)
        try:
            recent, watcher = self._consoles.watch(uuid)
        except Fault as fault:
            await socket.close(TRY_LATER, fault.message[:REASON_MOST])
            return
        try:
            await self._talk(socket, uuid, recent, watcher)
        finally:
            self._consoles.unwatch(uuid, watcher)

    async def _talk(self, socket: WebSocket, uuid: str, recent: bytes, watcher: Watcher) -> None:
        typing = asyncio.create_task(self._typed(socket, uuid))
        telling = asyncio.create_task(_told(socket, recent, watcher))
        try:
            await asyncio.wait((typing, telling), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (typing, telling):
                task.cancel()
            await asyncio.gather(typing, telling, return_exceptions=True)

    async def _typed(self, socket: WebSocket, uuid: str) -> None:
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                data = message.get("bytes") or (message.get("text") or "").encode()
                await self._consoles.write(uuid, data[:TYPED_MOST])
        except Fault as fault:
            await socket.close(TRY_LATER, fault.message[:REASON_MOST])


async def _told(socket: WebSocket, recent: bytes, watcher: Watcher) -> None:
    try:
        if recent:
            await socket.send_bytes(recent)
        async for said in watcher:
            await socket.send_bytes(said)
        why = "You are too far behind." if watcher.behind else "The console was disabled."
        await socket.close(TRY_LATER if watcher.behind else GOING, why)
    except WebSocketDisconnect:
        return


def _same_origin(socket: WebSocket) -> bool:
    """Programs say no origin; a page must be from the host that it asks."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")


async def _not_a_page(send: Send) -> None:
    headers = [(b"content-type", b"text/plain")]
    await send({"type": "http.response.start", "status": 426, "headers": headers})
    await send({"type": "http.response.body", "body": b"A console is reached by WebSocket.\n"})
