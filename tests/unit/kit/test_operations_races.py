"""What happens between the steps: cancels, events and refusals that come at a bad moment."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from tests.databases import with_tables
from tests.unit.kit.operations_rig import Rig, World, create, opened, three, wait_port
from unkai.kit.db import Session, Tx, open_database
from unkai.kit.errors import Conflict
from unkai.kit.operations import Operation, Result, Retry, Run, Step, Wait
from unkai.kit.operations.table import operations

pytestmark = pytest.mark.anyio

DELETE = Operation("delete", Step(three, "C"), must_finish=True)
AT_ONCE_S = 2.0
"""Well under what a waiting step looks again after, and a failed one pauses."""


class Gate:
    """A step that stands until it is told to go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.says: Any = None

    async def pass_gate(self, world: World, run: Run) -> Any:
        world.log.append("gate")
        self.reached.set()
        await self.open.wait()
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def step(self, *, interruptible: bool = False) -> Step:
        async def gate(world: World, run: Run) -> Any:
            return await self.pass_gate(world, run)

        return Step(gate, "G", interruptible=interruptible)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with opened(tmp_path) as rig:
        await rig.operations.start()
        yield rig


async def superseded(rig: Rig, first: str) -> None:
    """A delete comes and is done at once, the first one undone before it."""
    async with asyncio.timeout(AT_ONCE_S):
        second = await rig.submit(DELETE, supersede=True)
        assert await rig.ended(second) == "done"
    assert await rig.state(first) == "cancelled"
    assert rig.world.log[-3:] == ["untwo", "unone", "three"]


async def test_a_waiting_operation_is_superseded_at_once(rig: Rig) -> None:
    definition = create(Step(wait_port, "N"))
    rig.register(definition, DELETE)
    first = await rig.submit(definition)
    await rig.reaches(first, "waiting")
    await superseded(rig, first)


async def test_a_blocked_undo_is_superseded_at_once(rig: Rig) -> None:
    definition = create(Step(wait_port, "N"))
    rig.register(definition, DELETE)
    rig.world.trouble = {"two": Conflict("no disk"), "unone": Retry("host away", 60.0)}
    first = await rig.submit(definition)
    await rig.reaches(first, "blocked")
    async with asyncio.timeout(AT_ONCE_S):
        second = await rig.submit(DELETE, supersede=True)
        assert await rig.ended(second) == "done"
    assert await rig.state(first) == "failed"


@pytest.mark.parametrize(
    "says", [None, Retry("host away", 60.0), Wait("port.up", "p1", 60.0, otherwise="no port")]
)
async def test_a_long_step_ends_before_the_cancel_acts(rig: Rig, says: Any) -> None:
    """Whatever it says at its end, the way back begins then and not a pause later."""
    gate = Gate()
    definition = create(gate.step())
    rig.register(definition, DELETE)
    first = await rig.submit(definition)
    await gate.reached.wait()
    second = await rig.submit(DELETE, supersede=True)
    await asyncio.sleep(0.05)
    assert rig.world.log[-1] == "gate"
    gate.says = says
    gate.open.set()
    async with asyncio.timeout(AT_ONCE_S):
        assert await rig.ended(second) == "done"
    assert await rig.state(first) == "cancelled"
    assert rig.world.log[-4:] == ["gate", "untwo", "unone", "three"]


async def test_an_interruptible_step_is_cancelled_in_the_middle(rig: Rig) -> None:
    gate = Gate()
    definition = create(gate.step(interruptible=True))
    rig.register(definition, DELETE)
    first = await rig.submit(definition)
    await gate.reached.wait()
    await superseded(rig, first)


async def test_a_delete_is_not_interrupted_by_another(rig: Rig) -> None:
    gate = Gate()
    slow = Operation("slow-delete", gate.step(interruptible=True), must_finish=True)
    rig.register(slow, DELETE)
    first = await rig.submit(slow)
    await gate.reached.wait()
    second = await rig.submit(DELETE, supersede=True)
    gate.open.set()
    assert await rig.ended(second) == "done"
    assert await rig.state(first) == "done"
    assert rig.world.log == ["gate", "three"]


