"""One leased operation: its steps in order, each saved, and back again when one fails.

One transaction saves a finished step together with the start of the next, so a step costs one
COMMIT.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError, IntegrityError

from unkai.kit.db import StaleWrite, Tx
from unkai.kit.errors import Failed, Fault
from unkai.kit.log import log
from unkai.kit.operations.active import POLL_S, Active, LostLease, Process
from unkai.kit.operations.model import Result, Retry, Step, Wait
from unkai.kit.operations.saving import as_saved, end, save, step_ended, step_started
from unkai.kit.operations.table import State, operations

RECHECK_S = 5.0
"""A waiting step looks again this often, whatever events come: level-triggered."""
BACKOFF_MAX_S = 30.0


class Unwritten(Exception):
    """What a step wanted to write beside its result was refused."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


async def run_all(process: Process, active: Active) -> None:
    """Run steps, or undos, until the operation ends or gives up its slot.

    What fails here beside the steps themselves (the end could not be written) is tried again.
    """
    while True:
        try:
            if active.must_turn:
                await _turn_cancelled(process, active)
            advance = _undo_one if active.undoing else _do_one
            more = await advance(process, active)
        except LostLease:
            raise
        except Exception as error:
            log.exception("operation was not saved", step=active.step.name)
            more = await _later(process, active, Retry(said(error)))
        if not more:
            return


def said(error: Exception) -> str:
    return str(error) or type(error).__name__


async def _do_one(process: Process, active: Active) -> bool:
    """Run the current step and save it; False when this run is over."""
    last_seen = process.events.last_seen
    try:
        result = await _call(process, active)
    except Retry as retry:
        return await _later(process, active, retry, last_seen)
    except asyncio.CancelledError:
        if process.stopping or not active.run.cancelled:
            raise
        return True
    except Exception as error:
        if not isinstance(error, Fault):
            log.exception("step failed", step=active.step.name)
        return await _step_failed(process, active, error)
    if isinstance(result, Wait):
        return await _wait(process, active, result, last_seen)
    try:
        return await _finish_step(process, active, result)
    except Unwritten as refused:
        return await _step_failed(process, active, refused.error)


async def _call(process: Process, active: Active) -> Wait | Result:
    """What the step says, its value as a restart would read it back."""
    run, step = active.run, active.step
    if process.probe:
        await process.probe(run, step, "before")
    called = step.function(active.service, run)
    if step.interruptible:
        active.step_task = asyncio.ensure_future(called)
        called = active.step_task
    try:
        said = await called
    finally:
        active.step_task = None
    if process.probe:
        await process.probe(run, step, "after")
    if isinstance(said, Wait):
        return said
    result = said if isinstance(said, Result) else Result(said)
    return Result(as_saved(result.value), result.write)


async def _finish_step(process: Process, active: Active, result: Result) -> bool:
    run, step = active.run, active.step
    last = active.position + 1 == len(active.definition.steps)
    results = {**run.results, step.name: result.value}
    turn = active.must_turn

    async def write(tx: Tx) -> bool:
        now = process.clock.now()
        await _write_beside(tx, result)
        await step_ended(process, tx, active, "ok")
        done: dict[str, Any] = {"results": results, "attempt": 0, "blocker": None}
        if last:
            await end(process, tx, active, State.DONE, **done)
            return False
        if turn:
            return await save(process, tx, active, undoing=True, **done)
        cancelled = await save(process, tx, active, step=active.position + 1, step_at=now, **done)
        active.position += 1
        try:
            await step_started(process, tx, active, now)
        finally:
            active.position -= 1
        return cancelled

    cancelled = await process.database.transact(write)
    run.results = results
    run.attempt = 0
    if turn:
        active.undoing = True
    else:
        active.position += 0 if last else 1
        run.step_started_at = process.clock.now()
    run.cancelled = run.cancelled or cancelled
    return not last


async def _write_beside(tx: Tx, result: Result) -> None:
    """A lost race or a broken database is not the step's failure; anything else is."""
    if result.write is None:
        return
    try:
        await result.write(tx)
    except StaleWrite:
        raise
    except Exception as error:
        if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError):
            raise
        raise Unwritten(error) from error


async def _wait(process: Process, active: Active, wait: Wait, last_seen: int) -> bool:
    if active.must_turn:
        return True
    now = process.clock.now()
    give_up = active.run.step_started_at + wait.timeout_s
    overdue = now >= give_up
    if overdue and not active.definition.must_finish:
        return await _turn_back(process, active, Failed(wait.otherwise, code="timeout"))

    async def write(tx: Tx) -> None:
        missed = await process.events.seen_since(tx, wait.event, wait.key, last_seen)
        again = now + RECHECK_S if overdue else min(give_up, now + RECHECK_S)
        waiting = f"waiting for {wait.event} of {wait.key}"
        await _leave(
            process,
            tx,
            active,
            state=State.BLOCKED if overdue else State.WAITING,
            wait_event=wait.event,
            wait_key=wait.key,
            next_at=now if missed else again,
            blocker=wait.otherwise if overdue else waiting,
        )

    await process.database.transact(write)
    return False


