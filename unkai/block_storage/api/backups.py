"""/backups: made, listed, shown, changed, restored, deleted, told to another cloud."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType

from unkai.block_storage.actions import backups as actions
from unkai.block_storage.actions.create_backup import BackupRequest
from unkai.block_storage.actions.create_backup import create_backup as create
from unkai.block_storage.actions.restore_backup import restore_backup as restore
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import Id, Name, Said, Switch, Text, switch, uuid
from unkai.block_storage.api.views import at
from unkai.block_storage.api.volume_actions import known
from unkai.block_storage.model import Backup
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import BACKUP_STATUSES
from unkai.block_storage.store import backups
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route, since

LISTED = Listed(
    sorts=frozenset(
        {"id", "name", "status", "size", "created_at", "updated_at", "volume_id", "display_name"}
        | {"snapshot_id", "data_timestamp", "container"}
    ),
    fields={
        "name": "name",
        "display_name": "name",
        "status": "status",
        "volume_id": "volume_id",
        "snapshot_id": "snapshot_id",
        "id": "id",
        "size": "size",
        "user_id": "user_id",
        "container": "container",
    },
    pairs={},
)


class NewBackup(Struct, forbid_unknown_fields=True):
    volume_id: Id
    name: Name | None = None
    description: Text | None = None
    container: Name | None = None
    snapshot_id: str | None = None
    incremental: Switch = False
    force: Switch = False
    availability_zone: str | None = None
    metadata: Annotated[Said | None, since("3.43")] = None


class CreateBackup(Struct, forbid_unknown_fields=True):
    backup: NewBackup


class ChangedBackup(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    metadata: Annotated[Said | UnsetType, since("3.43")] = UNSET


class UpdateBackup(Struct, forbid_unknown_fields=True):
    backup: ChangedBackup


class Restore(Struct, forbid_unknown_fields=True):
    volume_id: str | None = None
    name: Name | None = None


class RestoreBackup(Struct, forbid_unknown_fields=True):
    restore: Restore


class Reset(Struct, forbid_unknown_fields=True):
    status: str


class BackupRecord(Struct, forbid_unknown_fields=True):
    backup_service: Id
    backup_url: str


class ImportRecord(Struct, forbid_unknown_fields=True, rename={"record": "backup-record"}):
    record: BackupRecord


def _brief(call: Call, one: Backup) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "links": listing.links(call, f"/backups/{one.id}"),
    }
    if call.at_least("3.43"):
        shown["metadata"] = dict(one.metadata)
    return shown


async def _views(call: Call, found: list[Backup]) -> list[dict[str, Any]]:
    block: BlockStorage = call.service
    parents = await backups.parents(block.kit.database.reader, [one.id for one in found])
    return [_view(call, one, has_children=one.id in parents) for one in found]


def _view(call: Call, one: Backup, *, has_children: bool) -> dict[str, Any]:
    shown = _brief(call, one) | {
        "volume_id": one.volume_id,
        "status": one.status,
        "size": one.size,
        "object_count": one.object_count,
        "container": one.container,
        "description": one.description,
        "availability_zone": one.availability_zone,
        "fail_reason": one.fail_reason,
        "snapshot_id": one.snapshot_id,
        "is_incremental": one.parent_id is not None,
        "has_dependent_backups": has_children,
        "data_timestamp": at(one.data_timestamp),
        "created_at": at(one.created_at),
        "updated_at": at(one.updated_at),
    }
    if call.at_least("3.18") and call.caller.is_admin:
        shown["os-backup-project-attr:project_id"] = one.project_id
    if call.at_least("3.56"):
        shown["user_id"] = one.user_id
    if call.at_least("3.64"):
        shown["encryption_key_id"] = one.encryption_key_id
    return shown


async def create_backup(call: Call) -> dict[str, Any]:
    body: NewBackup = call.body.backup
    request = BackupRequest(
        volume_id=body.volume_id,
        name=body.name,
        description=body.description,
        container=body.container or None,
        snapshot_id=uuid(body.snapshot_id, "snapshot_id"),
        incremental=switch(body.incremental, "incremental"),
        attached=switch(body.force, "force"),
        metadata=dict(body.metadata or {}),
    )
    return {"backup": _brief(call, await create(call.service, call.caller, request))}


async def list_backups(call: Call) -> dict[str, Any]:
    return await _list(call, "/backups", detail=False)


async def list_backups_detail(call: Call) -> dict[str, Any]:
    return await _list(call, "/backups/detail", detail=True)


async def _list(call: Call, path: str, *, detail: bool) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    query = listing.asked(call, LISTED)
    found = await backups.page(session, query)
    shown = await _views(call, found) if detail else [_brief(call, one) for one in found]
    last = found[-1].id if found else ""
    answer = listing.page(call, "backups", path, shown, last=last, query=query)
    if listing.wants_count(call):
        answer["count"] = await backups.count(session, query)
    return answer


async def show_backup(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await actions.get_backup(session, call.caller, call.params["backup_id"])
    return {"backup": (await _views(call, [found]))[0]}


async def update_backup(call: Call) -> dict[str, Any]:
    body: ChangedBackup = call.body.backup
    given = {"name": body.name, "description": body.description, "metadata": body.metadata}
    values = {name: value for name, value in given.items() if value is not UNSET}
    if not values:
        raise BadRequest("Missing updates to backup in the body.", code="invalid-body")
    backup_id = call.params["backup_id"]
    changed = await actions.update_backup(call.service, call.caller, backup_id, **values)
    return {"backup": _brief(call, changed)}


async def delete_backup(call: Call) -> None:
    await actions.delete_backup(call.service, call.caller, call.params["backup_id"])


async def force_delete(call: Call) -> None:
    backup_id = call.params["backup_id"]
    await actions.delete_backup(call.service, call.caller, backup_id, force=True)


async def restore_backup(call: Call) -> dict[str, Any]:
    body: Restore = call.body.restore
    backup_id = call.params["backup_id"]
    volume = await restore(
        call.service,
        call.caller,
        backup_id,
        volume_id=uuid(body.volume_id, "volume_id"),
        name=body.name,
    )
    shown = {"backup_id": backup_id, "volume_id": volume.id, "volume_name": volume.name or ""}
    return {"restore": shown}


async def reset_status(call: Call) -> None:
    status = known(call.body.status, "status", BACKUP_STATUSES)
    backup_id = call.params["backup_id"]
    await actions.update_backup(call.service, call.caller, backup_id, status=status)


async def export_record(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    backup_id = call.params["backup_id"]
    return {"backup-record": await actions.export_record(session, call.caller, backup_id)}


async def import_record(call: Call) -> dict[str, Any]:
    record: BackupRecord = call.body.record
    made = await actions.import_record(
        call.service, call.caller, record.backup_service, record.backup_url
    )
    return {"backup": _brief(call, made)}


_ONE = "/backups/{backup_id}"
_ADMIN = "volume_extension:backup_admin_actions"
ROUTES = (
    Route("GET", "/backups", list_backups, "backup:get_all"),
    Route("GET", "/backups/detail", list_backups_detail, "backup:get_all"),
    Route("POST", "/backups", create_backup, "backup:create", body=CreateBackup, status=202),
    Route(
        "POST",
        "/backups/import_record",
        import_record,
        "backup:backup-import",
        body=ImportRecord,
        status=201,
    ),
    Route("GET", _ONE, show_backup, "backup:get"),
    Route("PUT", _ONE, update_backup, "backup:update", body=UpdateBackup, since="3.9"),
    Route("DELETE", _ONE, delete_backup, "backup:delete", status=202),
    Route("GET", f"{_ONE}/export_record", export_record, "backup:export-import"),
    Route(
        "POST", f"{_ONE}/restore", restore_backup, "backup:restore", body=RestoreBackup, status=202
    ),
    Route(
        "POST",
        f"{_ONE}/action",
        reset_status,
        f"{_ADMIN}:reset_status",
        action="os-reset_status",
        body=Reset,
        status=202,
    ),
    Route(
        "POST",
        f"{_ONE}/action",
        force_delete,
        f"{_ADMIN}:force_delete",
        action="os-force_delete",
        body=Any,
        status=202,
    ),
)
