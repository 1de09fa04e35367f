"""Statements on the table of events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from unkai.kit.db import Session, Tx
from unkai.timeline.model import Event
from unkai.timeline.store.schema import timeline_events as table

ADD = insert(table)
END_STEP = update(table).where(
    table.c.operation_id == bindparam("of_operation"),
    table.c.step == bindparam("of_step"),
    table.c.ended_at.is_(None),
)
OF_SUBJECT = (
    select(table)
    .where(table.c.subject == bindparam("of_subject"), table.c.id > bindparam("after"))
    .order_by(table.c.started_at, table.c.id)
)
NEXT_SUBJECT = select(func.min(table.c.subject).label("subject")).where(
    table.c.subject > bindparam("after"), table.c.subject < bindparam("before")
)


async def add(tx: Tx, rows: list[dict[str, Any]]) -> None:
    await tx.execute(ADD, rows)


async def end_step(
    tx: Tx, operation_id: str, step: str, *, at: float, outcome: str, detail: str | None
) -> int:
    """Close the open event of a step; how many there were."""
    ended = {"ended_at": at, "outcome": outcome, "detail": detail}
    return await tx.count(END_STEP, {"of_operation": operation_id, "of_step": step, **ended})


async def of_subject(session: Session, subject: str, after: int = 0) -> list[Event]:
    """Oldest first. after: an event's id; only those with a greater one."""
    rows = await session.all(OF_SUBJECT, {"of_subject": subject, "after": after})
    return [
        Event(
            id=row.id,
            subject=row.subject,
            participant=row.participant,
            action=row.action,
            started_at=row.started_at,
            ended_at=row.ended_at,
            outcome=row.outcome,
            detail=row.detail,
            request_id=row.request_id,
            operation=row.operation,
        )
        for row in rows
    ]


async def expire(tx: Tx, subject: str, at: float) -> None:
    await tx.execute(update(table).where(table.c.subject == subject).values(expires_at=at))


async def delete_expired(tx: Tx, now: float) -> int:
    return await tx.count(delete(table).where(table.c.expires_at < now))


async def subjects_after(session: Session, last: str, before: str, most: int) -> list[str]:
    """The next subjects between `last` and `before`, by one seek in the index each."""
    found: list[str] = []
    while len(found) < most:
        rows = await session.all(NEXT_SUBJECT, {"after": last, "before": before})
        if not rows or rows[0].subject is None:
            break
        last = rows[0].subject
        found.append(last)
    return found


async def delete_oldest(tx: Tx, subject: str, *, keep: int, before: float) -> int:
    """Of one subject: all but the newest `keep`, and what began before this moment."""
    rows = await tx.all(
        select(table.c.id)
        .where(table.c.subject == subject)
        .order_by(table.c.id.desc())
        .offset(keep)
        .limit(1)
    )
    too_old = table.c.started_at < before
    if rows:
        too_old |= table.c.id <= rows[0].id
    return await tx.count(delete(table).where(table.c.subject == subject, too_old))
