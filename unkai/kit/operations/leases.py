"""Leases: take what is due, keep what runs, free what a dead process left."""

from __future__ import annotations

import asyncio

from sqlalchemy import and_, bindparam, func, or_, select, update

from unkai.kit.db import AnyRow, Tx
from unkai.kit.errors import Failed
from unkai.kit.operations.active import Active, Process
from unkai.kit.operations.model import Run
from unkai.kit.operations.saving import step_started
from unkai.kit.operations.table import State, operations

LEASE_S = 15.0
POLL_S = 1.0
WAITING = (State.READY, State.WAITING, State.BLOCKED)

WAKE = update(operations).where(
    operations.c.wait_key == bindparam("of_key"),
    operations.c.wait_event == bindparam("of_event"),
    operations.c.state == State.WAITING,
)


class Leases:
    """The loops of one process."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def free_all(self) -> None:
        """Take the leases from whoever had them: this process is the only one."""

        async def free(tx: Tx) -> None:
            await tx.execute(
                update(operations)
                .where(operations.c.state == State.RUNNING)
                .values(lease_until=0.0)
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
                await self._process.database.transact(self._renew)

    async def _renew(self, tx: Tx) -> None:
        await tx.execute(
            update(operations)
            .where(
                operations.c.id.in_(list(self._process.active)),
                operations.c.owner == self._process.owner,
                operations.c.state == State.RUNNING,
            )
            .values(lease_until=self._process.clock.now() + LEASE_S)
        )

    async def claim_forever(self) -> None:
        wake, clock = self._process.wake, self._process.clock
        while True:
            next_at = await self._claim_due()
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
        due = or_(
            and_(operations.c.state.in_(WAITING), operations.c.next_at <= now),
            and_(operations.c.state == State.RUNNING, operations.c.lease_until < now),
        )
        rows = await process.database.reader.all(
            select(operations).where(due).order_by(operations.c.next_at).limit(100)
        )
        for row in rows:
            if row.id in process.active or row.kind not in process.kinds:
                continue
            active = await process.database.transact(lambda tx, row=row: self._claim(tx, row))
            if active is not None:
                process.spawn(active)
        return await process.database.reader.scalar(
            select(func.min(operations.c.next_at)).where(
                operations.c.state.in_(WAITING), operations.c.next_at > now
            )
        )

    async def _claim(self, tx: Tx, row: AnyRow) -> Active | None:
        process = self._process
        now = process.clock.now()
        step_at = row.step_at if row.started else now
        claimed = await tx.count(
            update(operations)
            .where(
                operations.c.id == row.id,
                operations.c.epoch == row.epoch,
                operations.c.state == row.state,
            )
            .values(
                state=State.RUNNING,
                owner=process.owner,
                lease_until=now + LEASE_S,
                epoch=row.epoch + 1,
                started=True,
                wait_event=None,
                wait_key=None,
                step_at=step_at,
                updated_at=now,
            )
        )
        if not claimed:
            return None
        definition, service = process.kinds[row.kind]
        active = Active(_run(row, step_at), definition, service, row.step)
        active.undoing = row.undoing
        active.deadline = row.deadline
        if not row.started:
            await step_started(process, tx, active, now)
        return active


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
        cancelled=row.cancel,
        error=Failed(row.error, code=row.error_code) if row.error else None,
    )
