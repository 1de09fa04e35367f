"""Data that no volume and no snapshot owns is removed: seen twice, and while nothing is made."""

from __future__ import annotations

from unkai.block_storage.drivers.base import VolumeDriver
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import snapshots, volumes
from unkai.kit.errors import Unavailable
from unkai.kit.log import log

FAMILIES = ("volume", "snapshot", "backup")


class RemoveOrphans:
    """Remembers what the last run saw: what is still there without an owner goes."""

    def __init__(self, block: BlockStorage) -> None:
        self._block = block
        self._suspects: set[tuple[str, str, str]] = set()

    async def run(self) -> None:
        block, session = self._block, self._block.kit.database.reader
        found: set[tuple[str, str, str]] = set()
        for place, driver in block.drivers.items():
            found |= await self._orphans(place, driver)
        for family in FAMILIES:
            if await block.kit.operations.held(session, family):
                self._suspects = found
                return
        for place, kind, name in sorted(found & self._suspects):
            await self._remove(place, kind, name)
            log.info("orphaned volume data removed", backend=place, kind=kind, name=name)
        self._suspects = found - self._suspects

    async def _orphans(self, place: str, driver: VolumeDriver) -> set[tuple[str, str, str]]:
        """What a volume that is there has on another backend than its own is not among them."""
        session = self._block.kit.database.reader
        try:
            census = await driver.census()
        except Unavailable as fault:
            log.warning("a backend does not answer", backend=place, why=fault.message)
            return set()
        named = {
            "volume": census.volumes - await volumes.ids(session),
            "snapshot": census.snapshots - await snapshots.ids(session),
            "file": census.strays,
        }
        return {(place, kind, one) for kind, names in named.items() for one in names}

    async def _remove(self, place: str, kind: str, name: str) -> None:
        driver = self._block.drivers[place]
        if kind == "volume":
            await driver.delete(name)
        elif kind == "snapshot":
            await driver.delete_snapshot(name)
        else:
            await driver.tidy(frozenset({name}))
