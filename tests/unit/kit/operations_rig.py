"""Operations on a world that outlives them: what tests of the runner share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.databases import with_tables
from unkai.kit.clock import Chance, Clock
from unkai.kit.db import Database, Tx, open_database
from unkai.kit.events import Events
from unkai.kit.operations import (
    Operation,
    Operations,
    Result,
    Run,
    Step,
    StepObserver,
    Wait,
)


class ShiftedClock(Clock):
    """The machine's clock, ahead by `offset_s`."""

    def __init__(self) -> None:
        self.offset_s = 0.0

    def now(self) -> float:
        return super().now() + self.offset_s


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
    if "mark_failed" in world.trouble:
        raise world.trouble.pop("mark_failed")
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
    def __init__(
        self,
        database: Database,
        world: World | None = None,
        *,
        sole: bool = True,
        observer: StepObserver | None = None,
    ) -> None:
        self.database = database
        self.world = world or World()
        self.clock = ShiftedClock()
        self.events = Events(database, self.clock)
        self.operations = Operations(
            database, self.clock, Chance(), self.events, sole=sole, observer=observer
        )

    def register(self, *definitions: Operation) -> None:
        for definition in definitions:
            self.operations.register(definition, self.world)

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

    async def reaches(self, operation_id: str, *states: str) -> str:
        async def there() -> bool:
            return await self.state(operation_id) in states

        await self.until(there)
        return await self.state(operation_id)

    async def emit(self, name: str, key: str) -> None:
        await self.database.transact(lambda tx: self.events.emit(tx, name, key))

    async def ended(self, operation_id: str) -> str:
        return await self.reaches(operation_id, "done", "failed", "cancelled")

    async def stop(self) -> None:
        await self.operations.stop()
        await self.database.close()


@asynccontextmanager
async def opened(
    folder: Path, *definitions: Operation, world: World | None = None
) -> AsyncGenerator[Rig]:
    """A process on the database in `folder`: stopped where it is at the end, like a crash."""
    rig = Rig(await open_database(with_tables(str(folder / "db"))), world)
    rig.register(*definitions)
    try:
        yield rig
    finally:
        await rig.stop()
