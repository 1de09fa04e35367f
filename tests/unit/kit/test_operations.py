"""The runner: steps in order, undo backwards, waits, cancels, crashes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database, Tx, open_database
from unkai.kit.errors import Conflict, Failed
from unkai.kit.events import Events
from unkai.kit.operations import Operation, Operations, Result, Retry, Run, Step, Wait

pytestmark = pytest.mark.anyio


class World:
    """What the steps below touch."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.trouble: dict[str, Exception] = {}
        self.port_up = False


async def one(world: World, run: Run) -> str:
    world.log.append("one")
    return "first"


async def unone(world: World, run: Run) -> None:
    world.log.append("unone")
    if "unone" in world.trouble:
        raise world.trouble.pop("unone")


async def two(world: World, run: Run) -> None:
    world.log.append(f"two after {run.results['one']}")
    if "two" in world.trouble:
        raise world.trouble.pop("two")


async def untwo(world: World, run: Run) -> None:
    world.log.append("untwo")


async def wait_port(world: World, run: Run) -> Wait | Result:
    if not world.port_up:
        return Wait("port.up", "p1", 5.0, otherwise="the port did not come up")
    return Result(7)


async def three(world: World, run: Run) -> None:
    world.log.append("three")


async def mark_failed(world: World, tx: Tx, run: Run) -> None:
    assert run.error is not None
    world.log.append(f"failed: {run.error.message}")


def create(*middle: Step) -> Operation:
    return Operation(
        "create",
        Step(one, "A", undo=unone),
        Step(two, "B", undo=untwo),
        *middle,
        Step(three, "C"),
        failed=mark_failed,
    )


class Rig:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.world = World()
        self.events = Events(database, Clock())
        self.operations = Operations(database, Clock(), Chance(), self.events)

    async def submit(self, definition: Operation, *, supersede: bool = False) -> str:
        async def write(tx: Tx) -> str:
            return await self.operations.submit(
                tx,
                definition,
                "thing/1",
                project_id=None,
                user_id=None,
                request_id="req-1",
                input={},
                supersede=supersede,
            )

        return await self.database.transact(write)

    async def state(self, operation_id: str) -> str:
        views = await self.operations.list(self.database.reader)
        return next(view.state for view in views if view.id == operation_id)

    async def until(self, check: Callable[[], Awaitable[Any]]) -> None:
        async with asyncio.timeout(10):
            while not await check():
                await asyncio.sleep(0.005)

    async def ended(self, operation_id: str) -> str:
        async def over() -> bool:
            return await self.state(operation_id) in ("done", "failed", "cancelled")

        await self.until(over)
        return await self.state(operation_id)


@pytest.fixture
async def rig(tmp_path: Path):
    database = await open_database(str(tmp_path / "db"))
    rig = Rig(database)
    yield rig
    await rig.operations.stop()
    await database.close()


async def test_steps_run_in_order_with_results(rig: Rig) -> None:
    definition = create()
    rig.operations.register(definition, rig.world)
    assert await rig.ended(await rig.submit(definition)) == "done"
    assert rig.world.log == ["one", "two after first", "three"]


async def test_failure_undoes_backwards_and_tells(rig: Rig) -> None:
    definition = create()
    rig.operations.register(definition, rig.world)
    rig.world.trouble["two"] = Failed("no disk")
    assert await rig.ended(await rig.submit(definition)) == "failed"
    assert rig.world.log == ["one", "two after first", "untwo", "unone", "failed: no disk"]


async def test_raising_undo_is_tried_again(rig: Rig) -> None:
    definition = create()
    rig.operations.register(definition, rig.world)
    await rig.operations.start()
    rig.world.trouble = {"two": Failed("no disk"), "unone": OSError("busy")}
    assert await rig.ended(await rig.submit(definition)) == "failed"
    assert rig.world.log.count("unone") == 2


async def test_wait_gives_up_its_slot_until_the_event(rig: Rig) -> None:
    definition = create(Step(wait_port, "N"))
    rig.operations.register(definition, rig.world)
    await rig.operations.start()
    operation_id = await rig.submit(definition)

    async def waiting() -> bool:
        return await rig.state(operation_id) == "waiting"

    await rig.until(waiting)
    rig.world.port_up = True
    await rig.database.transact(lambda tx: rig.events.emit(tx, "port.up", "p1"))
    assert await rig.ended(operation_id) == "done"


async def test_one_active_operation_a_subject(rig: Rig) -> None:
    definition = create(Step(wait_port, "N"))
    rig.operations.register(definition, rig.world)
    await rig.submit(definition)
    with pytest.raises(Conflict):
        await rig.submit(definition)


async def test_superseding_cancels_undoes_and_then_runs(rig: Rig) -> None:
    definition = create(Step(wait_port, "N"))
    delete = Operation("delete", Step(three, "C"), must_finish=True)
    rig.operations.register(definition, rig.world)
    rig.operations.register(delete, rig.world)
    await rig.operations.start()
    first = await rig.submit(definition)

    async def waiting() -> bool:
        return await rig.state(first) == "waiting"

    await rig.until(waiting)
    second = await rig.submit(delete, supersede=True)
    assert await rig.ended(second) == "done"
    assert await rig.state(first) == "cancelled"
    assert rig.world.log == ["one", "two after first", "untwo", "unone", "three"]


async def test_retry_comes_back(rig: Rig) -> None:
    definition = create()
    rig.operations.register(definition, rig.world)
    await rig.operations.start()
    rig.world.trouble["two"] = Retry("host away", 0.01)
    assert await rig.ended(await rig.submit(definition)) == "done"
    assert rig.world.log == ["one", "two after first", "two after first", "three"]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["one", "two", "three"])
async def test_a_crash_anywhere_is_continued(tmp_path: Path, step: str, moment: str) -> None:
    definition = create()
    database = await open_database(str(tmp_path / "db"))
    rig = Rig(database)
    rig.operations.register(definition, rig.world)
    reached = asyncio.Event()

    async def crash(run: Run, current: Step, when: str) -> None:
        if (current.name, when) == (step, moment):
            reached.set()
            await asyncio.Event().wait()

    rig.operations.probe = crash
    operation_id = await rig.submit(definition)
    await reached.wait()
    await rig.operations.stop()
    await database.close()

    database = await open_database(str(tmp_path / "db"))
    again = Rig(database)
    again.operations.register(definition, again.world)
    await again.operations.start()
    assert await again.ended(operation_id) == "done"
    await again.operations.stop()
    await database.close()
    assert (rig.world.log + again.world.log)[-1] == "three"
