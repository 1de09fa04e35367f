"""Read a timeline, once or again and again, and let it go with its subject."""

from __future__ import annotations

from unkai.kit.clock import Clock
from unkai.kit.db import Session, Tx
from unkai.timeline.model import Awaited, Event, Timeline
from unkai.timeline.store import events

KEPT_AFTER_S = 7 * 86400.0
"""How long a timeline outlives its subject."""


LATE_S = 3.0
"""How long after a greater id an event may still appear: transactions take milliseconds."""


async def read_timeline(session: Session, clock: Clock, subject: str) -> Timeline:
    """Everything about "server/<id>"; no events for an unknown subject."""
    return await TimelineReader(session, clock).read(subject)


class TimelineReader:
    """Reads timelines for one who looks again and again: it asks only for what may be new.

    An event that has ended does not change, so what is asked for begins after the last of those
    that ended without a gap. PostgreSQL gives ids before it commits: one that was seen just now may
    still get an elder.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self._session, self._clock = session, clock
        self._kept: dict[str, dict[int, tuple[Event, float]]] = {}
        """By subject and id, with the moment when it was first seen."""

    async def read(self, subject: str) -> Timeline:
        kept = self._kept.setdefault(subject, {})
        moment = self._clock.monotonic()
        for event in await events.of_subject(self._session, subject, _settled(kept, moment)):
            _, seen_at = kept.get(event.id, (event, moment))
            kept[event.id] = event, seen_at
        found = sorted(
            (event for event, _ in kept.values()), key=lambda event: (event.started_at, event.id)
        )
        now = self._clock.now()
        awaited = tuple(
            Awaited(event.participant, event.action, max(0.0, now - event.started_at))
            for event in found
            if event.ended_at is None
        )
        return Timeline(subject, tuple(found), awaited)


def _settled(kept: dict[int, tuple[Event, float]], moment: float) -> int:
    """The last id up to which nothing can change any more."""
    last = 0
    for id in sorted(kept):
        event, seen_at = kept[id]
        if event.ended_at is None or moment - seen_at < LATE_S:
            break
        last = id
    return last


async def let_go(tx: Tx, clock: Clock, subject: str) -> None:
    """The subject is gone; its timeline stays readable for `KEPT_AFTER_S`."""
    await events.expire(tx, subject, clock.now() + KEPT_AFTER_S)
