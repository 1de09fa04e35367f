"""The serial lines of this process's machines: kept open, written down, shown to whoever watches.

A BMC gives its serial line to one session. So there is one keeper for a node, which opens the line
again when it ends; readers and typists of any number share it. A ticket lets one reader in, once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import Final

from unkai.baremetal.drivers.base import ConsoleStream
from unkai.baremetal.drivers.console_lines import NotableLines
from unkai.baremetal.drivers.node_logs import CONSOLE, NodeLogs
from unkai.kit.clock import Clock
from unkai.kit.errors import Fault, Unavailable
from unkai.kit.log import log
from unkai.kit.streams import ByteStream, Watcher

FIRST_PAUSE_S, MOST_PAUSE_S = 1.0, 30.0
RECENT_BYTES: Final = 8192

Opener = Callable[[], Awaitable[ConsoleStream]]


class Keeper:
    """One node's line."""

    def __init__(self, uuid: str, logs: NodeLogs, clock: Clock) -> None:
        self.uuid, self._logs, self._clock = uuid, logs, clock
        self.lines = NotableLines()
        self.watchers: set[Watcher] = set()
        self.stream: ConsoleStream | None = None
        self.trouble = "its serial line is not open yet"
        self.task: asyncio.Task[None] | None = None

    async def run(self, open_line: Opener) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                self.stream = await open_line()
                pause_s = FIRST_PAUSE_S
                await self._listen(self.stream)
                self.trouble = "its serial line was closed"
            except Fault as fault:
                self.trouble = fault.message
            except Exception as error:  # noqa: BLE001 - it is opened again
                self.trouble = "its serial line broke"
                log.exception("a console broke", node=self.uuid, error=str(error))
            finally:
                stream, self.stream = self.stream, None
                if stream is not None:
                    await stream.close()
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, MOST_PAUSE_S)

    async def _listen(self, stream: ConsoleStream) -> None:
        async for data in stream:
            self._logs.append(self.uuid, CONSOLE, data)
            self.lines.feed(data, self._clock.now())
            for watcher in self.watchers:
                watcher.put(data)


class Consoles:
    """All of one process."""

    def __init__(self, logs: NodeLogs, clock: Clock) -> None:
        self.logs = logs
        self._clock = clock
        self._keepers: dict[str, Keeper] = {}

    def kept(self) -> set[str]:
        """Uuids of the nodes whose line is kept."""
        return set(self._keepers)

    def keep(self, uuid: str, open_line: Opener) -> None:
        """Open the node's line, and again whenever it ends."""
        if uuid not in self._keepers:
            keeper = self._keepers[uuid] = Keeper(uuid, self.logs, self._clock)
            keeper.task = asyncio.create_task(keeper.run(open_line), name=f"console of {uuid}")

    async def leave(self, uuids: Collection[str]) -> None:
        """Close these nodes' lines; their logs stay."""
        gone = [keeper for uuid in uuids if (keeper := self._keepers.pop(uuid, None))]
        for keeper in gone:
            if keeper.task is not None:
                keeper.task.cancel()
            for watcher in keeper.watchers:
                watcher.close()
        tasks = [keeper.task for keeper in gone if keeper.task is not None]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        await self.leave(self.kept())

    def lines(self) -> list[tuple[str, float, str]]:
        """Notable lines since the last call: node, when, line."""
        return [
            (uuid, at, line)
            for uuid, keeper in self._keepers.items()
            for at, line in keeper.lines.take()
        ]

    # --- readers

    def watch(self, uuid: str) -> ByteStream:
        """What was said lately and what comes, and a way to type. Unavailable where none is kept.

        It ends when nobody keeps the line any more.
        """
        keeper = self._keeper(uuid)
        watcher = Watcher()
        keeper.watchers.add(watcher)
        recent = self.logs.read(uuid, CONSOLE)[-RECENT_BYTES:]
        return _Viewer(self, keeper, watcher, recent)

    async def write(self, uuid: str, data: bytes) -> None:
        """Type. Unavailable (code "console-away") with the reason while the line is not open."""
        keeper = self._keeper(uuid)
        if keeper.stream is None:
            raise Unavailable(
                f"The console of node {uuid} is away: {keeper.trouble}", code="console-away"
            )
        await keeper.stream.write(data)

    def _keeper(self, uuid: str) -> Keeper:
        keeper = self._keepers.get(uuid)
        if keeper is None:
            raise Unavailable(f"The console of node {uuid} is not enabled.", code="console-away")
        return keeper


class _Viewer:
    def __init__(self, consoles: Consoles, keeper: Keeper, watcher: Watcher, recent: bytes) -> None:
        self._consoles, self._keeper = consoles, keeper
        self._watcher, self._recent = watcher, recent

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._recent:
            yield self._recent
        async for said in self._watcher:
            yield said

    async def write(self, data: bytes) -> None:
        await self._consoles.write(self._keeper.uuid, data)

    async def close(self) -> None:
        self._keeper.watchers.discard(self._watcher)