async def test_the_newest_of_several_heirs_runs(rig: Rig) -> None:
    """Also where the clock stood still between them; the others end as cancelled, audibly."""
    gate = Gate()
    definition = create(gate.step())
    late = Operation("late", Step(three, "C"))
    rig.register(definition, DELETE, late)
    first = await rig.submit(definition)
    await gate.reached.wait()
    moment = rig.clock.now()
    rig.clock.now = lambda: moment  # type: ignore[method-assign]
    passed = [await rig.submit(late, supersede=True) for _ in range(3)]
    last = await rig.submit(DELETE, supersede=True)
    del rig.clock.now
    heard: list[str] = []

    async def hear(event: Any) -> None:
        heard.append(event.payload["id"])

    rig.events.subscribe("operation.ended", hear)
    gate.open.set()
    assert await rig.ended(last) == "done"
    assert [await rig.state(one) for one in passed] == ["cancelled"] * 3
    await rig.events.deliver_pending()
    assert sorted(heard) == sorted([first, *passed, last])


async def test_an_event_committed_while_the_step_looked_is_not_missed(rig: Rig) -> None:
    """It was written before the step began, and could be seen only after the step had looked."""

    async def look_too_early(world: World, run: Run) -> Wait | None:
        if world.port_up:
            return None
        world.port_up = True
        rig.clock.offset_s = -3.0
        await rig.emit("port.up", "p1")
        rig.clock.offset_s = 0.0
        return Wait("port.up", "p1", 60.0, otherwise="the port did not come up")

    definition = create(Step(look_too_early, "N"))
    rig.register(definition)
    async with asyncio.timeout(AT_ONCE_S):
        assert await rig.ended(await rig.submit(definition)) == "done"


async def test_an_old_event_does_not_make_a_step_spin(rig: Rig) -> None:
    looks = 0

    async def look(world: World, run: Run) -> Wait:
        nonlocal looks
        looks += 1
        return Wait("port.up", "p1", 60.0, otherwise="the port did not come up")

    definition = create(Step(look, "N"))
    rig.register(definition)
    await rig.emit("port.up", "p1")
    operation_id = await rig.submit(definition)
    await rig.reaches(operation_id, "waiting")
    await asyncio.sleep(0.1)
    assert looks == 1


async def test_a_refused_write_is_the_steps_failure(rig: Rig) -> None:
    async def refuse(tx: Tx) -> None:
        raise Conflict("the address is taken")

    async def claim(world: World, run: Run) -> Result:
        return Result(1, write=refuse)

    definition = create(Step(claim, "N"))
    rig.register(definition)
    async with asyncio.timeout(AT_ONCE_S):
        assert await rig.ended(await rig.submit(definition)) == "failed"
    assert rig.world.log[-3:] == ["untwo", "unone", "failed: the address is taken"]


async def test_a_delete_whose_write_is_refused_tries_again(rig: Rig) -> None:
    tries = 0

    async def refuse_once(tx: Tx) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Conflict("in use")

    async def release(world: World, run: Run) -> Result:
        return Result(write=refuse_once)

    definition = Operation("release", Step(release, "N"), must_finish=True)
    rig.register(definition)
    assert await rig.ended(await rig.submit(definition)) == "done"
    assert tries == 2


async def test_an_end_that_cannot_be_written_is_tried_again(rig: Rig) -> None:
    definition = create()
    rig.register(definition)
    rig.world.trouble = {"two": Conflict("no disk"), "mark_failed": ValueError("not now")}
    assert await rig.ended(await rig.submit(definition)) == "failed"
    assert rig.world.log[-1] == "failed: no disk"


