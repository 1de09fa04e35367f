"""Backups: found, changed, deleted, and told to another cloud."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from msgspec import Struct

from unkai.block_storage.actions import work
from unkai.block_storage.actions.find import project_of
from unkai.block_storage.model import Backup
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, BACKUP_DELETE, DELETING, check
from unkai.block_storage.store import backups, keys
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.actions.read import let_go
from unkai.timeline.model import CINDER_API

SERVICE = "cinder.backup.drivers.posix.PosixBackupDriver"
"""The name that records of ours carry: that of the nearest of Cinder's."""


class Record(Struct, kw_only=True):
    """What another database needs to know of a backup whose data is there."""

    id: str
    volume_id: str
    size: int
    data_id: str
    display_name: str | None = None
    display_description: str | None = None
    container: str | None = None
    object_count: int = 0
    parent_id: str | None = None
    encryption_key_id: str | None = None
    data_timestamp: float = 0.0
    facts: dict[str, Any] = {}


async def get_backup(session: Session, caller: Caller, backup_id: str) -> Backup:
    found = await backups.find(session, backup_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(f"Backup {backup_id} could not be found.", code="backup-not-found")
    return found


async def own_backup(session: Session, caller: Caller, backup_id: str) -> Backup:
    found = await get_backup(session, caller, backup_id)
    if not caller.may_touch(found.project_id):
        raise Forbidden(f"Backup {backup_id} belongs to another project.", code="not-owned")
    return found


async def update_backup(
    block: BlockStorage, caller: Caller, backup_id: str, **values: Any
) -> Backup:
    async def write(tx: Tx) -> Backup:
        await own_backup(tx, caller, backup_id)
        await backups.change(tx, backup_id, block.kit.clock.now(), **values)
        return await own_backup(tx, caller, backup_id)

    return await block.kit.database.transact(write)


async def delete_backup(
    block: BlockStorage, caller: Caller, backup_id: str, *, force: bool = False
) -> None:
    """BadRequest while incremental ones build on it."""

    async def admit(tx: Tx) -> None:
        found = await own_backup(tx, caller, backup_id)
        subject = f"backup/{backup_id}"
        if found.status == DELETING and await block.kit.operations.busy(tx, subject):
            return
        if not force:
            check(BACKUP_DELETE, "backup", backup_id, found.status)
        if await backups.parents(tx, (backup_id,)):
            raise BadRequest(
                f"Invalid backup: incremental backups exist for backup {backup_id}.",
                code="backup-has-dependents",
                remedy="Delete those first.",
            )
        await backups.change(tx, backup_id, block.kit.clock.now(), status=DELETING)
        await work.submit(
            block,
            tx,
            caller,
            DELETE_BACKUP,
            subject,
            project_id=found.project_id,
            input={"data_id": found.data_id},
            supersede=True,
        )

    await block.kit.database.transact(admit)


async def remove_copy(block: BlockStorage, run: Run) -> Result:
    backup_id, data_id = run.subject.partition("/")[2], run.input["data_id"]
    if await backups.with_data(block.kit.database.reader, data_id) < 2:
        await block.backups.delete(data_id)

    async def write(tx: Tx) -> None:
        gone = await backups.find(tx, backup_id)
        await backups.remove(tx, backup_id)
        if gone is not None and gone.encryption_key_id is not None:
            await keys.remove_unused(tx, gone.encryption_key_id)
        await let_go(tx, block.kit.clock, run.subject)

    return Result(None, write)


DELETE_BACKUP = Operation("delete-backup", Step(remove_copy, CINDER_API), must_finish=True)


async def export_record(session: Session, caller: Caller, backup_id: str) -> dict[str, str]:
    found = await get_backup(session, caller, backup_id)
    if found.status != AVAILABLE:
        raise BadRequest(f"Invalid backup: {backup_id} is {found.status}, not available.")
    record = Record(
        id=found.id,
        volume_id=found.volume_id,
        size=found.size,
        data_id=found.data_id,
        display_name=found.name,
        display_description=found.description,
        container=found.container,
        object_count=found.object_count,
        parent_id=found.parent_id,
        encryption_key_id=found.encryption_key_id,
        data_timestamp=found.data_timestamp,
        facts=dict(found.facts),
    )
    url = base64.b64encode(msgspec.json.encode(record)).decode()
    return {"backup_service": SERVICE, "backup_url": url}


async def import_record(block: BlockStorage, caller: Caller, service: str, url: str) -> Backup:
    """A backup of the caller's whose data is here; BadRequest if it is not, or the id is taken."""
    if service != SERVICE:
        raise BadRequest(f"Backups of {service[:80]} are not kept here.", code="backup-record")
    try:
        record = msgspec.json.decode(base64.b64decode(url, validate=True), type=Record)
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise BadRequest("backup_url is no record of a backup.", code="backup-record") from error
    if record.data_id not in await block.backups.kept():
        raise BadRequest(f"The data of backup {record.id} is not here.", code="backup-record")
    now = block.kit.clock.now()
    made = Backup(
        id=record.id,
        volume_id=record.volume_id,
        project_id=project_of(caller),
        user_id=caller.user_id,
        size=record.size,
        status=AVAILABLE,
        name=record.display_name,
        description=record.display_description,
        container=record.container,
        parent_id=record.parent_id,
        encryption_key_id=record.encryption_key_id,
        data_id=record.data_id,
        facts=record.facts,
        object_count=record.object_count,
        data_timestamp=record.data_timestamp,
        created_at=now,
    )

    async def write(tx: Tx) -> None:
        if await backups.find(tx, made.id) is not None:
            raise BadRequest(f"Invalid backup: {made.id} exists already.", code="backup-exists")
        if made.encryption_key_id and await keys.find(tx, made.encryption_key_id) is None:
            raise BadRequest(f"The key of backup {made.id} is not here.", code="backup-record")
        await backups.add(tx, made)

    await block.kit.database.transact(write)
    return made
