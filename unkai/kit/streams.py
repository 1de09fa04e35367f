"""Streams of bytes that go both ways: what a console is, wherever its other end may be.

A serial line has one reader at its other end, people want it in several windows: `SharedLine` opens
it once, tells every viewer the same, and lets go of who reads too slowly instead of waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from unkai.kit.errors import Unavailable

PIECE_BYTES: Final = 64 * 1024
WAITING_MOST: Final = 256
"""Pieces that a slow watcher may be behind; then it is let go."""


class ByteStream(Protocol):
    """Iterate for what comes. It ends when the other side has gone, or with a Fault that says why.

    `write` raises Unavailable once the other side has gone. `close` may be called twice.
    """

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def write(self, data: bytes) -> None: ...

    async def close(self) -> None: ...


class SocketStream:
    """A connected socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with suppress(ConnectionError):
            while data := await self._reader.read(PIECE_BYTES):
                yield data

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise Unavailable("The other side has gone.", code="stream-ended") from error

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


class Watcher:
    """Iterate for what is said from now on, until `close`; Unavailable if it fell behind."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_MOST)
        self.behind = False

    def put(self, data: bytes) -> None:
        try:
            self._said.put_nowait(data)
        except asyncio.QueueFull:
            self.behind = True
            self.close()

    def close(self) -> None:
        if self._said.full():
            self._said.get_nowait()
        self._said.put_nowait(None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (said := await self._said.get()) is not None:
            yield said
        if self.behind:
            raise Unavailable("You are too far behind.", code="stream-behind")


class SharedLine:
    """A line that is open while somebody watches it."""

    def __init__(self, open_line: Callable[[], Awaitable[ByteStream]]) -> None:
        self._open_line = open_line
        self._opening = asyncio.Lock()
        self._watchers: set[Watcher] = set()
        self._line: ByteStream | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        return self._line is not None or self._opening.locked()

    async def join(self, before: bytes = b"") -> ByteStream:
        """Watch and type; `before` is what this viewer reads first."""
        async with self._opening:
            if self._line is None:
                self._line = await self._open_line()
                self._reading = asyncio.create_task(self._read(self._line))
            watcher = Watcher()
            self._watchers.add(watcher)
        return _Viewer(self, watcher, before)

    async def write(self, data: bytes) -> None:
        if self._line is None:
            raise Unavailable("The other side has gone.", code="stream-ended")
        await self._line.write(data)

    async def leave(self, watcher: Watcher) -> None:
        """Who is the last closes the line."""
        async with self._opening:
            if watcher not in self._watchers:
                return
            self._watchers.discard(watcher)
            if not self._watchers:
                await self._let_go()

    async def close(self) -> None:
        """For everybody."""
        async with self._opening:
            self._dismiss()
            await self._let_go()

    async def _read(self, line: ByteStream) -> None:
        try:
            async for data in line:
                for watcher in self._watchers:
                    watcher.put(data)
        finally:
            self._dismiss()
            if self._line is line:
                self._line = None
            await line.close()

    def _dismiss(self) -> None:
        for watcher in self._watchers:
            watcher.close()
        self._watchers.clear()

    async def _let_go(self) -> None:
        """A reader that never came to read does not close the line."""
        line, self._line = self._line, None
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if line is not None:
            await line.close()


class _Viewer:
    def __init__(self, line: SharedLine, watcher: Watcher, before: bytes) -> None:
        self._line, self._watcher, self._before = line, watcher, before

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._before:
            yield self._before
        async for data in self._watcher:
            yield data

    async def write(self, data: bytes) -> None:
        await self._line.write(data)

    async def close(self) -> None:
        await self._line.leave(self._watcher)
