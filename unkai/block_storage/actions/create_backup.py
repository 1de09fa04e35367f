"""POST /backups: the contents of a volume or snapshot, to another place; whole, or what differs.

What is encrypted stays so: its backup shares the key, and may have it longer than the volume.

A volume that a guest has open is frozen for it, so that the backup is of one moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.encryption import encryption_of
from unkai.block_storage.actions.find import own_snapshot, own_volume
from unkai.block_storage.model import Backup, Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import (
    AVAILABLE,
    BACK_UP,
    BACK_UP_ATTACHED,
    CREATING,
    ERROR,
    SNAPSHOT_USE,
    check,
    rest,
)
from unkai.block_storage.store import backups, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRequest:
    """attached: whether a volume in use may be backed up (`force`)."""

    volume_id: str
    name: str | None = None
    description: str | None = None
    container: str | None = None
    snapshot_id: str | None = None
    incremental: bool = False
    attached: bool = False
    metadata: dict[str, str] = field(default_factory=dict[str, str])


async def create_backup(block: BlockStorage, caller: Caller, request: BackupRequest) -> Backup:
    """The backup, creating. NotFound, BadRequest (code "volume-status"), QuotaExceeded."""

    async def admit(tx: Tx) -> Backup:
        volume = await own_volume(tx, caller, request.volume_id)
        await _check(tx, caller, volume, request)
        parent = await _parent(tx, request)
        now = block.kit.clock.now()
        await check_quota(tx, volume.project_id, {"backups": 1, "backup_gigabytes": volume.size})
        backup_id = block.kit.chance.uuid()
        made = Backup(
            id=backup_id,
            volume_id=volume.id,
            project_id=volume.project_id,
            user_id=caller.user_id,
            size=volume.size,
            status=CREATING,
            name=request.name,
            description=request.description,
            container=request.container,
            snapshot_id=request.snapshot_id,
            encryption_key_id=volume.encryption_key_id,
            parent_id=parent.id if parent else None,
            data_id=backup_id,
            facts=_facts(volume) | await _encryption(block, tx, volume),
            data_timestamp=now,
            created_at=now,
            metadata=request.metadata,
        )
        await backups.add(tx, made)
        if request.snapshot_id is None:
            status, before = BACK_UP.to, volume.status
            await volumes.change(tx, volume.id, now, status=status, previous_status=before)
        await work.submit(
            block,
            tx,
            caller,
            CREATE_BACKUP,
            f"backup/{backup_id}",
            project_id=volume.project_id,
            input={
                "volume_id": volume.id,
                "snapshot_id": request.snapshot_id,
                "parent": parent.data_id if parent else None,
                "size": volume.size,
                "sealed": volume.encrypted,
            },
        )
        return made

    return await block.kit.database.transact(admit)


async def _check(tx: Tx, caller: Caller, volume: Volume, request: BackupRequest) -> None:
    if request.snapshot_id is None:
        work.check_verb(BACK_UP_ATTACHED if request.attached else BACK_UP, volume)
        return
    snapshot = await own_snapshot(tx, caller, request.snapshot_id)
    check(SNAPSHOT_USE, "snapshot", snapshot.id, snapshot.status)
    if snapshot.volume_id != volume.id:
        raise BadRequest(f"Snapshot {snapshot.id} is not of volume {volume.id}.")


async def _parent(session: Session, request: BackupRequest) -> Backup | None:
    if not request.incremental:
        return None
    found = await backups.latest(session, request.volume_id)
    if found is None:
        raise BadRequest(
            "No backups available to do an incremental backup.",
            code="no-parent-backup",
            remedy="Make a full backup first.",
        )
    return found


def _facts(volume: Volume) -> dict[str, object]:
    return {
        "bootable": volume.bootable,
        "image_metadata": dict(volume.image_metadata),
        "metadata": dict(volume.metadata),
        "name": volume.name,
        "description": volume.description,
        "volume_type_id": volume.volume_type_id,
    }


async def _encryption(block: BlockStorage, tx: Tx, volume: Volume) -> dict[str, object]:
    encryption = await encryption_of(block, tx, volume)
    return {} if encryption is None else {"key_bits": encryption.key_bits}


async def copy_out(block: BlockStorage, run: Run) -> Result:
    backup_id, volume_id = run.subject.partition("/")[2], run.input["volume_id"]
    frozen = run.input["snapshot_id"]
    if frozen is None:
        frozen = await work.freeze_for(block, volume_id, run)
    driver = await work.driver_of(block, volume_id)
    if run.input["sealed"]:
        opening = driver.read_sealed(volume_id, run.id, frozen)
    elif frozen:
        opening = driver.read_snapshot(frozen, run.id)
    else:
        opening = driver.read(volume_id, run.id)
    async with opening as contents:
        own = await block.backups.save(
            backup_id, contents.size, contents.extents(), run.input["parent"]
        )
    await drop_frozen(block, run)

    async def write(tx: Tx) -> None:
        at = block.kit.clock.now()
        await backups.change(tx, backup_id, at, status=AVAILABLE, object_count=own)
        await _rest(block, tx, run)

    return Result(own, write)


async def drop_frozen(block: BlockStorage, run: Run) -> None:
    """What was frozen only for this."""
    driver = await work.driver_of(block, run.input["volume_id"])
    await driver.delete_snapshot(run.id)


async def drop_copy(block: BlockStorage, run: Run) -> None:
    await block.backups.delete(run.subject.partition("/")[2])
    await drop_frozen(block, run)


async def _rest(block: BlockStorage, tx: Tx, run: Run) -> None:
    volume_id = run.input["volume_id"]
    volume = await volumes.find(tx, volume_id)
    if volume is None or volume.status != BACK_UP.to:
        return
    status = rest(attached=await work.is_attached(tx, volume_id))
    at = block.kit.clock.now()
    await volumes.change(tx, volume_id, at, status=status, previous_status=None)
    await work.settled(block, tx, volume_id, status)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    backup_id = run.subject.partition("/")[2]
    said = run.error.public if run.error else "The work was given up."
    await backups.change(tx, backup_id, block.kit.clock.now(), status=ERROR, fail_reason=said)
    await _rest(block, tx, run)
    told = {"kind": "VOLUME_BACKUP", "event": "create_backup"}
    await work.note_failure(block, tx, run, thing_id=backup_id, **told)


CREATE_BACKUP = Operation(
    "create-backup",
    Step(copy_out, CINDER_API, undo=drop_copy),
    failed=_failed,
    deadline_s=24 * 3600.0,
)
