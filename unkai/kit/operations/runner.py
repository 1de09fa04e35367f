"""The runner of one process: what actions call, and its life.

`submitting` writes a new operation's row, `leases` claims what is due, `running` runs its steps,
`saving` writes what they did. Any replica continues what another one left.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select

from unkai.kit import log as logs
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import AnyRow, Database, Session, Tx
from unkai.kit.events import Events
from unkai.kit.log import log
from unkai.kit.operations import submitting
from unkai.kit.operations.active import LEASE_S, Active, LostLease, Probe, Process
from unkai.kit.operations.leases import Leases
from unkai.kit.operations.model import Operation, OperationView, Run, StepObserver
from unkai.kit.operations.running import run_all
from unkai.kit.operations.saving import as_saved
from unkai.kit.operations.table import ENDED, operations


class Operations:
    """Durable work in this process.

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
        self._process = Process(
            database, clock, chance, events, observer, chance.uuid(), self._spawn
        )
        self._leases = Leases(self._process)
        self.sole = sole
        self._slots = asyncio.Semaphore(slots)
        self._tasks: set[asyncio.Task[None]] = set()
        events.on_emit(self._leases.wake_waiting)

    @property
    def probe(self) -> Probe | None:
        return self._process.probe

    @probe.setter
    def probe(self, probe: Probe | None) -> None:
        self._process.probe = probe

    # --- what actions call

    def register(self, definition: Operation, service: Any) -> None:
        """Make a kind known, with the service its steps get as first argument."""
        assert definition.kind not in self._process.kinds, definition.kind
        self._process.kinds[definition.kind] = (definition, service)

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
        deadline_s: float | None = None,
    ) -> str:
        """Write an operation into the caller's transaction; it starts when that commits.

        subject: whom it is about ("server/<id>"); one active operation each. Conflict
        (code "busy") if there is one, unless `supersede`: then that one is cancelled and undone,
        and this one starts after it. deadline_s: instead of the kind's own.
        """
        holder = await submitting.holder_of(tx, subject)
        if holder is not None:
            if not supersede:
                raise submitting.refuse(subject, holder.kind)
            await submitting.cancel(self._process, tx, subject, holder.id)
        run = Run(
            id=self._process.chance.uuid(),
            kind=definition.kind,
            subject=subject,
            project_id=project_id,
            user_id=user_id,
            request_id=request_id,
            input=as_saved(input),
            results={},
            epoch=await submitting.next_epoch(tx, subject),
            attempt=0,
            step_started_at=self._process.clock.now(),
        )
        await submitting.add(
            self._process,
            tx,
            definition,
            run,
            queued=holder is not None,
            deadline_s=deadline_s or definition.deadline_s,
        )
        return run.id

    async def busy(self, session: Session, subject: str) -> str | None:
        """The kind of the subject's active operation, if there is one."""
        holder = await submitting.holder_of(session, subject)
        return holder.kind if holder else None

    async def held(self, session: Session, family: str) -> dict[str, str]:
        """Subjects of a family ("node") that work is under way on: subject to its kind."""
        return await submitting.held(session, family)

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

    async def active_subjects(self, session: Session) -> set[str]:
        """Whom a live operation has in hand, however many there are."""
        query = select(operations.c.subject).where(operations.c.state.not_in(ENDED))
        return set(await session.scalars(query))

    def _view(self, row: AnyRow) -> OperationView:
        known = self._process.kinds.get(row.kind)
        ended = row.state in ENDED
        unknown = None if ended or known else f"no process here knows {row.kind}"
        return OperationView(
            id=row.id,
            kind=row.kind,
            subject=row.subject,
            project_id=row.project_id,
            state=row.state,
            step=known[0].name_of(row.step) if known and not ended else None,
            blocker=row.blocker or unknown,
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
        if self.sole:
            await self._leases.free_all()
        self._background(self._leases.claim_forever())
        self._background(self._leases.renew_forever())

    async def stop(self) -> None:
        """Stop where we are; rows keep their lease, and a new start takes them up."""
        self._process.stopping = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _background(self, coroutine: Any) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _spawn(self, active: Active) -> None:
        if self._process.stopping or active.run.id in self._process.active:
            return
        self._process.active[active.run.id] = active
        self._background(self._run(active))

    async def _run(self, active: Active) -> None:
        run, running = active.run, self._process.active
        logs.bind(request_id=run.request_id, operation=run.kind, subject=run.subject)
        try:
            async with self._slots:
                await run_all(self._process, active)
        except LostLease:
            log.warning("lease lost", epoch=run.epoch)
        except Exception:
            log.exception("operation could not be saved; it is taken up when its lease ends")
            await self._process.clock.sleep(LEASE_S / 3)
        finally:
            del running[run.id]
            if run.id in self._process.passed_over:
                self._process.passed_over.remove(run.id)
                self._process.wake.set()
