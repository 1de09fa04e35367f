"""A snapshot of each volume of a group, and of group types what is said of them."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.create_snapshot import SnapshotRequest, admit_snapshot
from unkai.block_storage.actions.delete_snapshot import admit_delete
from unkai.block_storage.actions.groups import LOOK_AGAIN_S, own_group
from unkai.block_storage.model import GroupSnapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, CREATING, DELETING, ERROR
from unkai.block_storage.store import groups, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


async def get_snapshot(session: Session, caller: Caller, snapshot_id: str) -> GroupSnapshot:
    found = await groups.find_snapshot(session, snapshot_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(f"Group snapshot {snapshot_id} could not be found.")
    return found


async def own_snapshot(session: Session, caller: Caller, snapshot_id: str) -> GroupSnapshot:
    found = await get_snapshot(session, caller, snapshot_id)
    if not caller.may_touch(found.project_id):
        raise Forbidden(f"Group snapshot {snapshot_id} is another project's.", code="not-owned")
    return found


async def create_snapshot(
    block: BlockStorage, caller: Caller, group_id: str, **values: Any
) -> GroupSnapshot:
    """values: name, description. BadRequest for an empty group."""

    async def write(tx: Tx) -> GroupSnapshot:
        group = await own_group(tx, caller, group_id)
        inside = await volumes.of_group(tx, group_id)
        if group.status != AVAILABLE or not inside:
            raise BadRequest(
                f"Invalid group: {group_id} has no volumes or is not available.",
                code="group-status",
            )
        made = GroupSnapshot(
            id=block.kit.chance.uuid(),
            group_id=group_id,
            group_type_id=group.group_type_id,
            project_id=group.project_id,
            user_id=caller.user_id,
            status=CREATING,
            created_at=block.kit.clock.now(),
            **values,
        )
        await groups.add_snapshot(tx, made)
        for volume in inside:
            request = SnapshotRequest(
                volume_id=volume.id,
                name=made.name,
                attached=True,
                group_snapshot_id=made.id,
            )
            await admit_snapshot(block, tx, caller, request)
        await _submit(block, tx, caller, FILL_GROUP_SNAPSHOT, made)
        return made

    return await block.kit.database.transact(write)


async def delete_snapshot(block: BlockStorage, caller: Caller, snapshot_id: str) -> None:
    async def write(tx: Tx) -> None:
        found = await own_snapshot(tx, caller, snapshot_id)
        if found.status not in (AVAILABLE, ERROR):
            raise BadRequest(f"Invalid group snapshot: {snapshot_id} is {found.status}.")
        for one, _, _ in await groups.members(tx, snapshot_id):
            await admit_delete(block, tx, caller, one, from_group=True)
        await groups.change_snapshot(tx, snapshot_id, status=DELETING)
        await _submit(block, tx, caller, DELETE_GROUP_SNAPSHOT, found)

    await block.kit.database.transact(write)


async def reset_snapshot(
    block: BlockStorage, caller: Caller, snapshot_id: str, status: str
) -> None:
    async def write(tx: Tx) -> None:
        await own_snapshot(tx, caller, snapshot_id)
        await groups.change_snapshot(tx, snapshot_id, status=status)

    await block.kit.database.transact(write)


async def _submit(
    block: BlockStorage, tx: Tx, caller: Caller, operation: Operation, of: GroupSnapshot
) -> None:
    await work.submit(
        block,
        tx,
        caller,
        operation,
        f"group_snapshot/{of.id}",
        project_id=of.project_id,
        input={},
        supersede=True,
    )


async def await_snapshots(block: BlockStorage, run: Run) -> Result:
    snapshot_id = run.subject.partition("/")[2]
    found = await groups.members(block.kit.database.reader, snapshot_id)
    states = {status for _, _, status in found}
    if CREATING in states:
        raise Retry("its snapshots are being made", LOOK_AGAIN_S)
    status = ERROR if ERROR in states else AVAILABLE
    return Result(None, lambda tx: groups.change_snapshot(tx, snapshot_id, status=status))


async def await_emptiness(block: BlockStorage, run: Run) -> Result:
    snapshot_id = run.subject.partition("/")[2]
    if await groups.members(block.kit.database.reader, snapshot_id):
        raise Retry("its snapshots are being deleted", LOOK_AGAIN_S)
    return Result(None, lambda tx: groups.remove_snapshot(tx, snapshot_id))


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await groups.change_snapshot(tx, run.subject.partition("/")[2], status=ERROR)


FILL_GROUP_SNAPSHOT = Operation(
    "fill-group-snapshot", Step(await_snapshots, CINDER_API), failed=_failed
)
DELETE_GROUP_SNAPSHOT = Operation(
    "delete-group-snapshot", Step(await_emptiness, CINDER_API), must_finish=True
)
