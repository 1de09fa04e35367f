"""One leased operation: its steps in order, each saved, and back again when one fails.

One transaction saves a finished step together with the start of the next, so a step costs one
COMMIT.
"""

from __future__ import annotations

import asyncio
from typing import Any

from unkai.kit.db import Tx
from unkai.kit.errors import Failed, Fault
from unkai.kit.log import log
from unkai.kit.operations.active import Active, Process
from unkai.kit.operations.model import Result, Retry, Step, Wait
from unkai.kit.operations.saving import end, save, step_ended, step_started
from unkai.kit.operations.table import State

RECHECK_S = 5.0
"""A waiting step looks again this often, whatever events come: level-triggered."""
BACKOFF_MAX_S = 30.0


async def run_all(process: Process, active: Active) -> None:
    """Run steps, or undos, until the operation ends or gives up its slot."""
    run = active.run
    while True:
        if run.cancelled and not active.definition.must_finish and not active.undoing:
            active.undoing = True
        advance = _undo_one if active.undoing else _do_one
        if not await advance(process, active):
            return


async def _do_one(process: Process, active: Active) -> bool:
    """Run the current step and save it; False when this run is over."""
    run, step = active.run, active.step
    begun = process.clock.now()
    try:
        if process.probe:
            await process.probe(run, step, "before")
        value = await _call(active, step)
        if process.probe:
            await process.probe(run, step, "after")
    except Retry as retry:
        return await _later(process, active, retry.blocker, retry.after_s)
    except asyncio.CancelledError:
        if process.stopping or not run.cancelled:
            raise
        return True
    except Exception as error:
        if not isinstance(error, Fault):
            log.exception("step failed", step=step.name)
        if active.definition.must_finish:
            return await _later(process, active, str(error), 1.0)
        return await _turn_back(process, active, _as_fault(error, step))
    if isinstance(value, Wait):
        return await _wait(process, active, value, begun)
    result = value if isinstance(value, Result) else Result(value)
    return await _finish_step(process, active, result)


async def _call(active: Active, step: Step) -> Any:
    if not step.interruptible:
        return await step.function(active.service, active.run)
    active.step_task = asyncio.ensure_future(step.function(active.service, active.run))
    try:
        return await active.step_task
    finally:
        active.step_task = None


async def _finish_step(process: Process, active: Active, result: Result) -> bool:
    run, step = active.run, active.step
    last = active.position + 1 == len(active.definition.steps)
    results = {**run.results, step.name: result.value}

    async def write(tx: Tx) -> bool:
        now = process.clock.now()
        if result.write is not None:
            await result.write(tx)
        await step_ended(process, tx, active, "ok")
        if last:
            await end(process, tx, active, State.DONE, results=results, blocker=None)
            return False
        following = {"step": active.position + 1, "step_at": now, "attempt": 0}
        cancelled = await save(process, tx, active, results=results, blocker=None, **following)
        active.position += 1
        try:
            await step_started(process, tx, active, now)
        finally:
            active.position -= 1
        return cancelled

    cancelled = await process.database.transact(write)
    run.results = results
    if last:
        return False
    run.cancelled = run.cancelled or cancelled
    active.position += 1
    run.attempt = 0
    run.step_started_at = process.clock.now()
    return True


async def _wait(process: Process, active: Active, wait: Wait, begun: float) -> bool:
    give_up = active.run.step_started_at + wait.timeout_s
    if process.clock.now() >= give_up and not active.definition.must_finish:
        return await _turn_back(process, active, Failed(wait.otherwise, code="timeout"))

    async def write(tx: Tx) -> None:
        now = process.clock.now()
        missed = await process.events.seen_since(tx, wait.event, wait.key, begun)
        await save(
            process,
            tx,
            active,
            state=State.WAITING,
            owner=None,
            lease_until=None,
            wait_event=wait.event,
            wait_key=wait.key,
            next_at=now if missed else min(max(give_up, now + 0.1), now + RECHECK_S),
            blocker=f"waiting for {wait.event} of {wait.key}",
        )

    await process.database.transact(write)
    return False


async def _later(process: Process, active: Active, blocker: str, after_s: float) -> bool:
    """Give the slot up and come back; past the deadline, block or turn back."""
    run = active.run
    now = process.clock.now()
    overdue = now >= active.deadline
    if overdue and not active.definition.must_finish and not active.undoing:
        return await _turn_back(process, active, Failed(blocker, code="deadline"))
    run.attempt += 1
    pause = min(after_s * 2 ** min(run.attempt - 1, 6), BACKOFF_MAX_S)
    pause *= process.chance.uniform(0.8, 1.2)

    async def write(tx: Tx) -> None:
        await save(
            process,
            tx,
            active,
            state=State.BLOCKED if overdue or active.undoing else State.WAITING,
            owner=None,
            lease_until=None,
            attempt=run.attempt,
            next_at=now + pause,
            blocker=blocker,
            undoing=active.undoing,
            step=active.position,
        )

    await process.database.transact(write)
    return False


async def _turn_back(process: Process, active: Active, error: Fault) -> bool:
    run, step = active.run, active.step

    async def write(tx: Tx) -> None:
        await step_ended(process, tx, active, "failed", error.public)
        told = {"error": error.public, "error_code": error.code}
        await save(process, tx, active, undoing=True, attempt=0, **told)

    log.warning("step failed", step=step.name, error=error.public)
    run.error = error
    await process.database.transact(write)
    active.undoing = True
    run.attempt = 0
    return True


async def _undo_one(process: Process, active: Active) -> bool:
    """Undo the current step, which was started, and go one back; False when all is undone."""
    step = active.step
    if step.undo is not None:
        try:
            if process.probe:
                await process.probe(active.run, step, "undo")
            await step.undo(active.service, active.run)
        except Exception as error:
            if not isinstance(error, Fault | Retry):
                log.exception("undo failed", step=step.name)
            return await _later(process, active, f"undo of {step.name}: {error}", 1.0)

    async def write(tx: Tx) -> bool:
        if step.undo is not None:
            await step_ended(process, tx, active, "undone")
        if active.position > 0:
            back = active.position - 1
            await save(process, tx, active, undoing=True, step=back, blocker=None)
            return True
        state = State.FAILED if active.run.error else State.CANCELLED
        await end(process, tx, active, state, blocker=None)
        return False

    more = await process.database.transact(write)
    if more:
        active.position -= 1
    return more


def _as_fault(error: Exception, step: Step) -> Fault:
    if isinstance(error, Fault):
        return error
    return Failed(
        f"{step.name.replace('_', ' ')} failed: {type(error).__name__}.",
        code="step-failed",
        remedy="The log of Unkai has the cause under this request id.",
    )