async def _later(process: Process, active: Active, retry: Retry, last_seen: int = 0) -> bool:
    """Give the slot up and come back; past the deadline, block or turn back.

    last_seen: the newest event when the step began, for a `retry` that waits for one.
    """
    if active.must_turn:
        return True
    run = active.run
    now = process.clock.now()
    overdue = now >= active.deadline
    if overdue and not active.definition.must_finish and not active.undoing:
        return await _turn_back(process, active, Failed(retry.blocker, code="deadline"))
    run.attempt += 1
    doublings = 0 if retry.until else min(run.attempt - 1, 6)
    pause = min(retry.after_s * 2**doublings, BACKOFF_MAX_S)
    pause *= process.chance.uniform(0.8, 1.2)
    name, key = retry.until or (None, None)

    async def write(tx: Tx) -> None:
        missed = name and key and await process.events.seen_since(tx, name, key, last_seen)
        await _leave(
            process,
            tx,
            active,
            state=State.BLOCKED if overdue or active.undoing else State.WAITING,
            attempt=run.attempt,
            wait_event=name,
            wait_key=key,
            next_at=now if missed else now + pause,
            blocker=retry.blocker,
            undoing=active.undoing,
            step=active.position,
        )

    await process.database.transact(write)
    return False


async def _leave(
    process: Process, tx: Tx, active: Active, *, next_at: float, **values: Any
) -> None:
    """Give slot and lease up until `next_at`; at once if a cancel came that nobody told us of."""
    released = {"owner": None, "lease_until": None, "next_at": next_at}
    if await save(process, tx, active, **released, **values):
        active.run.cancelled = True
    if active.must_turn:
        next_at = process.clock.now()
        row = operations.c.id == active.run.id
        await tx.execute(update(operations).where(row).values(next_at=next_at))
    if next_at < process.clock.now() + POLL_S:
        tx.after_commit(process.wake.set)


async def _step_failed(process: Process, active: Active, error: Exception) -> bool:
    if active.definition.must_finish:
        return await _later(process, active, Retry(said(error)))
    return await _turn_back(process, active, _as_fault(error, active.step))


async def _turn_back(process: Process, active: Active, error: Fault) -> bool:
    run, step = active.run, active.step

    async def write(tx: Tx) -> None:
        await step_ended(process, tx, active, "failed", error.public)
        told = {"error": error.public, "error_code": error.code}
        await save(process, tx, active, undoing=True, attempt=0, **told)

    log.warning("step failed", step=step.name, error=error.public)
    await process.database.transact(write)
    run.error = error
    run.attempt = 0
    active.undoing = True
    return True


async def _turn_cancelled(process: Process, active: Active) -> None:
    async def write(tx: Tx) -> None:
        await step_ended(process, tx, active, "cancelled")
        await save(process, tx, active, undoing=True, attempt=0, blocker=None)

    await process.database.transact(write)
    active.run.attempt = 0
    active.undoing = True


async def _undo_one(process: Process, active: Active) -> bool:
    """Undo the current step, which was started, and go one back; False when all is undone."""
    run, step = active.run, active.step
    last_seen = process.events.last_seen
    if step.undo is not None:
        try:
            if process.probe:
                await process.probe(run, step, "undo")
            await step.undo(active.service, run)
            if process.probe:
                await process.probe(run, step, "undone")
        except Retry as retry:
            blocker = f"undo of {step.name}: {retry.blocker}"
            again = Retry(blocker, retry.after_s, until=retry.until)
            return await _later(process, active, again, last_seen)
        except Exception as error:
            if not isinstance(error, Fault):
                log.exception("undo failed", step=step.name)
            return await _later(process, active, Retry(f"undo of {step.name}: {said(error)}"))

    async def write(tx: Tx) -> bool:
        if step.undo is not None:
            await step_ended(process, tx, active, "undone")
        if active.position > 0:
            back = {"step": active.position - 1, "attempt": 0, "blocker": None}
            await save(process, tx, active, undoing=True, **back)
            return True
        state = State.FAILED if run.error else State.CANCELLED
        await end(process, tx, active, state, blocker=None)
        return False

    more = await process.database.transact(write)
    if more:
        active.position -= 1
        run.attempt = 0
    return more


def _as_fault(error: Exception, step: Step) -> Fault:
    if isinstance(error, Fault):
        return error
    return Failed(
        f"{step.name.replace('_', ' ')} failed: {type(error).__name__}.",
        code="step-failed",
        remedy="The log of Unkai has the cause under this request id.",
    )
