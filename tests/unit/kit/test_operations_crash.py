"""A process that dies at any point of an operation: the next one ends what it began."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.kit.operations_rig import Rig, World, create, opened, three, wait_port
from unkai.kit.errors import Failed
from unkai.kit.operations import Operation, Run, Step, Wait

pytestmark = pytest.mark.anyio

DELETE = Operation("delete", Step(three, "C"), must_finish=True)


def die_at(rig: Rig, kind: str, step: str, moment: str) -> asyncio.Event:
    """Never come back from this point; the event says that it was reached."""
    reached = asyncio.Event()

    async def stand_still(run: Run, current: Step, when: str) -> None:
        if (run.kind, current.name, when) == (kind, step, moment):
            reached.set()
            await asyncio.Event().wait()

    rig.operations.probe = stand_still
    return reached


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", ["one", "two", "three"])
async def test_going_forward(tmp_path: Path, step: str, moment: str) -> None:
    definition = create()
    world = World()
    async with opened(tmp_path, definition, world=world) as rig:
        dead = die_at(rig, "create", step, moment)
        operation_id = await rig.submit(definition)
        await dead.wait()
    async with opened(tmp_path, definition, world=world) as rig:
        await rig.operations.start()
        assert await rig.ended(operation_id) == "done"
    assert world.log[-1] == "three"


async def test_between_the_commit_and_the_start(tmp_path: Path) -> None:
    definition = create()
    async with opened(tmp_path, definition) as rig:
        await rig.operations.stop()
        operation_id = await rig.submit(definition)
        assert rig.world.log == []
    async with opened(tmp_path, definition) as rig:
        await rig.operations.start()
        assert await rig.ended(operation_id) == "done"


@pytest.mark.parametrize("moment", ["undo", "undone"])
@pytest.mark.parametrize("step", ["one", "two"])
async def test_going_back(tmp_path: Path, step: str, moment: str) -> None:
    definition = create()
    world = World()
    world.trouble["two"] = Failed("no disk")
    async with opened(tmp_path, definition, world=world) as rig:
        dead = die_at(rig, "create", step, moment)
        operation_id = await rig.submit(definition)
        await dead.wait()
    async with opened(tmp_path, definition, world=world) as rig:
        await rig.operations.start()
        assert await rig.ended(operation_id) == "failed"
    ordered = list(dict.fromkeys(world.log))
    assert ordered == ["one", "two after first", "untwo", "unone", "failed: no disk"]
    assert world.log.count("failed: no disk") == 1


@pytest.mark.parametrize(
    ("kind", "step", "moment"),
    [
        ("create", "wait_port", "after"),
        ("create", "two", "undo"),
        ("create", "two", "undone"),
        ("create", "one", "undo"),
        ("create", "one", "undone"),
        ("delete", "three", "before"),
        ("delete", "three", "after"),
    ],
)
async def test_while_one_supersedes_another(
    tmp_path: Path, kind: str, step: str, moment: str
) -> None:
    definition = create(Step(wait_port, "N"))
    world = World()
    async with opened(tmp_path, definition, DELETE, world=world) as rig:
        await rig.operations.start()
        if step == "wait_port":
            dead = die_at(rig, kind, step, moment)
            first = await rig.submit(definition)
            await dead.wait()
        else:
            first = await rig.submit(definition)
            await rig.reaches(first, "waiting")
            dead = die_at(rig, kind, step, moment)
        second = await rig.submit(DELETE, supersede=True)
        await dead.wait()
    async with opened(tmp_path, definition, DELETE, world=world) as rig:
        await rig.operations.start()
        assert await rig.ended(second) == "done"
        assert await rig.state(first) == "cancelled"
    ordered = list(dict.fromkeys(world.log))
    assert ordered == ["one", "two after first", "untwo", "unone", "three"]


async def test_what_waits_for_a_dead_process_is_due_again(tmp_path: Path) -> None:
    definition = create(Step(wait_port, "N"))
    async with opened(tmp_path, definition) as rig:
        await rig.operations.start()
        operation_id = await rig.submit(definition)
        await rig.reaches(operation_id, "waiting")
    async with opened(tmp_path, definition) as rig:
        await rig.operations.start()
        rig.world.port_up = True
        await rig.emit("port.up", "p1")
        assert await rig.ended(operation_id) == "done"


async def test_an_hour_without_a_process_is_no_timeout(tmp_path: Path) -> None:
    """The port has its five seconds from the time somebody is there to wait for it."""
    definition = create(Step(wait_port, "N"))
    async with opened(tmp_path, definition) as rig:
        await rig.operations.start()
        operation_id = await rig.submit(definition)
        await rig.reaches(operation_id, "waiting")
    async with opened(tmp_path, definition) as rig:
        rig.clock.offset_s = 3600.0
        await rig.operations.start()
        await rig.reaches(operation_id, "waiting")
        rig.world.port_up = True
        await rig.emit("port.up", "p1")
        assert await rig.ended(operation_id) == "done"


async def wait_briefly(world: World, run: Run) -> Wait:
    return Wait("port.up", "p1", 0.3, otherwise="the port did not come up")


async def test_a_timeout_still_ends_after_a_restart(tmp_path: Path) -> None:
    definition = create(Step(wait_briefly, "N"))
    world = World()
    async with opened(tmp_path, definition, world=world) as rig:
        operation_id = await rig.submit(definition)
        await rig.reaches(operation_id, "waiting")
    async with opened(tmp_path, definition, world=world) as rig:
        await rig.operations.start()
        assert await rig.ended(operation_id) == "failed"
    assert world.log[-1] == "failed: the port did not come up"


async def test_an_undo_past_the_deadline_is_tried_on(tmp_path: Path) -> None:
    definition = create()
    world = World()
    world.trouble = {"two": Failed("no disk"), "unone": OSError("busy")}
    async with opened(tmp_path, definition, world=world) as rig:
        operation_id = await rig.submit(definition)
        await rig.reaches(operation_id, "blocked")
    async with opened(tmp_path, definition, world=world) as rig:
        rig.clock.offset_s = 3600.0
        await rig.operations.start()
        assert await rig.ended(operation_id) == "failed"
    assert world.log[-3:] == ["unone", "unone", "failed: no disk"]
