"""DELETE of a snapshot; volumes that were made of it stay whole."""

from __future__ import annotations

from unkai.block_storage.actions import work
from unkai.block_storage.actions.find import own_snapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import DELETING, SNAPSHOT_DELETE, check
from unkai.block_storage.store import snapshots, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.actions.read import let_go
from unkai.timeline.model import CINDER_API


async def delete_snapshot(
    block: BlockStorage, caller: Caller, snapshot_id: str, *, force: bool = False
) -> None:
    """BadRequest (code "volume-status", "snapshot-in-group")."""
    await block.kit.database.transact(
        lambda tx: admit_delete(block, tx, caller, snapshot_id, force=force)
    )


async def admit_delete(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    snapshot_id: str,
    *,
    force: bool = False,
    from_group: bool = False,
) -> None:
    """The same inside the caller's transaction. from_group: the group's snapshot goes as well."""
    snapshot = await own_snapshot(tx, caller, snapshot_id)
    subject = f"snapshot/{snapshot_id}"
    if snapshot.status == DELETING and await block.kit.operations.busy(tx, subject):
        return
    if not force:
        check(SNAPSHOT_DELETE, "snapshot", snapshot_id, snapshot.status)
    if snapshot.group_snapshot_id is not None and not from_group:
        raise BadRequest(
            f"Invalid snapshot: it is part of group snapshot {snapshot.group_snapshot_id}.",
            code="snapshot-in-group",
            remedy="Delete that one.",
        )
    await snapshots.change(tx, snapshot_id, block.kit.clock.now(), status=DELETING)
    await work.submit(
        block,
        tx,
        caller,
        DELETE_SNAPSHOT,
        subject,
        project_id=snapshot.project_id,
        input={"volume_id": snapshot.volume_id},
        supersede=True,
    )


async def remove_frozen(block: BlockStorage, run: Run) -> Result:
    snapshot_id, volume_id = run.subject.partition("/")[2], run.input["volume_id"]
    if await volumes.find(block.kit.database.reader, volume_id) is not None:
        await work.hold(block, volume_id, run)
    await (await work.driver_of(block, volume_id)).delete_snapshot(snapshot_id)

    async def write(tx: Tx) -> None:
        await volumes.let_go(tx, volume_id, run.subject)
        await snapshots.remove(tx, snapshot_id)
        await let_go(tx, block.kit.clock, run.subject)
        await block.kit.events.emit(tx, "snapshot.deleted", snapshot_id, {})

    return Result(None, write)


DELETE_SNAPSHOT = Operation("delete-snapshot", Step(remove_frozen, CINDER_API), must_finish=True)