async def test_a_value_that_is_no_json_fails_the_step(rig: Rig) -> None:
    async def odd(world: World, run: Run) -> object:
        return object()

    definition = create(Step(odd, "N"))
    rig.register(definition)
    assert await rig.ended(await rig.submit(definition)) == "failed"


async def test_a_step_sees_results_as_a_restart_would(rig: Rig) -> None:
    seen: list[Any] = []

    async def pair(world: World, run: Run) -> tuple[int, int]:
        return 1, 2

    async def look(world: World, run: Run) -> None:
        seen.append(run.results["pair"])

    definition = create(Step(pair, "N"), Step(look, "N"))
    rig.register(definition)
    assert await rig.ended(await rig.submit(definition)) == "done"
    assert seen == [[1, 2]]


async def test_a_delete_past_its_wait_is_blocked_and_wakes(rig: Rig) -> None:
    looks = 0

    async def wait_gone(world: World, run: Run) -> Wait | None:
        nonlocal looks
        looks += 1
        if world.port_up:
            return None
        return Wait("port.down", "p1", 0.0, otherwise="the port is still there")

    definition = Operation("remove", Step(wait_gone, "N"), must_finish=True)
    rig.register(definition)
    operation_id = await rig.submit(definition)
    await rig.reaches(operation_id, "blocked")
    (view,) = await rig.operations.list(rig.database.reader)
    assert view.blocker == "the port is still there"
    await asyncio.sleep(0.3)
    assert looks == 1
    rig.world.port_up = True
    await rig.emit("port.down", "p1")
    assert await rig.ended(operation_id) == "done"


async def test_unknown_kinds_hold_up_nobody(tmp_path: Path) -> None:
    """Work that a newer program left stays, says why, and lets others pass."""
    newer = create(Step(wait_port, "N"))
    async with opened(tmp_path, newer) as rig:
        await rig.operations.stop()

        async def leave_many(tx: Tx) -> None:
            for number in range(120):
                await rig.operations.submit(
                    tx,
                    newer,
                    f"thing/{number + 2}",
                    project_id=None,
                    user_id=None,
                    request_id="req-1",
                    input={},
                )

        await rig.database.transact(leave_many)
        rig.register(DELETE)
        known = await rig.submit(DELETE)
    async with opened(tmp_path, DELETE) as rig:
        await rig.operations.start()
        assert await rig.ended(known) == "done"
        left = await rig.operations.list(rig.database.reader, active=True)
        assert {view.blocker for view in left} == {"no process here knows create"}


class Flaky(Session):
    """A reader whose first statement fails."""

    def __init__(self, reader: Session) -> None:
        self._reader = reader
        self.failed = False

    async def execute(self, statement: Any, parameters: Any = None) -> Any:
        if not self.failed:
            self.failed = True
            raise OperationalError("select", {}, OSError("the database went away"))
        return await self._reader.execute(statement, parameters)


async def test_claiming_outlives_a_broken_database(tmp_path: Path) -> None:
    async with opened(tmp_path, DELETE) as rig:
        flaky = Flaky(rig.database.reader)
        rig.database.reader = flaky
        await rig.operations.stop()
        rig.operations._process.stopping = False
        await rig.operations.start()
        rig.operations._process.kinds.clear()
        rig.register(DELETE)
        operation_id = await rig.submit(DELETE)

        async def failed() -> bool:
            return flaky.failed

        await rig.until(failed)
        assert await rig.ended(operation_id) == "done"


async def test_delivering_events_outlives_a_broken_database(tmp_path: Path) -> None:
    async with opened(tmp_path) as rig:
        heard = asyncio.Event()

        async def hear(event: Any) -> None:
            heard.set()

        rig.events.subscribe("port.up", hear)
        rig.database.reader = Flaky(rig.database.reader)
        rig.events.start()
        await rig.emit("port.up", "p1")
        async with asyncio.timeout(5):
            await heard.wait()
        await rig.events.stop()


