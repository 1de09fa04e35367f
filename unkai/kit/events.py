"""Facts that travel upwards: an outbox row in the transaction that made the fact true.

`emit(tx, ...)` writes the row and wakes operations that wait for it, in the same transaction.
Subscribers (wired in `boot.py`) are called after the commit, at least once, also after a crash;
they must be idempotent. A name says what happened ("port.up"), a key to whom (the port's id).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from unkai.kit.clock import Clock
from unkai.kit.db import Database, Json, Session, Tx, metadata
from unkai.kit.log import log

KEEP_S = 3600.0

outbox = Table(
    "events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("key", String(128), nullable=False),
    Column("payload", Json),
    Column("at", Float, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Index("events_key", "key", "name"),
    Index("events_undelivered", "delivered", "id"),
)


ADD = insert(outbox).returning(outbox.c.id)
NEWER = select(func.max(outbox.c.id)).where(
    outbox.c.key == bindparam("of_key"),
    outbox.c.name == bindparam("of_name"),
    outbox.c.id > bindparam("of_last"),
)
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Event:
    id: int
    name: str
    key: str
    payload: dict[str, Any]
    at: float


Subscriber = Callable[[Event], Awaitable[None]]
Waker = Callable[[Tx, str, str], Awaitable[None]]


class Events:
    """The outbox and its subscribers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._subscribers: dict[str, list[Subscriber]] = {}
        self._wakers: list[Waker] = []
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.last_seen = 0
        """The newest event that is committed, as far as this process knows; see `seen_since`."""

    def subscribe(self, name: str, subscriber: Subscriber) -> None:
        self._subscribers.setdefault(name, []).append(subscriber)

    def on_emit(self, waker: Waker) -> None:
        """Run `waker(tx, name, key)` inside every emitting transaction."""
        self._wakers.append(waker)

    async def emit(
        self, tx: Tx, name: str, key: str, payload: dict[str, Any] | None = None
    ) -> None:
        """Write the fact; what happened and to whom."""
        row = {
            "name": name,
            "key": key,
            "payload": payload or {},
            "at": self._clock.now(),
            "delivered": name not in self._subscribers,
        }
        number: int = await tx.scalar(ADD, row)
        tx.after_commit(lambda: self._saw(number))
        for waker in self._wakers:
            await waker(tx, name, key)
        if name in self._subscribers:
            tx.after_commit(self._ready.set)

    async def seen_since(self, session: Session, name: str, key: str, last_seen: int) -> bool:
        """Whether the event came after `last_seen` was read from this object.

        By number, not by time: an event bears the time of its writing, and is seen when it is
        committed, so that one looked for in between would be found by nobody.
        """
        found = {"of_key": key, "of_name": name, "of_last": last_seen}
        number = await session.scalar(NEWER, found)
        if number is None:
            return False
        self._saw(number)
        return True

    def _saw(self, number: int) -> None:
        self.last_seen = max(self.last_seen, number)

    def start(self) -> None:
        self._ready.set()
        self._task = asyncio.create_task(self._deliver_forever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _deliver_forever(self) -> None:
        while True:
            await self._ready.wait()
            self._ready.clear()
            try:
                while await self.deliver_pending():
                    pass
            except Exception:
                log.exception("events were not delivered")
                await self._clock.sleep(RETRY_S)
                self._ready.set()

    async def deliver_pending(self) -> int:
        """Hand undelivered events to their subscribers; how many there were."""
        rows = await self._database.reader.all(
            select(outbox).where(outbox.c.delivered.is_(False)).order_by(outbox.c.id).limit(100)
        )
        for row in rows:
            event = Event(row.id, row.name, row.key, row.payload or {}, row.at)
            for subscriber in self._subscribers.get(event.name, ()):
                try:
                    await subscriber(event)
                except Exception:
                    log.exception("subscriber failed", event_name=event.name, key=event.key)
        if rows:
            ids = [row.id for row in rows]
            old = self._clock.now() - KEEP_S

            async def settle(tx: Tx) -> None:
                await tx.execute(update(outbox).where(outbox.c.id.in_(ids)).values(delivered=True))
                await tx.execute(
                    delete(outbox).where(outbox.c.at < old, outbox.c.delivered.is_(True))
                )

            await self._database.transact(settle)
        return len(rows)
