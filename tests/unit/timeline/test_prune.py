"""Timelines stay small: bounded events, bounded counts, nothing kept for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from unkai.kit.clock import Clock
from unkai.kit.db import Database, Tx, open_database
from unkai.timeline import model as who
from unkai.timeline.actions.prune import KEPT_S, Prune
from unkai.timeline.actions.read import KEPT_AFTER_S, let_go, read_timeline
from unkai.timeline.actions.record import ACTION_MOST, DETAIL_MOST, event, record
from unkai.timeline.model import Timeline

pytestmark = pytest.mark.anyio


class HandClock(Clock):
    def __init__(self) -> None:
        self.at = 1_000_000_000.0

    def now(self) -> float:
        return self.at


class Kept:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()

    async def happened(self, subject: str, *actions: str, detail: str | None = None) -> None:
        now = self.clock.at
        rows = [
            event(
                subject,
                who.DHCP,
                action,
                started_at=now,
                ended_at=now,
                request_id="",
                detail=detail,
            )
            for action in actions
        ]
        await self.database.transact(lambda tx: record(tx, *rows))

    async def read(self, subject: str) -> Timeline:
        return await read_timeline(self.database.reader, self.clock, subject)

    async def actions(self, subject: str) -> list[str]:
        return [one.action for one in (await self.read(subject)).events]


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Kept]:
    database = await open_database(str(tmp_path / "unkai.db"))
    yield Kept(database)
    await database.close()


async def test_only_a_nodes_newest_events_are_kept(kept: Kept) -> None:
    for subject in ("node/a", "node/b", "server/a"):
        await kept.happened(subject, "1", "2", "3", "4")

    await Prune(kept.database, kept.clock, kept=3).run()

    assert await kept.actions("node/a") == await kept.actions("node/b") == ["2", "3", "4"]
    assert await kept.actions("server/a") == ["1", "2", "3", "4"]


async def test_events_of_a_node_grow_old(kept: Kept) -> None:
    await kept.happened("node/a", "old")
    kept.clock.at += KEPT_S + 1
    await kept.happened("node/a", "new")

    await Prune(kept.database, kept.clock).run()

    assert await kept.actions("node/a") == ["new"]


async def test_runs_come_past_every_node(kept: Kept) -> None:
    subjects = [f"node/{number:03}" for number in range(120)]
    for subject in subjects:
        await kept.happened(subject, "1", "2")
    prune = Prune(kept.database, kept.clock, kept=1)
    for _ in range(3):
        await prune.run()
    assert {len(await kept.actions(subject)) for subject in subjects} == {1}


async def test_what_a_subject_left_behind_goes_after_some_days(kept: Kept) -> None:
    await kept.happened("server/a", "1")

    async def gone(tx: Tx) -> None:
        await let_go(tx, kept.clock, "server/a")

    await kept.database.transact(gone)
    prune = Prune(kept.database, kept.clock)
    await prune.run()
    assert await kept.actions("server/a") == ["1"]
    kept.clock.at += KEPT_AFTER_S + 1
    await prune.run()
    assert await kept.actions("server/a") == []


async def test_an_event_is_short(kept: Kept) -> None:
    await kept.happened("node/a", "x" * 1000, detail="y" * 100_000)
    (found,) = (await kept.read("node/a")).events
    assert len(found.action) == ACTION_MOST
    assert len(found.detail or "") == DETAIL_MOST
