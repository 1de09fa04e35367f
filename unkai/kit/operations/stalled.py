"""Operations that nobody moves any more: what an audit of them finds."""

from __future__ import annotations

from sqlalchemy import and_, exists, select

from unkai.kit.db import Session
from unkai.kit.leftovers import Leftover
from unkai.kit.operations.active import LEASE_S
from unkai.kit.operations.leases import WAITING
from unkai.kit.operations.table import ENDED, State, operations

OVERDUE_S = 2 * LEASE_S
"""A runner looks every second; after twice a lease's time nobody will."""


async def stalled(session: Session, now: float) -> list[Leftover]:
    """Leases that ran out and were not taken, steps long due, heirs of nobody, slots of the ended.

    One that is blocked is none of them: it names its blocker and is tried again.
    """
    late = now - OVERDUE_S
    other = operations.alias()
    holds = exists().where(other.c.slot == operations.c.subject)
    looks = (
        ("stale-lease", and_(operations.c.state == State.RUNNING, operations.c.lease_until < late)),
        ("never-taken-up", and_(operations.c.state.in_(WAITING), operations.c.next_at < late)),
        ("heir-of-nobody", and_(operations.c.state == State.QUEUED, ~holds)),
        ("slot-of-the-ended", and_(operations.c.state.in_(ENDED), operations.c.slot.is_not(None))),
    )
    return [
        Leftover("operations", kind, row.id, f"{row.kind} of {row.subject} is {row.state}.")
        for kind, look in looks
        for row in await session.all(select(operations).where(look))
    ]
