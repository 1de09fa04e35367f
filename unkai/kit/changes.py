"""The changes that the database wrote down, to everyone who listens, as they come.

One task reads the new rows of `kit.db.announced.changes` while anybody listens, ten times a second,
and hands each to the listeners that want it: changes of other processes on the same PostgreSQL come
the same way. A listener holds so many changes and no more: one that is too slow is told to start
anew, and holds up nobody.

PostgreSQL gives numbers before it commits, so a lower one may appear after a higher: what is
missing in between is looked for again for some seconds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

from sqlalchemy import bindparam, delete, func, select

from unkai.kit.clock import Clock
from unkai.kit.db import AnyRow, Database, Tx
from unkai.kit.db.announced import changes as table
from unkai.kit.log import log

POLL_S = 0.1
RETRY_S = 1.0
GAP_S = 3.0
"""How long a number that is missing may still come: transactions take milliseconds."""
KEPT = 50_000
"""Changes kept for those who come back."""
PAGE = 1000
OVERLAP = 64
"""Numbers that are told once more to whom comes back, where some of them may have been late."""


@dataclass(frozen=True, slots=True)
class Change:
    """`what` happened to a thing: created, changed or deleted. about: what it belongs to."""

    id: int
    kind: str
    key: str
    what: str
    project_id: str | None
    user_id: str | None
    everyone: bool
    about: str | None


Wants = Callable[[Change], bool]

SINCE = select(table).where(table.c.id > bindparam("last")).order_by(table.c.id).limit(PAGE)
NEWEST = select(func.max(table.c.id))
OLDEST = select(func.min(table.c.id))
FORGET = delete(table).where(table.c.id <= bindparam("last"))


class Listener:
    """One who listens: `next` brings what came. missed: it was too slow, and must look anew."""

    def __init__(self, wants: Wants, most: int) -> None:
        self.wants = wants
        self.missed = False
        self.ended = False
        self.start = 0
        """The newest change when it began to listen."""
        self._most = most
        self._waiting: deque[Change] = deque()
        self._woken = asyncio.Event()

    def put(self, found: Iterable[Change]) -> None:
        for change in found:
            if not self.wants(change):
                continue
            if len(self._waiting) >= self._most:
                self._waiting.clear()
                self.missed = True
            self._waiting.append(change)
            self._woken.set()

    def end(self) -> None:
        self.ended = True
        self._woken.set()

    async def next(self, timeout_s: float) -> list[Change]:
        """What came since; nothing after `timeout_s`, or when it has `ended`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        self._woken.clear()
        found = list(self._waiting)
        self._waiting.clear()
        return found


class Feed:
    """All listeners of one process. several: other processes write to the same database."""

    def __init__(self, database: Database, clock: Clock, *, several: bool = False) -> None:
        self._database = database
        self._clock = clock
        self._several = several
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._settled: int | None = None
        """Everything up to here was told, or will never come; None while nobody listens."""
        self._newest = 0
        self._seen: dict[int, float] = {}
        """What was told beyond, and when."""

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    @asynccontextmanager
    async def listening(
        self, wants: Wants, *, since: int | None = None, most: int = 1000
    ) -> AsyncGenerator[Listener]:
        """since: the last change the listener knows of; it gets those that came after it first."""
        listener = Listener(wants, most)
        if self._task is None:
            self._task = asyncio.create_task(self._read_forever())
        try:
            await self._join(listener, since)
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                await self._rest()

    async def _join(self, listener: Listener, since: int | None) -> None:
        async with self._turn:
            await self._read_and_tell()
            listener.start = self._newest
            missed: list[Change] | None = []
            if since is not None:
                missed = await self._missed(since)
            self._listeners.add(listener)
        if missed is None:
            listener.missed = True
        else:
            listener.put(missed)

    async def _missed(self, since: int) -> list[Change] | None:
        """Everything after `since`; None where not all of it is known any more."""
        reader = self._database.reader
        oldest: int = await reader.scalar(OLDEST) or 0
        if since > self._newest or since + 1 < oldest:
            return None
        found: list[Change] = []
        last = max(oldest - 1, since - OVERLAP) if self._several else since
        while rows := await reader.all(SINCE, {"last": last}):
            found += [_change(row) for row in rows]
            last = found[-1].id
            if len(rows) < PAGE:
                break
        return together([one for one in found if one.id <= self._newest])

    async def _rest(self) -> None:
        """Nobody listens: no more reading."""
        if self._task is not None and not self._listeners:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if not self._listeners:
                self._settled = None

    def close(self) -> None:
        """Send everybody away."""
        for listener in self._listeners:
            listener.end()

    async def _read_forever(self) -> None:
        while True:
            try:
                async with self._turn:
                    await self._read_and_tell()
            except Exception:
                log.exception("changes were not read")
                await self._clock.sleep(RETRY_S)
            await self._clock.sleep(POLL_S)

    async def _read_and_tell(self) -> None:
        reader = self._database.reader
        settled = self._settled
        if settled is None:
            newest: int = await reader.scalar(NEWEST) or 0
            settled = self._newest = newest
            self._seen.clear()
        found: list[Change] = []
        last = settled
        while rows := await reader.all(SINCE, {"last": last}):
            found += [_change(row) for row in rows if row.id not in self._seen]
            last = rows[-1].id
            if len(rows) < PAGE:
                break
        self._settled = self._settle(settled, found)
        told = together(found)
        for listener in self._listeners:
            listener.put(told)

    def _settle(self, settled: int, found: Sequence[Change]) -> int:
        """Up to where nothing is missing, or has been for too long."""
        now = self._clock.monotonic()
        for change in found:
            self._seen[change.id] = now
            self._newest = max(self._newest, change.id)
        patience_s = GAP_S if self._several else 0.0
        old = [number for number, at in self._seen.items() if now - at >= patience_s]
        settled = max([settled, *old])
        while settled + 1 in self._seen:
            settled += 1
        self._seen = {number: at for number, at in self._seen.items() if number > settled}
        return settled

    async def prune(self) -> None:
        """Keep the newest."""
        newest: int = await self._database.reader.scalar(NEWEST) or 0

        async def write(tx: Tx) -> None:
            await tx.execute(FORGET, {"last": newest - KEPT})

        if newest > KEPT:
            await self._database.transact(write)


def _change(row: AnyRow) -> Change:
    return Change(
        row.id,
        row.kind,
        row.key,
        row.what,
        row.project_id,
        row.user_id,
        row.everyone,
        row.about,
    )


def together(found: Sequence[Change]) -> list[Change]:
    """One change for several of one thing: the newest, but what was created stays so."""
    kept: dict[tuple[str, str, str | None, str | None, bool], Change] = {}
    for each in found:
        change = each
        if not change.key:  # a part of something that has gone
            continue
        whose = (change.kind, change.key, change.project_id, change.user_id, change.everyone)
        before = kept.pop(whose, None)
        if before is not None and before.what == "created" and change.what == "changed":
            change = replace(change, what="created", about=change.about or before.about)
        kept[whose] = change
    return sorted(kept.values(), key=lambda one: one.id)
