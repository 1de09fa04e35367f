"""Reading a console in a test: until certain words, or so many bytes."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from unkai.kit.errors import Unavailable
from unkai.kit.streams import ByteStream

DEADLINE_S = 30


class Reader:
    """What a console says, with a deadline; what came is not lost when nobody waits any more."""

    def __init__(self, console: ByteStream, deadline_s: float = DEADLINE_S) -> None:
        self._pieces = aiter(console)
        self._coming: asyncio.Future[bytes] | None = None
        self._rest = b""
        self._deadline_s = deadline_s

    async def _more(self) -> None:
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._pieces))
        self._rest += await asyncio.shield(self._coming)
        self._coming = None

    async def until(self, wanted: bytes) -> bytes:
        async with asyncio.timeout(self._deadline_s):
            while wanted not in self._rest:
                await self._more()
        said, _, self._rest = self._rest.partition(wanted)
        return said + wanted

    async def exactly(self, count: int) -> bytes:
        async with asyncio.timeout(self._deadline_s):
            while len(self._rest) < count:
                await self._more()
        said, self._rest = self._rest[:count], self._rest[count:]
        return said

    async def ended(self) -> None:
        async with asyncio.timeout(self._deadline_s):
            with suppress(Unavailable, StopAsyncIteration):  # a host says so, a wire may break
                while True:
                    await self._more()

    async def close(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            await asyncio.gather(self._coming, return_exceptions=True)
