"""Snapshots that the service is given charge of, and gives up: the data stays with its volume."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.encryption import check_clear
from unkai.block_storage.actions.find import own_snapshot, own_volume
from unkai.block_storage.drivers.base import KEPT_SNAPSHOT
from unkai.block_storage.model import GIB, Snapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, CREATING, ERROR, SNAPSHOT_DELETE, check
from unkai.block_storage.store import snapshots, types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.actions.read import let_go
from unkai.timeline.model import CINDER_API


async def manage_snapshot(
    block: BlockStorage, caller: Caller, volume_id: str, name_there: str, **values: Any
) -> Snapshot:
    """values: name, description, metadata. BadRequest for what the volume has not."""
    driver = await work.driver_of(block, volume_id)
    found = (await driver.census()).kept_snapshots.get(name_there)

    async def admit(tx: Tx) -> Snapshot:
        volume = await own_volume(tx, caller, volume_id)
        if found is None or found.volume_id != volume.id:
            raise BadRequest(
                f"Volume {volume.id} has no snapshot called {name_there[:80]} to manage.",
                code="not-manageable",
            )
        kind = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        size = -(-found.size // GIB)
        more = {"snapshots": 1, "gigabytes": size}
        await check_quota(tx, volume.project_id, more, kind.name if kind else None)
        made = Snapshot(
            id=block.kit.chance.uuid(),
            volume_id=volume.id,
            project_id=volume.project_id,
            user_id=caller.user_id,
            size=size,
            status=CREATING,
            created_at=block.kit.clock.now(),
            **values,
        )
        await snapshots.add(tx, made)
        await work.submit(
            block,
            tx,
            caller,
            MANAGE_SNAPSHOT,
            f"snapshot/{made.id}",
            project_id=volume.project_id,
            input={"name": name_there, "volume_id": volume.id},
        )
        return made

    return await block.kit.database.transact(admit)


async def unmanage_snapshot(block: BlockStorage, caller: Caller, snapshot_id: str) -> None:
    async def admit(tx: Tx) -> None:
        snapshot = await own_snapshot(tx, caller, snapshot_id)
        check(SNAPSHOT_DELETE, "snapshot", snapshot_id, snapshot.status)
        if snapshot.group_snapshot_id is not None:
            raise BadRequest(
                f"Invalid snapshot: it is part of group snapshot {snapshot.group_snapshot_id}.",
                code="snapshot-in-group",
            )
        volume = await volumes.find(tx, snapshot.volume_id)
        assert volume is not None, "a volume with snapshots stays"
        check_clear(volume, "its key would be unknown to who takes the snapshot")
        await snapshots.change(tx, snapshot_id, block.kit.clock.now(), status="unmanaging")
        await work.submit(
            block,
            tx,
            caller,
            UNMANAGE_SNAPSHOT,
            f"snapshot/{snapshot_id}",
            project_id=snapshot.project_id,
            input={"volume_id": volume.id},
        )

    await block.kit.database.transact(admit)


async def adopt(block: BlockStorage, run: Run) -> Result:
    snapshot_id, volume_id = run.subject.partition("/")[2], run.input["volume_id"]
    await work.hold(block, volume_id, run)
    driver = await work.driver_of(block, volume_id)
    await driver.rename_snapshot(run.input["name"], snapshot_id)

    async def write(tx: Tx) -> None:
        await volumes.let_go(tx, volume_id, run.subject)
        at = block.kit.clock.now()
        await snapshots.change(tx, snapshot_id, at, status=AVAILABLE, progress="100%")
        await block.kit.events.emit(tx, "snapshot.settled", snapshot_id, {"status": AVAILABLE})

    return Result(None, write)


async def abandon(block: BlockStorage, run: Run) -> Result:
    snapshot_id, volume_id = run.subject.partition("/")[2], run.input["volume_id"]
    await work.hold(block, volume_id, run)
    driver = await work.driver_of(block, volume_id)
    await driver.rename_snapshot(snapshot_id, f"{KEPT_SNAPSHOT}{snapshot_id}")

    async def write(tx: Tx) -> None:
        await volumes.let_go(tx, volume_id, run.subject)
        await snapshots.remove(tx, snapshot_id)
        await let_go(tx, block.kit.clock, run.subject)

    return Result(None, write)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    snapshot_id = run.subject.partition("/")[2]
    await volumes.let_go(tx, run.input["volume_id"], run.subject)
    await snapshots.change(tx, snapshot_id, block.kit.clock.now(), status=ERROR)
    told = {"kind": "VOLUME_SNAPSHOT", "event": "manage_existing_snapshot"}
    await work.note_failure(block, tx, run, thing_id=snapshot_id, **told)


MANAGE_SNAPSHOT = Operation("manage-snapshot", Step(adopt, CINDER_API), failed=_failed)
UNMANAGE_SNAPSHOT = Operation("unmanage-snapshot", Step(abandon, CINDER_API), must_finish=True)
