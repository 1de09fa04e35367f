"""Leases: take what is due, keep what runs, free what a dead process left.

Time in which nobody was there to run an operation does not count: whoever claims it late gives it
back, so that a cloud that was down for an hour does not come up to find every deadline missed.
"""

from __future__ import annotations

import asyncio

from sqlalchemy import and_, bindparam, func, or_, select, update

from unkai.kit.db import AnyRow, Tx
from unkai.kit.errors import Failed
from unkai.kit.log import log
from unkai.kit.operations.active import LEASE_S, POLL_S, Active, Process
from unkai.kit.operations.model import Run
from unkai.kit.operations.saving import step_started
from unkai.kit.operations.table import State, operations

AT_ONCE = 100
WAITING = (State.READY, State.WAITING, State.BLOCKED)
SLEEPING = (State.WAITING, State.BLOCKED)

WAKE = update(operations).where(
    operations.c.wait_key == bindparam("of_key"),
    operations.c.wait_event == bindparam("of_event"),
    operations.c.state.in_(SLEEPING),
)
IS_DUE = or_(
    and_(operations.c.state.in_(WAITING), operations.c.next_at <= bindparam("now")),
    and_(operations.c.state == State.RUNNING, operations.c.lease_until < bindparam("now")),
)
KNOWN = operations.c.kind.in_(bindparam("kinds", expanding=True))
DUE = select(operations).where(IS_DUE, KNOWN).order_by(operations.c.next_at).limit(AT_ONCE)
NEXT_DUE = select(func.min(operations.c.next_at)).where(
    operations.c.state.in_(WAITING), operations.c.next_at > bindparam("now"), KNOWN
)
CLAIM = (
    update(operations)
    .where(
        operations.c.id == bindparam("of_id"),
        operations.c.epoch == bindparam("of_epoch"),
        operations.c.state == bindparam("of_state"),
        IS_DUE,
    )
    .returning(operations.c.cancel)
)


class Leases:
    """The loops of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def free_all(self) -> None:
        """Take the leases from whoever had them: this process is the only one."""

        async def free(tx: Tx) -> None:
            last_renewed = operations.c.lease_until - LEASE_S
            await tx.execute(
                update(operations)
                .where(operations.c.state == State.RUNNING)
                .values(state=State.READY, owner=None, lease_until=None, next_at=last_renewed)
            )

        await self._process.database.transact(free)

    async def wake_waiting(self, tx: Tx, name: str, key: str) -> None:
        """Make due what waits for this event; runs in the transaction that emits it."""
        waited_for = {"of_key": key, "of_event": name, "next_at": self._process.clock.now()}
        woken = await tx.count(WAKE, waited_for)
        if woken:
            tx.after_commit(self._process.wake.set)

    async def renew_forever(self) -> None:
        while True:
            await self._process.clock.sleep(LEASE_S / 3)
            if self._process.active:
                try:
                    await self._process.database.transact(self._renew)
                except Exception:
                    log.exception("leases were not renewed")

    async def _renew(self, tx: Tx) -> None:
        """Keep what runs here, and learn what was cancelled through another process."""
        process = self._process
        renewed = await tx.all(
            update(operations)
            .where(
                operations.c.id.in_(list(process.active)),
                operations.c.owner == process.owner,
                operations.c.state == State.RUNNING,
            )
            .values(lease_until=process.clock.now() + LEASE_S)
            .returning(operations.c.id, operations.c.cancel)
        )
        cancelled = [row.id for row in renewed if row.cancel]

        def interrupt() -> None:
            for operation_id in cancelled:
                if operation_id in process.active:
                    process.active[operation_id].interrupt()

        tx.after_commit(interrupt)

    async def claim_forever(self) -> None:
        wake, clock = self._process.wake, self._process.clock
        while True:
            try:
                next_at = await self._claim_due()
            except Exception:
                log.exception("operations were not claimed")
                next_at = None
            pause = POLL_S if next_at is None else max(0.0, next_at - clock.now())
            try:
                async with asyncio.timeout(min(pause, POLL_S)):
                    await wake.wait()
            except TimeoutError:
                pass
            wake.clear()

    async def _claim_due(self) -> float | None:
        """Claim what is due; when the next one is."""
        process = self._process
        now = process.clock.now()
        asked = {"now": now, "kinds": list(process.kinds)}
        rows = await process.database.reader.all(DUE, asked)
        leaving = {row.id for row in rows if row.id in process.active}
        process.passed_over |= leaving
        free = [row for row in rows if row.id not in leaving]
        await asyncio.gather(
            *(process.database.transact(lambda tx, row=row: self._claim(tx, row)) for row in free)
        )
        if len(rows) == AT_ONCE and free:
            return now
        return await process.database.reader.scalar(NEXT_DUE, asked)

    async def _claim(self, tx: Tx, row: AnyRow) -> None:
        process = self._process
        now = process.clock.now()
        definition, service = process.kinds[row.kind]
        unattended_since = row.lease_until - LEASE_S if row.lease_until else row.next_at
        late_s = max(0.0, now - unattended_since)
        step_at = row.step_at + late_s if row.started else now
        deadline = row.deadline + late_s if row.started else now + definition.deadline_s
        as_read = {"of_id": row.id, "of_epoch": row.epoch, "of_state": row.state, "now": now}
        values = {
            "state": State.RUNNING,
            "owner": process.owner,
            "lease_until": now + LEASE_S,
            "epoch": row.epoch + 1,
            "started": True,
            "wait_event": None,
            "wait_key": None,
            "step_at": step_at,
            "deadline": deadline,
            "updated_at": now,
        }
        claimed = await tx.first(CLAIM, {**as_read, **values})
        if claimed is None:
            return
        active = Active(_run(row, step_at), definition, service, row.step)
        active.run.cancelled = claimed.cancel
        active.undoing = row.undoing
        active.deadline = deadline
        if not row.started:
            await step_started(process, tx, active, now)
        tx.after_commit(lambda: process.spawn(active))


def _run(row: AnyRow, step_at: float) -> Run:
    return Run(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        project_id=row.project_id,
        user_id=row.user_id,
        request_id=row.request_id,
        input=row.input,
        results=row.results,
        epoch=row.epoch + 1,
        attempt=row.attempt,
        step_started_at=step_at,
        error=Failed(row.error, code=row.error_code) if row.error else None,
    )
