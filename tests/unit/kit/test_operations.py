"""The runner: steps in order, undo backwards, waits, cancels, crashes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.kit.operations_rig import Rig, World, create, opened, three, wait_port
from unkai.kit.errors import Conflict, Failed
from unkai.kit.operations import Operation, Retry, Run, Step

pytestmark = pytest.mark.anyio


@pytest.fixture
async def rig(tmp_path: Path):
    async with opened(tmp_path) as rig:
        yield rig


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


async def test_a_peer_at_work_is_asked_again_at_an_even_pace(rig: Rig) -> None:
    """Pauses that doubled would add up to 19 s here."""
    asked: list[int] = []

    async def until_done(_world: World, _run: Run) -> None:
        asked.append(1)
        if len(asked) < 12:
            raise Retry("the peer works", 0.05, until=("peer.changed", "p1"))

    definition = Operation("watch", Step(until_done, "A"))
    rig.operations.register(definition, rig.world)
    await rig.operations.start()

    assert await rig.ended(await rig.submit(definition)) == "done"
    assert len(asked) == 12


@pytest.mark.parametrize("early", [False, True], ids=["while asleep", "while it is asked"])
async def test_a_peer_at_work_ends_the_pause(rig: Rig, *, early: bool) -> None:
    asked: list[int] = []

    async def until_done(_world: World, _run: Run) -> None:
        asked.append(1)
        if len(asked) == 1:
            if early:
                await rig.emit("peer.changed", "p1")
            raise Retry("the peer works", 60.0, until=("peer.changed", "p1"))

    definition = Operation("watch", Step(until_done, "A"))
    rig.operations.register(definition, rig.world)
    await rig.operations.start()
    run_id = await rig.submit(definition)
    if not early:
        await rig.reaches(run_id, "waiting")
        await rig.emit("peer.changed", "p1")

    assert await rig.ended(run_id) == "done"
    assert len(asked) == 2
