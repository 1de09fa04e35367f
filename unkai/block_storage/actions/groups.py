"""Groups: volumes that are frozen, copied and deleted with one request.

A group has no data of its own: each verb admits the work on every volume in one transaction, and
an operation of the group's waits until all of it has come to its end.
"""

from __future__ import annotations

from collections.abc import Collection

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.create_volume import VolumeRequest, admit_volume
from unkai.block_storage.actions.delete_volume import admit_delete
from unkai.block_storage.actions.find import get_type, own_volume, project_of
from unkai.block_storage.model import Group
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, CREATING, DELETING, ERROR, IN_USE
from unkai.block_storage.store import groups, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API

LOOK_AGAIN_S = 0.3
DELETABLE = frozenset({AVAILABLE, ERROR})


async def get_group(session: Session, caller: Caller, group_id: str) -> Group:
    found = await groups.find(session, group_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(f"Group {group_id} could not be found.", code="group-not-found")
    return found


async def own_group(session: Session, caller: Caller, group_id: str) -> Group:
    found = await get_group(session, caller, group_id)
    if not caller.may_touch(found.project_id):
        raise Forbidden(f"Group {group_id} belongs to another project.", code="not-owned")
    return found


async def create_group(
    block: BlockStorage,
    caller: Caller,
    *,
    group_type: str,
    volume_types: Collection[str],
    name: str | None,
    description: str | None,
) -> Group:
    """An empty group for volumes of these types."""

    async def write(tx: Tx) -> Group:
        project_id = project_of(caller)
        kind = await groups.find_type(tx, group_type)
        if kind is None or not (kind.is_public or caller.reads_all):
            raise NotFound(f"Group type {group_type} could not be found.")
        of = [(await get_type(tx, caller, one, named=True)).id for one in volume_types]
        await check_quota(tx, project_id, {"groups": 1})
        made = Group(
            id=block.kit.chance.uuid(),
            project_id=project_id,
            user_id=caller.user_id,
            status=AVAILABLE,
            group_type_id=kind.id,
            volume_type_ids=sorted(set(of)),
            name=name,
            description=description,
            created_at=block.kit.clock.now(),
        )
        await groups.add(tx, made)
        return made

    return await block.kit.database.transact(write)


async def copy_group(
    block: BlockStorage,
    caller: Caller,
    *,
    group_snapshot_id: str | None,
    source_group_id: str | None,
    name: str | None,
    description: str | None,
) -> Group:
    """A group with a copy of each volume, of a group or of its snapshot."""

    async def write(tx: Tx) -> Group:
        frozen = await groups.find_snapshot(tx, group_snapshot_id) if group_snapshot_id else None
        origin_id = frozen.group_id if frozen else source_group_id
        origin = await own_group(tx, caller, origin_id or group_snapshot_id or "")
        await check_quota(tx, project_of(caller), {"groups": 1})
        made = Group(
            id=block.kit.chance.uuid(),
            project_id=project_of(caller),
            user_id=caller.user_id,
            status=CREATING,
            group_type_id=origin.group_type_id,
            volume_type_ids=origin.volume_type_ids,
            name=name,
            description=description,
            group_snapshot_id=group_snapshot_id,
            source_group_id=source_group_id,
            created_at=block.kit.clock.now(),
        )
        await groups.add(tx, made)
        for request in await _copies(tx, frozen.id if frozen else None, origin, made):
            await admit_volume(block, tx, caller, request)
        await work.submit(
            block,
            tx,
            caller,
            FILL_GROUP,
            f"group/{made.id}",
            project_id=made.project_id,
            input={},
        )
        return made

    return await block.kit.database.transact(write)


async def _copies(
    session: Session, frozen_id: str | None, origin: Group, made: Group
) -> list[VolumeRequest]:
    if frozen_id is None:
        return [
            VolumeRequest(name=one.name, source_volid=one.id, group_id=made.id)
            for one in await volumes.of_group(session, origin.id)
        ]
    return [
        VolumeRequest(snapshot_id=snapshot_id, group_id=made.id)
        for snapshot_id, _, _ in await groups.members(session, frozen_id)
    ]


async def update_group(
    block: BlockStorage,
    caller: Caller,
    group_id: str,
    *,
    add: Collection[str],
    remove: Collection[str],
    **values: str | None,
) -> Group:
    """values: name, description."""

    async def write(tx: Tx) -> Group:
        found = await own_group(tx, caller, group_id)
        if found.status != AVAILABLE:
            raise BadRequest(f"Invalid group: {group_id} is {found.status}, not available.")
        now = block.kit.clock.now()
        for volume_id in add:
            volume = await own_volume(tx, caller, volume_id)
            check_member(found, volume.project_id, volume.volume_type_id)
            if volume.group_id not in (None, group_id) or volume.status not in (AVAILABLE, IN_USE):
                raise BadRequest(f"Invalid volume: {volume_id} cannot join group {group_id}.")
            await volumes.change(tx, volume_id, now, group_id=group_id)
        for volume_id in remove:
            volume = await own_volume(tx, caller, volume_id)
            if volume.group_id != group_id:
                raise BadRequest(f"Invalid volume: {volume_id} is not in group {group_id}.")
            await volumes.change(tx, volume_id, now, group_id=None)
        if values:
            await groups.change(tx, group_id, **values)
        return await own_group(tx, caller, group_id)

    return await block.kit.database.transact(write)


def check_member(group: Group, project_id: str, volume_type_id: str | None) -> None:
    """BadRequest for a volume that cannot be in the group."""
    if group.project_id != project_id or volume_type_id not in group.volume_type_ids:
        raise BadRequest(
            f"Invalid volume: its type is none of those of group {group.id}.", code="group-type"
        )


async def delete_group(
    block: BlockStorage, caller: Caller, group_id: str, *, with_volumes: bool
) -> None:
    """BadRequest while it has snapshots, or volumes that are not to go with it."""

    async def write(tx: Tx) -> None:
        found = await own_group(tx, caller, group_id)
        inside = await volumes.of_group(tx, group_id)
        if found.status not in DELETABLE:
            raise BadRequest(f"Invalid group: {group_id} is {found.status}.", code="group-status")
        if await groups.snapshots_of(tx, group_id):
            raise BadRequest(f"Invalid group: {group_id} has snapshots.", code="group-in-use")
        if inside and not with_volumes:
            raise BadRequest(
                f"Invalid group: {group_id} is not empty.",
                code="group-in-use",
                remedy="Set delete-volumes to delete them as well.",
            )
        for volume in inside:
            await admit_delete(block, tx, caller, volume.id, from_group=True)
        await groups.change(tx, group_id, status=DELETING)
        await work.submit(
            block,
            tx,
            caller,
            DELETE_GROUP,
            f"group/{group_id}",
            project_id=found.project_id,
            input={},
            supersede=True,
        )

    await block.kit.database.transact(write)


async def reset_group(block: BlockStorage, caller: Caller, group_id: str, status: str) -> None:
    async def write(tx: Tx) -> None:
        await own_group(tx, caller, group_id)
        await groups.change(tx, group_id, status=status)

    await block.kit.database.transact(write)


async def await_volumes(block: BlockStorage, run: Run) -> Result:
    group_id = run.subject.partition("/")[2]
    inside = await volumes.of_group(block.kit.database.reader, group_id)
    if any(one.status == CREATING for one in inside):
        raise Retry("its volumes are being made", LOOK_AGAIN_S)
    status = ERROR if any(one.status == ERROR for one in inside) else AVAILABLE
    return Result(None, lambda tx: groups.change(tx, group_id, status=status))


async def await_emptiness(block: BlockStorage, run: Run) -> Result:
    group_id = run.subject.partition("/")[2]
    if await volumes.of_group(block.kit.database.reader, group_id):
        raise Retry("its volumes are being deleted", LOOK_AGAIN_S)
    return Result(None, lambda tx: groups.remove(tx, group_id))


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await groups.change(tx, run.subject.partition("/")[2], status=ERROR)


FILL_GROUP = Operation("fill-group", Step(await_volumes, CINDER_API), failed=_failed)
DELETE_GROUP = Operation("delete-group", Step(await_emptiness, CINDER_API), must_finish=True)
