"""What is kept of timelines: a gone subject's for some days, a node's newest events.

A server ends one day and its events with it; a machine stays for years, so its timeline is bounded
by count and by age. A run looks at a few subjects and goes on from there the next time: nothing
here ever reads the whole table.
"""

from __future__ import annotations

from unkai.kit.clock import Clock
from unkai.kit.db import Database, Tx
from unkai.timeline.store import events

NODES, BEYOND_NODES = "node/", "node0"
"""Subjects of nodes sort between the two."""
KEPT_EVENTS = 2000
KEPT_S = 90 * 86400.0
SUBJECTS_A_RUN = 50


class Prune:
    """Remembers how far it came. kept: events of a node."""

    def __init__(self, database: Database, clock: Clock, kept: int = KEPT_EVENTS) -> None:
        self._database, self._clock, self._kept = database, clock, kept
        self._last = NODES

    async def run(self) -> None:
        now = self._clock.now()
        reader = self._database.reader
        found = await events.subjects_after(reader, self._last, BEYOND_NODES, SUBJECTS_A_RUN)
        self._last = found[-1] if len(found) == SUBJECTS_A_RUN else NODES

        async def write(tx: Tx) -> None:
            await events.delete_expired(tx, now)
            for subject in found:
                await events.delete_oldest(tx, subject, keep=self._kept, before=now - KEPT_S)

        await self._database.transact(write)
