"""A client of live streams: straight into the ASGI application, read as they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: int | None


class Stream:
    """`until` reads on to an event; `stall` has the client take nothing for a while."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.beats = 0
        self.over = False
        self.left = asyncio.Event()
        self._text = b""
        self._came = asyncio.Event()
        self._takes = asyncio.Event()
        self._takes.set()

    def stall(self) -> None:
        self._takes.clear()

    def go_on(self) -> None:
        self._takes.set()

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self._takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self._text += message.get("body", b"")
            self.over = not message.get("more_body", False)
        self._came.set()

    async def next(self) -> Event | None:
        """The next event; None at the stream's end."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                piece, separator, rest = self._text.partition(b"\n\n")
                if separator:
                    self._text = rest
                    if piece != b":":
                        return _event(piece.decode())
                    self.beats += 1
                elif self.over:
                    return None
                else:
                    self._came.clear()
                    await self._came.wait()

    async def until(self, name: str, **fields: Any) -> Event:
        while event := await self.next():
            if event.name == name and fields.items() <= event.data.items():
                return event
        raise AssertionError(f"the stream ended before {name} {fields}")


def _event(text: str) -> Event:
    fields = dict(line.split(": ", 1) for line in text.split("\n"))
    number = fields.get("id")
    return Event(fields["event"], json.loads(fields["data"]), int(number) if number else None)


@asynccontextmanager
async def streaming(app: ASGIApp, path: str, token: str, **headers: str) -> AsyncGenerator[Stream]:
    given = {"x-auth-token": token, **headers}
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("cloud", 80),
    }
    stream = Stream()
    task = asyncio.ensure_future(app(scope, stream.receive, stream.send))
    try:
        yield stream
    finally:
        stream.left.set()
        stream.go_on()
        async with asyncio.timeout(PATIENCE_S):
            await task
