"""Exports as the tables have them: served again after any death, ended where nobody needs them."""

from __future__ import annotations

from unkai.block_storage.actions.attach_volume import connection_of
from unkai.block_storage.model import Export
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import exports
from unkai.kit.errors import Fault
from unkai.kit.log import log


class KeepExports:
    def __init__(self, block: BlockStorage) -> None:
        self._block = block

    async def run(self) -> None:
        block, session = self._block, self._block.kit.database.reader
        # In this order: a row is there before anything of its export is.
        present = await block.exports.present()
        wanted = {one.volume_id: one for one in await exports.listed(session)}
        for volume_id in set(present) - set(wanted):
            log.info("an export that nobody needs is ended", volume=volume_id)
            await block.exports.close(volume_id)
        for volume_id, export in wanted.items():
            try:
                connection = await connection_of(block, volume_id, read_only=export.read_only)
                await block.exports.open(export, connection)
                await self._check(export)
            except Fault as fault:
                log.warning("a volume is not served", volume=volume_id, why=fault.message)

    async def _check(self, export: Export) -> None:
        """It may have lost its right to be there while it was being served."""
        block = self._block
        if await exports.find(block.kit.database.reader, export.volume_id) != export:
            await block.exports.close(export.volume_id)
            for wake in block.export_wakers:
                wake()
