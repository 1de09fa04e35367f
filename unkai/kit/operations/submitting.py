"""A new operation's row, written into the transaction that admits the work."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.errors import Conflict
from unkai.kit.operations.active import LEASE_S, Active, Process
from unkai.kit.operations.model import Operation, Run
from unkai.kit.operations.saving import step_started
from unkai.kit.operations.table import ENDED, State, operations

HOLDER = select(operations.c.id, operations.c.kind).where(
    operations.c.slot == bindparam("of_subject")
)
HELD = select(operations.c.slot, operations.c.kind).where(
    operations.c.slot >= bindparam("low"), operations.c.slot < bindparam("high")
)
LAST_EPOCH = select(func.max(operations.c.epoch)).where(
    operations.c.subject == bindparam("of_subject")
)
ADD = insert(operations)


async def holder_of(session: Session, subject: str) -> AnyRow | None:
    """The subject's active operation: its id and kind."""
    return await session.first(HOLDER, {"of_subject": subject})


async def held(session: Session, family: str) -> dict[str, str]:
    """The kind of the active operation of each subject of a family ("node") that has one."""
    bounds = {"low": f"{family}/", "high": f"{family}0"}  # "0" comes after "/"
    return {row.slot: row.kind for row in await session.all(HELD, bounds)}


async def next_epoch(session: Session, subject: str) -> int:
    return (await session.scalar(LAST_EPOCH, {"of_subject": subject}) or 0) + 1


def refuse(subject: str, kind: str) -> Conflict:
    return Conflict(
        f"{subject.replace('/', ' ')} is busy: {kind} is under way.",
        code="busy",
        remedy="Wait until it has ended and try again.",
    )


async def cancel(process: Process, tx: Tx, subject: str, holder_id: str) -> None:
    """Ask every operation of the subject to end, and wake the one that holds it."""
    await tx.execute(
        update(operations)
        .where(operations.c.subject == subject, operations.c.state.not_in(ENDED))
        .values(cancel=True, next_at=process.clock.now())
    )
    tx.after_commit(lambda: interrupt(process, holder_id))


def interrupt(process: Process, operation_id: str) -> None:
    """Tell a run in this process that it is cancelled, or claim it if it waits."""
    active = process.active.get(operation_id)
    if active is not None:
        active.interrupt()
    process.wake.set()


async def add(
    process: Process,
    tx: Tx,
    definition: Operation,
    run: Run,
    *,
    queued: bool,
    deadline_s: float,
) -> None:
    """Write the row: leased by this process, or queued behind the operation it supersedes."""
    now = run.step_started_at
    await tx.execute(ADD, _row(run, None if queued else process.owner, deadline_s))
    if not queued:
        active = Active(run, definition, process.kinds[definition.kind][1], 0)
        active.deadline = now + deadline_s
        await step_started(process, tx, active, now)
        tx.after_commit(lambda: process.spawn(active))


def _row(run: Run, owner: str | None, deadline_s: float) -> dict[str, Any]:
    now = run.step_started_at
    return {
        "id": run.id,
        "kind": run.kind,
        "subject": run.subject,
        "slot": run.subject if owner else None,
        "project_id": run.project_id,
        "user_id": run.user_id,
        "request_id": run.request_id,
        "input": run.input,
        "state": State.RUNNING if owner else State.QUEUED,
        "step": 0,
        "undoing": False,
        "started": owner is not None,
        "results": {},
        "step_at": now,
        "attempt": 0,
        "cancel": False,
        "owner": owner,
        "lease_until": now + LEASE_S if owner else None,
        "epoch": run.epoch,
        "next_at": now,
        "deadline": now + deadline_s,
        "created_at": now,
        "updated_at": now,
    }