class Replicas:
    """Two processes on one database (PostgreSQL in life; the runner does not see which)."""

    def __init__(self, first: Rig, second: Rig) -> None:
        self.first = first
        self.second = second


@pytest.fixture
async def replicas(tmp_path: Path) -> AsyncIterator[Replicas]:
    database = await open_database(with_tables(str(tmp_path / "db")))
    world = World()
    pair = Replicas(Rig(database, world, sole=False), Rig(database, world, sole=False))
    yield pair
    await pair.first.operations.stop()
    await pair.second.stop()


async def test_a_lease_renewed_in_time_is_not_taken(replicas: Replicas) -> None:
    """The other process saw it run out, and the owner renewed it before the claim was written."""
    gate = Gate()
    definition = create(gate.step())
    replicas.first.register(definition)
    replicas.second.register(definition)
    operation_id = await replicas.first.submit(definition)
    await gate.reached.wait()
    database = replicas.first.database
    await database.transact(lambda tx: tx.execute(update(operations).values(lease_until=1.0)))
    (stale,) = await database.reader.all(operations.select())
    await database.transact(replicas.first.operations._leases._renew)
    await database.transact(lambda tx: replicas.second.operations._leases._claim(tx, stale))
    gate.open.set()
    assert await replicas.first.ended(operation_id) == "done"
    assert replicas.first.world.log.count("gate") == 1


async def test_a_lost_lease_ends_without_a_trace(replicas: Replicas) -> None:
    gate = Gate()
    definition = create(gate.step())
    replicas.first.register(definition)
    replicas.second.register(definition)
    operation_id = await replicas.first.submit(definition)
    await gate.reached.wait()
    database = replicas.first.database
    await database.transact(lambda tx: tx.execute(update(operations).values(lease_until=1.0)))
    gate.reached.clear()
    await replicas.second.operations.start()
    await gate.reached.wait()
    gate.open.set()
    assert await replicas.second.ended(operation_id) == "done"
    assert replicas.first.world.log == ["one", "two after first", "gate", "gate", "three"]


async def test_a_cancel_through_another_process_is_learned(replicas: Replicas) -> None:
    gate = Gate()
    definition = create(gate.step(interruptible=True))
    for rig in (replicas.first, replicas.second):
        rig.register(definition, DELETE)
    first = await replicas.first.submit(definition)
    await gate.reached.wait()
    second = await replicas.second.submit(DELETE, supersede=True)
    await replicas.second.operations.start()
    await replicas.first.database.transact(replicas.first.operations._leases._renew)
    assert await replicas.second.ended(second) == "done"
    assert await replicas.first.state(first) == "cancelled"


class Watcher:
    """A StepObserver that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def step_started(self, tx: Tx, run: Run, step: Step, at: float) -> None:
        self.told.append((step.name, "started"))

    async def step_ended(
        self, tx: Tx, run: Run, step: Step, at: float, *, outcome: str, detail: str | None
    ) -> None:
        self.told.append((step.name, outcome))


async def test_every_started_step_is_ended_for_the_observer(tmp_path: Path) -> None:
    watcher = Watcher()
    rig = Rig(await open_database(with_tables(str(tmp_path / "db"))), observer=watcher)
    await rig.operations.start()
    definition = create(Step(wait_port, "N"))
    rig.register(definition, DELETE)
    first = await rig.submit(definition)
    await rig.reaches(first, "waiting")
    assert await rig.ended(await rig.submit(DELETE, supersede=True)) == "done"
    await rig.stop()
    assert watcher.told == [
        ("one", "started"),
        ("one", "ok"),
        ("two", "started"),
        ("two", "ok"),
        ("wait_port", "started"),
        ("wait_port", "cancelled"),
        ("two", "undone"),
        ("one", "undone"),
        ("three", "started"),
        ("three", "ok"),
    ]
