"""Data that no volume and no snapshot owns is removed: seen twice, and while nothing is made."""

from __future__ import annotations

from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import snapshots, volumes
from unkai.kit.log import log

FAMILIES = ("volume", "snapshot", "backup")


class RemoveOrphans:
    """Remembers what the last run saw: what is still there without an owner goes."""

    def __init__(self, block: BlockStorage) -> None:
        self._block = block
        self._suspects: set[tuple[str, str]] = set()

    async def run(self) -> None:
        block, session = self._block, self._block.kit.database.reader
        census = await block.driver.census()
        found = {("volume", one) for one in census.volumes - await volumes.ids(session)}
        found |= {("snapshot", one) for one in census.snapshots - await snapshots.ids(session)}
        found |= {("file", one) for one in census.strays}
        for family in FAMILIES:
            if await block.kit.operations.held(session, family):
                self._suspects = found
                return
        for kind, name in sorted(found & self._suspects):
            await self._remove(kind, name)
            log.info("orphaned volume data removed", kind=kind, name=name)
        self._suspects = found - self._suspects

    async def _remove(self, kind: str, name: str) -> None:
        driver = self._block.driver
        if kind == "volume":
            await driver.delete(name)
        elif kind == "snapshot":
            await driver.delete_snapshot(name)
        else:
            await driver.tidy(frozenset({name}))
