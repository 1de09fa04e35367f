"""POST /snapshots: the volume's contents of this moment, at the same cost whatever their size."""

from __future__ import annotations

from dataclasses import dataclass, field

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.model import Snapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import (
    AVAILABLE,
    CREATING,
    ERROR,
    SNAPSHOT,
    SNAPSHOT_ATTACHED,
    check,
)
from unkai.block_storage.store import snapshots, types, volumes
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRequest:
    """attached: whether a volume that is attached may be frozen as well."""

    volume_id: str
    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    attached: bool = False
    group_snapshot_id: str | None = None


async def create_snapshot(
    block: BlockStorage, caller: Caller, request: SnapshotRequest
) -> Snapshot:
    return await block.kit.database.transact(lambda tx: admit_snapshot(block, tx, caller, request))


async def admit_snapshot(
    block: BlockStorage, tx: Tx, caller: Caller, request: SnapshotRequest
) -> Snapshot:
    """The snapshot, creating. NotFound, BadRequest (code "volume-status"), QuotaExceeded."""
    volume = await own_volume(tx, caller, request.volume_id)
    verb = SNAPSHOT_ATTACHED if request.attached else SNAPSHOT
    check(verb, "volume", volume.id, volume.status)
    work.check_not_moving(volume)
    kind = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
    more = {"snapshots": 1, "gigabytes": volume.size}
    await check_quota(tx, volume.project_id, more, kind.name if kind else None)
    snapshot = Snapshot(
        id=block.kit.chance.uuid(),
        volume_id=volume.id,
        project_id=volume.project_id,
        user_id=caller.user_id,
        size=volume.size,
        status=CREATING,
        name=request.name,
        description=request.description,
        group_snapshot_id=request.group_snapshot_id,
        created_at=block.kit.clock.now(),
        metadata=request.metadata,
    )
    await snapshots.add(tx, snapshot)
    subject = f"snapshot/{snapshot.id}"
    await volumes.hold(tx, volume.id, subject)  # if it is free; else the step waits for it
    await work.submit(
        block,
        tx,
        caller,
        CREATE_SNAPSHOT,
        subject,
        project_id=volume.project_id,
        input={"volume_id": volume.id},
    )
    return snapshot


async def freeze(block: BlockStorage, run: Run) -> Result:
    snapshot_id, volume_id = run.subject.partition("/")[2], run.input["volume_id"]
    await work.hold(block, volume_id, run)
    guest = await work.guest_of(block, block.kit.database.reader, volume_id)
    driver = await work.driver_of(block, volume_id)
    await driver.snapshot(snapshot_id, volume_id, guest)

    async def write(tx: Tx) -> None:
        await volumes.let_go(tx, volume_id, run.subject)
        at = block.kit.clock.now()
        await snapshots.change(tx, snapshot_id, at, status=AVAILABLE, progress="100%")
        await block.kit.events.emit(tx, "snapshot.settled", snapshot_id, {"status": AVAILABLE})

    return Result(None, write)


async def unfreeze(block: BlockStorage, run: Run) -> None:
    driver = await work.driver_of(block, run.input["volume_id"])
    await driver.delete_snapshot(run.subject.partition("/")[2])
    await work.let_go(block, run.input["volume_id"], run)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    snapshot_id = run.subject.partition("/")[2]
    await snapshots.change(tx, snapshot_id, block.kit.clock.now(), status=ERROR)
    told = {"kind": "VOLUME_SNAPSHOT", "event": "create_snapshot"}
    await work.note_failure(block, tx, run, thing_id=snapshot_id, **told)
    await block.kit.events.emit(tx, "snapshot.settled", snapshot_id, {"status": ERROR})


CREATE_SNAPSHOT = Operation(
    "create-snapshot",
    Step(freeze, CINDER_API, undo=unfreeze),
    failed=_failed,
    deadline_s=300.0,
)
