"""Tell the wire what changed, and find what it shows wrongly.

Every write leaves a mark in its own transaction; the marks are taken in batches, their things read
as they are now and applied, and the marks removed. A mark made meanwhile stays. What the driver
refuses is marked no more: it is logged, and comes again with the next change or full comparison.

The comparison looks at both sides at a slow pace; only what differs twice in a row is acted upon,
since a change may be on its way.
"""

from __future__ import annotations

from unkai.kit.db import Tx
from unkai.kit.errors import Unavailable
from unkai.kit.log import log
from unkai.network.actions.load_desired import everything, load_desired
from unkai.network.drivers.base import Ref, Refused
from unkai.network.service import NetworkService
from unkai.network.store import dirty

BATCH = 500
EVERY_S = 5.0
COMPARE_EVERY_S = 60.0


class PutOnWire:
    """One run applies all marks that there are."""

    def __init__(self, network: NetworkService) -> None:
        self._network = network

    async def run(self) -> None:
        while await self._batch():
            pass

    async def _batch(self) -> bool:
        network = self._network
        database = network.kit.database
        marks = await dirty.oldest(database.reader, BATCH)
        if not marks:
            return False
        refs = [Ref(mark.kind, mark.id) for mark in marks]
        objects, removed = await load_desired(database.reader, refs, network.settings.dns_servers)
        try:
            await network.driver.apply(objects, removed)
        except Refused as error:
            log.error("the wire refused objects", reasons=[str(r) for r in error.reasons.items()])
        seqs = [mark.seq for mark in marks]

        async def settle(tx: Tx) -> None:
            await dirty.settle(tx, seqs)

        await database.transact(settle)
        return len(marks) == BATCH


class CompareWire:
    """What the tables and the wire do not agree on; `differences` of the last run."""

    def __init__(self, network: NetworkService) -> None:
        self._network = network
        self._suspects: set[Ref] = set()
        self.differences: set[Ref] = set()

    async def run(self) -> None:
        network = self._network
        database = network.kit.database
        if not (await network.driver.health()).ok:
            raise Unavailable("The network's wire cannot be compared: it is not healthy.")
        wanted = await everything(database.reader)
        differences = wanted ^ network.driver.present()
        seen_twice = differences & self._suspects
        self._suspects = differences - seen_twice
        self.differences = differences
        if not seen_twice:
            return
        log.warning("the wire differs from the tables", count=len(seen_twice))

        async def mark(tx: Tx) -> None:
            await network.changed(tx, *seen_twice)

        await database.transact(mark)


def add_reconcilers(network: NetworkService) -> None:
    """Have the process keep the wire right; woken by every write."""
    from unkai.network.reconcilers.follow_ports import FollowPorts

    reconcilers = network.kit.reconcilers
    putting = reconcilers.add("network-wire", PutOnWire(network).run, EVERY_S)
    network.wakers.append(putting.wake)
    reconcilers.add("network-compare", CompareWire(network).run, COMPARE_EVERY_S)
    following = FollowPorts(network)
    reconciler = reconcilers.add("network-ports", following.run, COMPARE_EVERY_S)
    following.watch(reconciler.wake)
