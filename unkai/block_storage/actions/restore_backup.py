"""A backup back into a volume: a new one, or one that is there and free."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.backups import own_backup
from unkai.block_storage.actions.check_quota import check_quota, check_size
from unkai.block_storage.actions.choose_backend import choose_backend, why_none
from unkai.block_storage.actions.encryption import check_clear, key_bits, refuse_encrypted
from unkai.block_storage.actions.find import own_volume, project_of
from unkai.block_storage.actions.find_default_type import default_type
from unkai.block_storage.drivers.base import Encryption, Sealed
from unkai.block_storage.model import Backup, Volume, VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, BACKUP_RESTORE, RESTORE, check
from unkai.block_storage.store import backups, keys, types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


async def restore_backup(
    block: BlockStorage,
    caller: Caller,
    backup_id: str,
    *,
    volume_id: str | None = None,
    name: str | None = None,
    size: int | None = None,
    **values: Any,
) -> Volume:
    """The volume, restoring. values: of a new volume, beside name and size."""

    async def admit(tx: Tx) -> Volume:
        found = await own_backup(tx, caller, backup_id)
        check(BACKUP_RESTORE, "backup", backup_id, found.status)
        now = block.kit.clock.now()
        if volume_id is not None:
            volume = await own_volume(tx, caller, volume_id)
            work.check_verb(RESTORE, volume)
            await _check_encryption(tx, volume, found)
            await volumes.change(tx, volume_id, now, status=RESTORE.to)
        else:
            volume = await _new(block, tx, caller, found, name=name, size=size, **values)
        if volume.size < found.size:
            raise BadRequest(
                f"Volume size {volume.size}GB is smaller than the backup's {found.size}GB.",
                code="invalid-size",
            )
        await backups.change(tx, backup_id, now, status=BACKUP_RESTORE.to)
        await work.submit(
            block,
            tx,
            caller,
            RESTORE_BACKUP,
            f"volume/{volume.id}",
            project_id=volume.project_id,
            input={"backup_id": backup_id, "size": volume.size, "new": volume_id is None},
        )
        return volume

    return await block.kit.database.transact(admit)


async def _new(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    backup: Backup,
    *,
    name: str | None,
    size: int | None,
    **values: Any,
) -> Volume:
    project_id = project_of(caller)
    kind = await _type_for(block, tx, project_id, backup)
    size = size or backup.size
    await check_size(tx, project_id, size)
    await check_quota(tx, project_id, {"volumes": 1, "gigabytes": size}, kind.name)
    backend = await choose_backend(block, tx, kind)
    if backend is None:
        why = why_none(block, kind)
        raise BadRequest(f"No valid backend was found: {why}.", code="no-backend")
    volume = Volume(
        id=block.kit.chance.uuid(),
        project_id=project_id,
        user_id=caller.user_id,
        size=size,
        status=RESTORE.to or "",
        name=name or f"restore_backup_{backup.id}",
        volume_type_id=kind.id,
        encrypted=backup.encryption_key_id is not None,
        encryption_key_id=backup.encryption_key_id,
        multiattach=kind.multiattach,
        host=backend.pool,
        backup_id=backup.id,
        bootable=bool(backup.facts.get("bootable")),
        image_metadata=backup.facts.get("image_metadata") or {},
        created_at=block.kit.clock.now(),
        **values,
    )
    await volumes.add(tx, volume)
    return volume


async def _type_for(block: BlockStorage, tx: Tx, project_id: str, backup: Backup) -> VolumeType:
    """Of a new volume: that which the encrypted one had, or what is the project's by default."""
    if backup.encryption_key_id is None:
        kind = await default_type(tx, project_id)
        refuse_encrypted(kind, "the volume of a backup")
        return kind
    kind = await types.find(tx, backup.facts["volume_type_id"])
    if kind is None or kind.encryption is None or key_bits(block, kind) != _bits(backup):
        raise BadRequest(
            f"Backup {backup.id} is encrypted, and the volume type that it had is not there any"
            " more, or encrypts otherwise.",
            code="encryption-differs",
            remedy="Restore it to a volume that is encrypted as it is.",
        )
    return kind


def _bits(backup: Backup) -> int:
    return int(backup.facts["key_bits"])


async def _check_encryption(tx: Tx, volume: Volume, backup: Backup) -> None:
    """BadRequest where the volume would not be what its type and its snapshots say."""
    if backup.encryption_key_id is None:
        check_clear(volume, "a backup that is not cannot become its contents")
        return
    if volume.encrypted and volume.encryption_key_id == backup.encryption_key_id:
        return
    same = volume.encrypted and volume.volume_type_id == backup.facts["volume_type_id"]
    if not same or await volumes.snapshots_of(tx, volume.id):
        raise BadRequest(
            f"Invalid volume: backup {backup.id} is encrypted otherwise than volume {volume.id}, or"
            " than its snapshots.",
            code="encryption-differs",
            remedy="Restore it to a new volume.",
        )


async def copy_back(block: BlockStorage, run: Run) -> Result:
    """A new volume is made first; what is replaced stays until all of the other is there."""
    volume_id, size = run.subject.partition("/")[2], work.bytes_of(run.input["size"])
    found = await backups.find(block.kit.database.reader, run.input["backup_id"])
    assert found is not None, "a backup that is being restored stays"
    driver = await work.driver_of(block, volume_id)
    key_id, extents = found.encryption_key_id, block.backups.read(found.data_id)
    encryption = None if key_id is None else Encryption(key_id, _bits(found))
    if run.input["new"]:
        await driver.create(volume_id, size, encryption)
    if encryption is None:
        await driver.replace(volume_id, size, run.id, extents)
    else:
        sealed = Sealed(extents, await block.backups.size(found.data_id))
        await driver.unseal(volume_id, size, run.id, sealed, encryption)

    async def write(tx: Tx) -> None:
        at = block.kit.clock.now()
        facts = dict(found.facts)
        for kind, name in (("image", "image_metadata"), ("user", "metadata")):
            await volumes.set_metadata(tx, volume_id, kind, facts.get(name) or {})
        bootable = bool(facts.get("bootable"))
        before = await volumes.find(tx, volume_id)
        more = {"bootable": bootable, "encryption_key_id": key_id}
        await volumes.change(tx, volume_id, at, status=AVAILABLE, **more)
        if before is not None and before.encryption_key_id not in (None, key_id):
            await keys.remove_unused(tx, before.encryption_key_id)
        await backups.change(tx, found.id, at, status=AVAILABLE)
        await work.settled(block, tx, volume_id, AVAILABLE)

    return Result(None, write)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    at = block.kit.clock.now()
    await backups.change(tx, run.input["backup_id"], at, status=AVAILABLE)
    await work.rest_again(block, tx, run, "error_restoring", "restore_backup")


RESTORE_BACKUP = Operation(
    "restore-backup", Step(copy_back, CINDER_API), failed=_failed, deadline_s=24 * 3600.0
)
