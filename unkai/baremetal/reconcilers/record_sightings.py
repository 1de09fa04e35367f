"""Packets, files and requests of machines, written to their nodes' timelines in small batches.

What an unknown machine did is kept for a while, within bounds: if it becomes a node, it is the
beginning of that node's timeline.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from unkai.baremetal.drivers.provisioning.base import Sighting
from unkai.baremetal.store.ports import ports_with
from unkai.kit.db import Database, Tx
from unkai.kit.log import log
from unkai.timeline.actions.record import event, record

BATCH: Final = 200
KEPT: Final = 10_000
UNKNOWN_MACHINES: Final = 200
UNKNOWN_SIGHTINGS: Final = 100
"""Of each unknown machine, the newest."""
ACTION_LENGTH: Final = 128


class RecordSightings:
    """`note` is the drivers' recorder; what comes while nobody writes is kept up to a bound."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[Sighting] = deque(maxlen=KEPT)
        self._unknown: dict[str, deque[Sighting]] = {}
        self.wake: Callable[[], None] = _nobody

    def note(self, sighting: Sighting) -> None:
        self._waiting.append(sighting)
        self.wake()

    async def run(self) -> None:
        await self._recognize()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._write(batch)
            except BaseException:
                self._waiting.extendleft(reversed(batch))
                raise

    async def _recognize(self) -> None:
        """Whoever has a port by now is unknown no more."""
        if not self._unknown:
            return
        found = await ports_with(self._database.reader, sorted(self._unknown))
        for mac in {port.address for port in found} & self._unknown.keys():
            self._waiting.extendleft(reversed(self._unknown.pop(mac)))

    def _keep(self, sighting: Sighting) -> None:
        seen = self._unknown.pop(sighting.mac, None)
        if seen is None:
            log.info("baremetal.unknown_machine", mac=sighting.mac)
            seen = deque[Sighting](maxlen=UNKNOWN_SIGHTINGS)
        seen.append(sighting)
        self._unknown[sighting.mac] = seen  # the last of them is who was seen last
        while len(self._unknown) > UNKNOWN_MACHINES:
            self._unknown.pop(next(iter(self._unknown)))

    async def _write(self, batch: list[Sighting]) -> None:
        macs = sorted({one.mac for one in batch if one.mac and not one.node_id})
        found = await ports_with(self._database.reader, macs) if macs else ()
        nodes = {port.address: port.node_uuid for port in found}
        rows = [
            event(
                f"node/{node_id}",
                one.participant,
                one.action[:ACTION_LENGTH],
                started_at=one.at,
                ended_at=one.at if one.ended_at is None else one.ended_at,
                request_id="",
                outcome="ok" if one.ok else "failed",
                detail=one.detail,
            )
            for one in batch
            if (node_id := one.node_id or nodes.get(one.mac, ""))
        ]
        for one in batch:
            if one.mac and not one.node_id and one.mac not in nodes:
                self._keep(one)
        if not rows:
            return

        async def write(tx: Tx) -> None:
            await record(tx, *rows)

        await self._database.transact(write)


def _nobody() -> None:
    """Until the reconciler runs."""
