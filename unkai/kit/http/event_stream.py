"""Server-Sent Events: an answer that goes on, sent piece by piece as things happen.

Rejected: WebSockets (a second protocol with rights of its own, where one direction is enough). The
client's end is seen at once, and whatever the stream holds is let go then.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

HEARTBEAT = b":\n\n"


def message(name: str, data: Any, id: int | None = None) -> bytes:
    """One event; `id` is what the client sends as Last-Event-ID when it comes back."""
    head = b"" if id is None else b"id: %d\n" % id
    return b"%sevent: %s\ndata: %s\n\n" % (head, name.encode(), msgspec.json.encode(data))


class EventStream(Response):
    """`events` brings encoded pieces; `ended` is called once, however the stream ends."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[bytes], ended: Callable[[], None]) -> None:
        super().__init__()
        del self.headers["content-length"]
        self.headers["Cache-Control"] = "no-store"
        self.headers["X-Accel-Buffering"] = "no"
        self._events = events
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            start = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **start})
            if scope["method"] != "HEAD":
                await self._until_gone(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._ended()

    async def _until_gone(self, receive: Receive, send: Send) -> None:
        tasks = [asyncio.create_task(self._pump(send)), asyncio.create_task(_gone(receive))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._events.aclose()

    async def _pump(self, send: Send) -> None:
        async for piece in self._events:
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
