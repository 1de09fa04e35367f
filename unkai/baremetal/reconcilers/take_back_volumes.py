"""Volumes of nodes that were deleted in the middle of their life: free again."""

from __future__ import annotations

from collections.abc import Collection

from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import states_of_nodes


class TakeBackVolumes:
    def __init__(self, baremetal: Baremetal) -> None:
        self._baremetal = baremetal

    async def run(self) -> None:
        for storage in self._baremetal.drivers.storage.values():
            await storage.take_back(self._nodes)

    async def _nodes(self) -> Collection[str]:
        return (await states_of_nodes(self._baremetal.kit.database.reader)).keys()
