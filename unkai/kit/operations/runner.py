"""Leases operations and runs their steps; any replica continues what another one left.

One transaction saves a finished step together with the start of the next, so a step costs one
COMMIT. Every save is fenced by the epoch: whoever lost the lease finds no row to update and stops.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from unkai.kit import log as logs
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import AnyRow, Database, Session, Tx
from unkai.kit.errors import Conflict, Failed, Fault
from unkai.kit.events import Events
from unkai.kit.log import log
from unkai.kit.operations.model import (
    Operation,
    OperationView,
    Result,
    Retry,
    Run,
    Step,
    StepObserver,
    Wait,
)
from unkai.kit.operations.table import ENDED, State, operations

LEASE_S = 15.0
POLL_S = 1.0
RECHECK_S = 5.0
"""A waiting step looks again this often, whatever events come: level-triggered."""
BACKOFF_MAX_S = 30.0

HOLDER = select(operations.c.id, operations.c.kind).where(
    operations.c.slot == bindparam("of_subject")
)
LAST_EPOCH = select(func.max(operations.c.epoch)).where(
    operations.c.subject == bindparam("of_subject")
)
HEIR = (
    select(operations.c.id)
    .where(operations.c.subject == bindparam("of_subject"), operations.c.state == State.QUEUED)
    .order_by(operations.c.created_at.desc())
    .limit(1)
)
WAKE = update(operations).where(
    operations.c.wait_key == bindparam("of_key"),
    operations.c.wait_event == bindparam("of_event"),
    operations.c.state == State.WAITING,
)
SAVE = (
    update(operations)
    .where(
        operations.c.id == bindparam("of_id"),
        operations.c.epoch == bindparam("of_epoch"),
        operations.c.state == State.RUNNING,
    )
    .returning(operations.c.cancel)
)
ADD = insert(operations)

Probe = Callable[[Run, Step, str], Awaitable[None]]


class LostLease(Exception):
    """Another owner runs this operation now; ours stops without a trace."""


class _Active:
    """A run in this process."""

    def __init__(self, run: Run, definition: Operation, service: Any, position: int) -> None:
        self.run = run
        self.definition = definition
        self.service = service
        self.position = position
        self.undoing = False
        self.deadline = 0.0
        self.step_task: asyncio.Task[Any] | None = None

    @property
    def step(self) -> Step:
        return self.definition.steps[self.position]


class Operations:
    """The runner of one process.

    sole: this is the only process on the database, so whatever was leased before it started is
        free. probe: called around every step, for tests that crash or fail there.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        chance: Chance,
        events: Events,
        *,
        observer: StepObserver | None = None,
        sole: bool = True,
        slots: int = 64,
    ) -> None:
        self._database = database
        self._clock = clock
        self._chance = chance
        self._events = events
        self._observer = observer
        self._sole = sole
        self._slots = asyncio.Semaphore(slots)
        self._owner = chance.uuid()
        self._kinds: dict[str, tuple[Operation, Any]] = {}
        self._active: dict[str, _Active] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self.probe: Probe | None = None
        events.on_emit(self._wake_waiting)

    # --- what actions call

    def register(self, definition: Operation, service: Any) -> None:
        """Make a kind known, with the service its steps get as first argument."""
        assert definition.kind not in self._kinds, definition.kind
        self._kinds[definition.kind] = (definition, service)

    async def submit(
        self,
        tx: Tx,
        definition: Operation,
        subject: str,
        *,
        project_id: str | None,
        user_id: str | None,
        request_id: str,
        input: dict[str, Any],
        supersede: bool = False,
    ) -> str:
        """Write an operation into the caller's transaction; it starts when that commits.

        subject: whom it is about ("server/<id>"); one active operation each. Conflict
        (code "busy") if there is one, unless `supersede`: then that one is cancelled and undone,
        and this one starts after it.
        """
        now = self._clock.now()
        holder = await tx.first(HOLDER, {"of_subject": subject})
        if holder is not None:
            if not supersede:
                raise Conflict(
                    f"{subject.replace('/', ' ')} is busy: {holder.kind} is under way.",
                    code="busy",
                    remedy="Wait until it has ended and try again.",
                )
            await tx.execute(
                update(operations)
                .where(operations.c.subject == subject, operations.c.state.not_in(ENDED))
                .values(cancel=True, next_at=now)
            )
            tx.after_commit(lambda: self._interrupt(holder.id))
        epoch = await tx.scalar(LAST_EPOCH, {"of_subject": subject})
        run = Run(
            id=self._chance.uuid(),
            kind=definition.kind,
            subject=subject,
            project_id=project_id,
            user_id=user_id,
            request_id=request_id,
            input=input,
            results={},
            epoch=(epoch or 0) + 1,
            attempt=0,
            step_started_at=now,
        )
        queued = holder is not None
        row = {
            "id": run.id,
            "kind": run.kind,
            "subject": subject,
            "slot": None if queued else subject,
            "project_id": project_id,
            "user_id": user_id,
            "request_id": request_id,
            "input": input,
            "state": State.QUEUED if queued else State.RUNNING,
            "step": 0,
            "undoing": False,
            "started": not queued,
            "results": {},
            "step_at": now,
            "attempt": 0,
            "cancel": False,
            "owner": None if queued else self._owner,
            "lease_until": None if queued else now + LEASE_S,
            "epoch": run.epoch,
            "next_at": now,
            "deadline": now + definition.deadline_s,
            "created_at": now,
            "updated_at": now,
        }
        await tx.execute(ADD, row)
        if not queued:
            active = _Active(run, definition, self._kinds[definition.kind][1], 0)
            active.deadline = now + definition.deadline_s
            await self._step_started(tx, active, now)
            tx.after_commit(lambda: self._spawn(active))
        return run.id

    async def busy(self, session: Session, subject: str) -> str | None:
        """The kind of the subject's active operation, if there is one."""
        holder = await session.first(HOLDER, {"of_subject": subject})
        return holder.kind if holder else None

    async def list(
        self, session: Session, *, subject: str | None = None, active: bool = False
    ) -> list[OperationView]:
        """Newest first, at most 500."""
        query = select(operations).order_by(operations.c.created_at.desc()).limit(500)
        if subject is not None:
            query = query.where(operations.c.subject == subject)
        if active:
            query = query.where(operations.c.state.not_in(ENDED))
        return [self._view(row) for row in await session.all(query)]

    def _view(self, row: AnyRow) -> OperationView:
        known = self._kinds.get(row.kind)
        step = known[0].name_of(row.step) if known else None
        return OperationView(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            project_id=row.project_id,
            state=row.state,
            step=None if row.state in ENDED else step,
            blocker=row.blocker,
            error=row.error,
            next_at=row.next_at,
            created_at=row.created_at,
            updated_at=row.updated_at,
            attempts=row.attempt,
            results=row.results,
        )

    # --- life

    async def start(self) -> None:
        """Take up what was left and keep claiming."""
        if self._sole:

            async def free(tx: Tx) -> None:
                await tx.execute(
                    update(operations)
                    .where(operations.c.state == State.RUNNING)
                    .values(lease_until=0.0)
                )

            await self._database.transact(free)
        self._background(self._claim_forever())
        self._background(self._renew_forever())

    async def stop(self) -> None:
        """Stop where we are; rows keep their lease, and a new start takes them up."""
        self._stopping = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _background(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _renew_forever(self) -> None:
        while True:
            await self._clock.sleep(LEASE_S / 3)
            if self._active:
                await self._database.transact(self._renew)

    async def _renew(self, tx: Tx) -> None:
        await tx.execute(
            update(operations)
            .where(
                operations.c.id.in_(list(self._active)),
                operations.c.owner == self._owner,
                operations.c.state == State.RUNNING,
            )
            .values(lease_until=self._clock.now() + LEASE_S)
        )

    async def _wake_waiting(self, tx: Tx, name: str, key: str) -> None:
        waited_for = {"of_key": key, "of_event": name, "next_at": self._clock.now()}
        woken = await tx.count(WAKE, waited_for)
        if woken:
            tx.after_commit(self._wake.set)

    async def _claim_forever(self) -> None:
        while True:
            next_at = await self._claim_due()
            pause = POLL_S if next_at is None else max(0.0, next_at - self._clock.now())
            try:
                async with asyncio.timeout(min(pause, POLL_S)):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()

    async def _claim_due(self) -> float | None:
        """Claim what is due; when the next one is."""
        now = self._clock.now()
        waiting = (State.READY, State.WAITING, State.BLOCKED)
        due = or_(
            and_(operations.c.state.in_(waiting), operations.c.next_at <= now),
            and_(operations.c.state == State.RUNNING, operations.c.lease_until < now),
        )
        rows = await self._database.reader.all(
            select(operations).where(due).order_by(operations.c.next_at).limit(100)
        )
        for row in rows:
            if row.id in self._active or row.kind not in self._kinds:
                continue
            active = await self._database.transact(lambda tx, row=row: self._claim(tx, row))
            if active is not None:
                self._spawn(active)
        return await self._database.reader.scalar(
            select(func.min(operations.c.next_at)).where(
                operations.c.state.in_(waiting), operations.c.next_at > now
            )
        )

    async def _claim(self, tx: Tx, row: AnyRow) -> _Active | None:
        now = self._clock.now()
        claimed = await tx.count(
            update(operations)
            .where(
                operations.c.id == row.id,
                operations.c.epoch == row.epoch,
                operations.c.state == row.state,
            )
            .values(
                state=State.RUNNING,
                owner=self._owner,
                lease_until=now + LEASE_S,
                epoch=row.epoch + 1,
                started=True,
                wait_event=None,
                wait_key=None,
                step_at=row.step_at if row.started else now,
                updated_at=now,
            )
        )
        if not claimed:
            return None
        definition, service = self._kinds[row.kind]
        run = Run(
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
            step_started_at=row.step_at if row.started else now,
            cancelled=row.cancel,
            error=Failed(row.error, code=row.error_code) if row.error else None,
        )
        active = _Active(run, definition, service, row.step)
        active.undoing = row.undoing
        active.deadline = row.deadline
        if not row.started:
            await self._step_started(tx, active, now)
        return active

    # --- running

    def _spawn(self, active: _Active) -> None:
        if self._stopping or active.run.id in self._active:
            return
        self._active[active.run.id] = active
        self._background(self._run(active))

    def _interrupt(self, operation_id: str) -> None:
        active = self._active.get(operation_id)
        if active is not None:
            active.run.cancelled = True
            if active.step_task is not None and active.step.interruptible:
                active.step_task.cancel()
        self._wake.set()

    async def _run(self, active: _Active) -> None:
        run = active.run
        logs.bind(request_id=run.request_id, operation=run.kind, subject=run.subject)
        try:
            async with self._slots:
                while True:
                    if run.cancelled and not active.definition.must_finish and not active.undoing:
                        active.undoing = True
                    advance = self._undo_one if active.undoing else self._do_one
                    if not await advance(active):
                        return
        except LostLease:
            log.warning("lease lost", epoch=run.epoch)
        except Exception:
            log.exception("operation runner failed")
            await self._clock.sleep(LEASE_S / 3)
        finally:
            if self._active.get(run.id) is active:
                del self._active[run.id]
            self._wake.set()

    async def _do_one(self, active: _Active) -> bool:
        """Run the current step and save it; False when this run is over."""
        run, step = active.run, active.step
        begun = self._clock.now()
        try:
            if self.probe:
                await self.probe(run, step, "before")
            value = await self._call(active, step)
            if self.probe:
                await self.probe(run, step, "after")
        except Retry as retry:
            return await self._later(active, retry.blocker, retry.after_s)
        except asyncio.CancelledError:
            if self._stopping or not run.cancelled:
                raise
            return True
        except Exception as error:
            if not isinstance(error, Fault):
                log.exception("step failed", step=step.name)
            if active.definition.must_finish:
                return await self._later(active, str(error), 1.0)
            return await self._turn_back(active, _as_fault(error, step))
        if isinstance(value, Wait):
            return await self._wait(active, value, begun)
        result = value if isinstance(value, Result) else Result(value)
        return await self._finish_step(active, result)

    async def _call(self, active: _Active, step: Step) -> Any:
        if not step.interruptible:
            return await step.function(active.service, active.run)
        active.step_task = asyncio.ensure_future(step.function(active.service, active.run))
        try:
            return await active.step_task
        finally:
            active.step_task = None

    async def _finish_step(self, active: _Active, result: Result) -> bool:
        run, step = active.run, active.step
        last = active.position + 1 == len(active.definition.steps)
        results = {**run.results, step.name: result.value}

        async def save(tx: Tx) -> bool:
            now = self._clock.now()
            if result.write is not None:
                await result.write(tx)
            await self._step_ended(tx, active, now, "ok", None)
            if last:
                await self._update(tx, active, results=results, blocker=None)
                await self._end(tx, active, State.DONE)
                return False
            cancelled = await self._update(
                tx,
                active,
                results=results,
                step=active.position + 1,
                step_at=now,
                attempt=0,
                blocker=None,
            )
            active.position += 1
            try:
                await self._step_started(tx, active, now)
            finally:
                active.position -= 1
            return cancelled

        cancelled = await self._database.transact(save)
        run.results = results
        if last:
            return False
        run.cancelled = run.cancelled or cancelled
        active.position += 1
        run.attempt = 0
        run.step_started_at = self._clock.now()
        return True

    async def _wait(self, active: _Active, wait: Wait, begun: float) -> bool:
        run = active.run
        give_up = run.step_started_at + wait.timeout_s
        if self._clock.now() >= give_up and not active.definition.must_finish:
            return await self._turn_back(active, Failed(wait.otherwise, code="timeout"))

        async def save(tx: Tx) -> None:
            now = self._clock.now()
            missed = await self._events.seen_since(tx, wait.event, wait.key, begun)
            await self._update(
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

        await self._database.transact(save)
        return False

    async def _later(self, active: _Active, blocker: str, after_s: float) -> bool:
        """Give the slot up and come back; past the deadline, block or turn back."""
        run = active.run
        now = self._clock.now()
        overdue = now >= active.deadline
        if overdue and not active.definition.must_finish and not active.undoing:
            return await self._turn_back(active, Failed(blocker, code="deadline"))
        run.attempt += 1
        pause = min(after_s * 2 ** min(run.attempt - 1, 6), BACKOFF_MAX_S)
        pause *= self._chance.uniform(0.8, 1.2)

        async def save(tx: Tx) -> None:
            await self._update(
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

        await self._database.transact(save)
        return False

    async def _turn_back(self, active: _Active, error: Fault) -> bool:
        run, step = active.run, active.step

        async def save(tx: Tx) -> None:
            await self._step_ended(tx, active, self._clock.now(), "failed", error.public)
            await self._update(
                tx, active, undoing=True, error=error.public, error_code=error.code, attempt=0
            )

        log.warning("step failed", step=step.name, error=error.public)
        run.error = error
        await self._database.transact(save)
        active.undoing = True
        run.attempt = 0
        return True

    async def _undo_one(self, active: _Active) -> bool:
        """Undo the current step, which was started, and go one back; False when all is undone."""
        step = active.step
        if step.undo is not None:
            try:
                if self.probe:
                    await self.probe(active.run, step, "undo")
                await step.undo(active.service, active.run)
            except Exception as error:
                if not isinstance(error, Fault | Retry):
                    log.exception("undo failed", step=step.name)
                return await self._later(active, f"undo of {step.name}: {error}", 1.0)

        async def save(tx: Tx) -> bool:
            if step.undo is not None:
                await self._step_ended(tx, active, self._clock.now(), "undone", None)
            if active.position > 0:
                await self._update(tx, active, undoing=True, step=active.position - 1, blocker=None)
                return True
            await self._update(tx, active, blocker=None)
            cancelled = active.run.error is None
            await self._end(tx, active, State.CANCELLED if cancelled else State.FAILED)
            return False

        more = await self._database.transact(save)
        if more:
            active.position -= 1
        return more

    # --- saving

    async def _update(self, tx: Tx, active: _Active, **values: Any) -> bool:
        """Write to the row while it is ours; whether a cancel was asked for."""
        ours = {"of_id": active.run.id, "of_epoch": active.run.epoch}
        row = await tx.first(SAVE, {**ours, "updated_at": self._clock.now(), **values})
        if row is None:
            raise LostLease(active.run.id)
        return row.cancel

    async def _end(self, tx: Tx, active: _Active, state: State) -> None:
        run = active.run
        await self._update(
            tx, active, state=state, slot=None, owner=None, lease_until=None, next_at=None
        )
        heir = await tx.first(HEIR, {"of_subject": run.subject})
        if heir is not None:
            await self._promote(tx, run, heir.id)
        elif state is State.FAILED and active.definition.failed is not None:
            await active.definition.failed(active.service, tx, run)
        await self._events.emit(
            tx, "operation.ended", run.subject, {"id": run.id, "kind": run.kind, "state": state}
        )

    async def _promote(self, tx: Tx, run: Run, heir_id: str) -> None:
        """Give the slot to the newest queued operation; older ones were superseded by it."""
        now = self._clock.now()
        queued = (operations.c.subject == run.subject) & (operations.c.state == State.QUEUED)
        await tx.execute(
            update(operations)
            .where(queued, operations.c.id != heir_id)
            .values(state=State.CANCELLED, next_at=None, updated_at=now)
        )
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
        tx.after_commit(self._wake.set)

    async def _step_started(self, tx: Tx, active: _Active, at: float) -> None:
        if self._observer is not None:
            await self._observer.step_started(tx, active.run, active.step, at)

    async def _step_ended(
        self, tx: Tx, active: _Active, at: float, outcome: str, detail: str | None
    ) -> None:
        if self._observer is not None:
            await self._observer.step_ended(
                tx, active.run, active.step, at, outcome=outcome, detail=detail
            )


def _as_fault(error: Exception, step: Step) -> Fault:
    if isinstance(error, Fault):
        return error
    return Failed(
        f"{step.name.replace('_', ' ')} failed: {type(error).__name__}.",
        code="step-failed",
        remedy="The log of Unkai has the cause under this request id.",
    )
