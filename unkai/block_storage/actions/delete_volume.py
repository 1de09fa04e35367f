"""DELETE: the data goes, then the row. It never gives up; an attached volume stays.

With `cascade` its snapshots go first; with `force`, whatever goes on with it stops.
"""

from __future__ import annotations

from unkai.block_storage.actions import work
from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.model import Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import DELETE, DELETING, SNAPSHOT_DELETE, check
from unkai.block_storage.store import keys, snapshots, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.actions.read import let_go
from unkai.timeline.model import CINDER_API


async def delete_volume(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    *,
    cascade: bool = False,
    force: bool = False,
) -> None:
    """BadRequest (code "volume-attached", "volume-status", "volume-has-snapshots")."""
    await block.kit.database.transact(
        lambda tx: admit_delete(block, tx, caller, volume_id, cascade=cascade, force=force)
    )


async def admit_delete(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    volume_id: str,
    *,
    cascade: bool = False,
    force: bool = False,
    from_group: bool = False,
) -> None:
    """The same inside the caller's transaction. from_group: the group goes as well."""
    volume = await own_volume(tx, caller, volume_id)
    if volume.status == DELETING and await block.kit.operations.busy(tx, f"volume/{volume_id}"):
        return
    await _check(tx, volume, force=force, from_group=from_group)
    await _begin_snapshots(block, tx, volume, cascade=cascade, force=force)
    await volumes.change(tx, volume_id, block.kit.clock.now(), status=DELETING)
    await work.submit(
        block,
        tx,
        caller,
        DELETE_VOLUME,
        f"volume/{volume_id}",
        project_id=volume.project_id,
        input={},
        supersede=True,
    )


async def _check(tx: Tx, volume: Volume, *, force: bool, from_group: bool) -> None:
    if await work.is_attached(tx, volume.id):
        raise BadRequest(
            f"Invalid volume: volume {volume.id} is still attached, detach it first.",
            code="volume-attached",
        )
    if not force:
        check(DELETE, "volume", volume.id, volume.status)
    work.check_free(volume)
    if volume.group_id is not None and not from_group:
        raise BadRequest(
            f"Invalid volume: volume {volume.id} is in group {volume.group_id}.",
            code="volume-in-group",
            remedy="Take it out of the group, or delete the group.",
        )


async def _begin_snapshots(
    block: BlockStorage, tx: Tx, volume: Volume, *, cascade: bool, force: bool
) -> None:
    found = await snapshots.of_volume(tx, volume.id)
    if found and not cascade:
        raise BadRequest(
            f"Invalid volume: volume {volume.id} still has {len(found)} dependent snapshots.",
            code="volume-has-snapshots",
            remedy="Delete them first, or ask for a cascade.",
        )
    for snapshot in found:
        if not force:
            check(SNAPSHOT_DELETE, "snapshot", snapshot.id, snapshot.status)
        await snapshots.change(tx, snapshot.id, block.kit.clock.now(), status=DELETING)


async def remove_data(block: BlockStorage, run: Run) -> Result:
    volume_id = run.subject.partition("/")[2]
    driver = await work.driver_of(block, volume_id)
    gone = await volumes.snapshots_of(block.kit.database.reader, volume_id)
    for snapshot_id in gone:
        await driver.delete_snapshot(snapshot_id)
    await driver.delete(volume_id)

    async def write(tx: Tx) -> None:
        for snapshot_id in gone:
            await snapshots.remove(tx, snapshot_id)
        volume = await volumes.find(tx, volume_id)
        await volumes.remove(tx, volume_id)
        if volume is not None and volume.encryption_key_id is not None:
            await keys.remove_unused(tx, volume.encryption_key_id)
        await let_go(tx, block.kit.clock, run.subject)
        await block.kit.events.emit(tx, "volume.deleted", volume_id, {})

    return Result(None, write)


DELETE_VOLUME = Operation("delete-volume", Step(remove_data, CINDER_API), must_finish=True)
