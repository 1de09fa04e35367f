"""Who looks at a timeline again and again asks for what is new, and misses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from unkai.kit.clock import Clock
from unkai.kit.db import Database, open_database
from unkai.timeline import model as who
from unkai.timeline.actions.read import LATE_S, TimelineReader, read_timeline
from unkai.timeline.actions.record import event
from unkai.timeline.store.schema import timeline_events as table

pytestmark = pytest.mark.anyio
SUBJECT = "node/a"


class HandClock(Clock):
    at = 1_000_000_000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Rig:
    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, HandClock()
        self.reader = TimelineReader(database.reader, self.clock)

    async def write(self, statement: Any) -> None:
        await self.database.transact(lambda tx: tx.execute(statement))

    async def happened(self, id: int, action: str, *, ended: bool = True) -> None:
        row = event(
            SUBJECT,
            who.DHCP,
            action,
            started_at=self.clock.at,
            ended_at=self.clock.at if ended else None,
            outcome="ok" if ended else None,
            request_id="",
        )
        await self.write(insert(table).values(id=id, **row))

    async def actions(self) -> list[str]:
        return [one.action for one in (await self.reader.read(SUBJECT)).events]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    database = await open_database(str(tmp_path / "unkai.db"))
    yield Rig(database)
    await database.close()


async def test_what_has_ended_is_not_asked_for_again(rig: Rig) -> None:
    await rig.happened(1, "old")
    assert await rig.actions() == ["old"]
    rig.clock.at += LATE_S
    await rig.write(update(table).values(action="never written like this"))
    await rig.happened(2, "new")

    assert await rig.actions() == ["old", "new"]


async def test_what_goes_on_is_seen_to_end(rig: Rig) -> None:
    await rig.happened(1, "long", ended=False)
    await rig.happened(2, "short")
    first = await rig.reader.read(SUBJECT)
    assert [one.action for one in first.awaited] == ["long"]
    rig.clock.at += 60
    assert (await rig.reader.read(SUBJECT)).awaited[0].for_s == 60

    await rig.write(update(table).where(table.c.id == 1).values(ended_at=rig.clock.at))

    again = await rig.reader.read(SUBJECT)
    assert again.awaited == ()
    assert again == await read_timeline(rig.database.reader, rig.clock, SUBJECT)


async def test_an_event_that_comes_late_is_seen(rig: Rig) -> None:
    """PostgreSQL gave it its id before the other's, and committed it after."""
    await rig.happened(2, "quick")
    assert await rig.actions() == ["quick"]
    rig.clock.at += LATE_S / 2
    await rig.happened(1, "slow")

    assert await rig.actions() == ["quick", "slow"]
