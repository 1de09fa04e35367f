"""The writes of a running operation: each is fenced by the epoch, so a lost lease finds no row."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import bindparam, select, update

from unkai.kit.db import Tx
from unkai.kit.operations.active import Active, LostLease, Process
from unkai.kit.operations.model import Run
from unkai.kit.operations.table import State, operations

SAVE = (
    update(operations)
    .where(
        operations.c.id == bindparam("of_id"),
        operations.c.epoch == bindparam("of_epoch"),
        operations.c.state == State.RUNNING,
    )
    .returning(operations.c.cancel)
)
HEIR = (
    select(operations.c.id)
    .where(operations.c.subject == bindparam("of_subject"), operations.c.state == State.QUEUED)
    .order_by(operations.c.epoch.desc())
    .limit(1)
)


def as_saved(value: Any) -> Any:
    """A value as it will be read back, so that a step sees the same with and without a restart."""
    return None if value is None else msgspec.json.decode(msgspec.json.encode(value))


async def save(process: Process, tx: Tx, active: Active, **values: Any) -> bool:
    """Write to the row while it is ours; whether a cancel was asked for."""
    ours = {"of_id": active.run.id, "of_epoch": active.run.epoch}
    row = await tx.first(SAVE, {**ours, "updated_at": process.clock.now(), **values})
    if row is None:
        raise LostLease(active.run.id)
    return row.cancel


async def end(process: Process, tx: Tx, active: Active, state: State, **values: Any) -> None:
    """Give the slot free, to the heir if there is one, and say so."""
    run = active.run
    free: dict[str, Any] = {"slot": None, "owner": None, "lease_until": None, "next_at": None}
    await save(process, tx, active, state=state, **free, **values)
    heir = await tx.first(HEIR, {"of_subject": run.subject})
    if heir is not None:
        await _promote(process, tx, run, heir.id)
    elif state is State.FAILED and active.definition.failed is not None:
        await active.definition.failed(active.service, tx, run)
    await _tell_ended(process, tx, run.subject, id=run.id, kind=run.kind, state=state)


async def _promote(process: Process, tx: Tx, run: Run, heir_id: str) -> None:
    """Give the slot to the newest queued operation; older ones were superseded by it."""
    now = process.clock.now()
    queued = (operations.c.subject == run.subject) & (operations.c.state == State.QUEUED)
    passed = await tx.all(
        update(operations)
        .where(queued, operations.c.id != heir_id)
        .values(state=State.CANCELLED, next_at=None, updated_at=now)
        .returning(operations.c.id, operations.c.kind)
    )
    for row in passed:
        await _tell_ended(process, tx, run.subject, id=row.id, kind=row.kind, state=State.CANCELLED)
    await tx.execute(
        update(operations)
        .where(operations.c.id == heir_id)
        .values(
            state=State.READY,
            slot=run.subject,
            cancel=False,
            next_at=now,
            epoch=run.epoch,
            updated_at=now,
        )
    )
    tx.after_commit(process.wake.set)


async def _tell_ended(
    process: Process, tx: Tx, subject: str, *, id: str, kind: str, state: State
) -> None:
    told = {"id": id, "kind": kind, "state": state}
    await process.events.emit(tx, "operation.ended", subject, told)


async def step_started(process: Process, tx: Tx, active: Active, at: float) -> None:
    if process.observer is not None:
        await process.observer.step_started(tx, active.run, active.step, at)


async def step_ended(
    process: Process, tx: Tx, active: Active, outcome: str, detail: str | None = None
) -> None:
    if process.observer is not None:
        at = process.clock.now()
        await process.observer.step_ended(
            tx, active.run, active.step, at, outcome=outcome, detail=detail
        )
