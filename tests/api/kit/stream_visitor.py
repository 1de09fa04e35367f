"""A client of a stream's WebSocket, without a wire."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp

REFUSED = 4403


class Visitor:
    def __init__(
        self, app: ASGIApp, url: str, *, subprotocols: tuple[str, ...] = (), **headers: str
    ) -> None:
        parts = urlsplit(url)
        self.to_app: asyncio.Queue[Any] = asyncio.Queue()
        self.from_app: asyncio.Queue[Any] = asyncio.Queue()
        given = {"host": parts.netloc, **headers}
        scope = {
            "type": "websocket",
            "scheme": parts.scheme,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in given.items()],
            "subprotocols": list(subprotocols),
        }
        self.to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.ensure_future(app(scope, self.to_app.get, self.from_app.put))

    async def next(self) -> Any:
        async with asyncio.timeout(10):
            return await self.from_app.get()

    async def enter(self) -> Any:
        accepted = await self.next()
        assert accepted["type"] == "websocket.accept", accepted
        return accepted

    async def refused(self) -> bool:
        """Whether the door stays closed."""
        first = await self.next()
        await self.task
        return first["type"] == "websocket.close" and first["code"] == REFUSED

    async def read_until(self, wanted: bytes) -> bytes:
        said = b""
        while wanted not in said:
            message = await self.next()
            assert message["type"] == "websocket.send", message
            said += message["bytes"]
        return said

    async def closed(self) -> tuple[int, str]:
        """Code and reason, after whatever is said before."""
        while (message := await self.next())["type"] != "websocket.close":
            pass
        await self.task
        return message["code"], message["reason"]

    async def type(self, data: bytes) -> None:
        await self.to_app.put({"type": "websocket.receive", "bytes": data})

    async def leave(self) -> None:
        await self.to_app.put({"type": "websocket.disconnect", "code": 1000})
        async with asyncio.timeout(10):
            await self.task
