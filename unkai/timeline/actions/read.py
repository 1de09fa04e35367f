"""Read a timeline, and let it go with its subject."""

from __future__ import annotations

from unkai.kit.clock import Clock
from unkai.kit.db import Session, Tx
from unkai.timeline.model import Awaited, Timeline
from unkai.timeline.store import events

KEPT_AFTER_S = 7 * 86400.0
"""How long a timeline outlives its subject."""


async def read_timeline(session: Session, clock: Clock, subject: str) -> Timeline:
    """Everything about "server/<id>"; no events for an unknown subject."""
    found = await events.of_subject(session, subject)
    now = clock.now()
    awaited = tuple(
        Awaited(event.participant, event.action, max(0.0, now - event.started_at))
        for event in found
        if event.ended_at is None
    )
    return Timeline(subject, tuple(found), awaited)


async def let_go(tx: Tx, clock: Clock, subject: str) -> None:
    """The subject is gone; its timeline stays readable for `KEPT_AFTER_S`."""
    await events.expire(tx, subject, clock.now() + KEPT_AFTER_S)
