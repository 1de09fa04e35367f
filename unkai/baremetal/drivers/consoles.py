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
from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import Fault, Unavailable
from unkai.kit.log import log

FIRST_PAUSE_S, MOST_PAUSE_S = 1.0, 30.0
TICKET_S: Final = 600.0
TICKETS_MOST: Final = 10_000
WAITING_MOST: Final = 256
"""Pieces that a slow watcher may be behind; then it is let go."""
RECENT_BYTES: Final = 8192

Opener = Callable[[], Awaitable[ConsoleStream]]


class Watcher:
    """Iterate for what the machine says from now on; ends when it falls behind or at `close`."""

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


class Keeper:
    """One node's line."""

    def __init__(self, uuid: str, logs: NodeLogs, clock: Clock) -> None:
        self._uuid, self._logs, self._clock = uuid, logs, clock
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
                log.exception("a console broke", node=self._uuid, error=str(error))
            finally:
                stream, self.stream = self.stream, None
                if stream is not None:
                    await stream.close()
            await self._clock.sleep(pause_s)
            pause_s = min(2 * pause_s, MOST_PAUSE_S)

    async def _listen(self, stream: ConsoleStream) -> None:
        async for data in stream:
            self._logs.append(self._uuid, CONSOLE, data)
            self.lines.feed(data, self._clock.now())
            for watcher in self.watchers:
                watcher.put(data)


class Consoles:
    """All of one process."""

    def __init__(self, logs: NodeLogs, clock: Clock, chance: Chance) -> None:
        self.logs = logs
        self._clock, self._chance = clock, chance
        self._keepers: dict[str, Keeper] = {}
        self._tickets: dict[str, tuple[str, float]] = {}

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

    def ticket(self, uuid: str) -> str:
        """A secret that lets its bearer watch and type, once, within `TICKET_S`."""
        now = self._clock.monotonic()
        self._tickets = {k: v for k, v in self._tickets.items() if v[1] > now}
        while len(self._tickets) >= TICKETS_MOST:
            del self._tickets[next(iter(self._tickets))]
        made = self._chance.token_urlsafe(24)
        self._tickets[made] = (uuid, now + TICKET_S)
        return made

    def redeem(self, ticket: str) -> str | None:
        """The node it is for; None if it was never given, is too old, or was used."""
        uuid, until = self._tickets.pop(ticket, ("", 0.0))
        return uuid if until > self._clock.monotonic() else None

    def watch(self, uuid: str) -> tuple[bytes, Watcher]:
        """What was said lately, and what comes. Unavailable while nobody keeps the line."""
        keeper = self._keeper(uuid)
        watcher = Watcher()
        keeper.watchers.add(watcher)
        return self.logs.read(uuid, CONSOLE)[-RECENT_BYTES:], watcher

    def unwatch(self, uuid: str, watcher: Watcher) -> None:
        keeper = self._keepers.get(uuid)
        if keeper is not None:
            keeper.watchers.discard(watcher)

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
