"""What of a snapshot is only words: name, metadata, what an administrator or an agent says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.block_storage.actions.find import own_snapshot
from unkai.block_storage.actions.update_volume import Change
from unkai.block_storage.model import Snapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import SNAPSHOT_REPORT
from unkai.block_storage.store import snapshots
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller


async def update_snapshot(
    block: BlockStorage, caller: Caller, snapshot_id: str, **values: Any
) -> Snapshot:
    async def write(tx: Tx) -> Snapshot:
        await own_snapshot(tx, caller, snapshot_id)
        given = dict(values)
        said: Mapping[str, str] | None = given.pop("metadata", None)
        if said is not None:
            await snapshots.set_metadata(tx, snapshot_id, said)
        await snapshots.change(tx, snapshot_id, block.kit.clock.now(), **given)
        return await own_snapshot(tx, caller, snapshot_id)

    return await block.kit.database.transact(write)


async def change_metadata(
    block: BlockStorage,
    caller: Caller,
    snapshot_id: str,
    change: Change,
) -> dict[str, str]:
    async def write(tx: Tx) -> dict[str, str]:
        said = change(dict((await own_snapshot(tx, caller, snapshot_id)).metadata))
        await snapshots.set_metadata(tx, snapshot_id, said)
        await snapshots.change(tx, snapshot_id, block.kit.clock.now())
        return said

    return await block.kit.database.transact(write)


async def report_status(
    block: BlockStorage, caller: Caller, snapshot_id: str, status: str, progress: str | None
) -> None:
    """What a host tells of a snapshot it makes or removes."""

    async def write(tx: Tx) -> None:
        found = await own_snapshot(tx, caller, snapshot_id)
        allowed = SNAPSHOT_REPORT.get(found.status, frozenset[str]())
        if status not in allowed:
            raise BadRequest(
                f"Invalid snapshot: its status {found.status} does not become {status}.",
                code="volume-status",
            )
        values = {"status": status} | ({"progress": progress} if progress else {})
        await snapshots.change(tx, snapshot_id, block.kit.clock.now(), **values)

    await block.kit.database.transact(write)
