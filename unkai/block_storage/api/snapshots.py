"""/snapshots: made, listed, shown, changed, deleted; their metadata and administrators' words."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from unkai.block_storage.actions import create_snapshot as creating
from unkai.block_storage.actions import update_snapshot as updating
from unkai.block_storage.actions.delete_snapshot import delete_snapshot as end
from unkai.block_storage.actions.find import get_snapshot
from unkai.block_storage.actions.update_volume import Change, without
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import (
    Id,
    Name,
    Said,
    Switch,
    Text,
    item,
    one,
    switch,
    trimmed,
)
from unkai.block_storage.api.views import snapshot_view
from unkai.block_storage.api.volume_actions import known
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import SNAPSHOT_STATUSES
from unkai.block_storage.store import snapshots
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

LISTED = Listed(
    sorts=frozenset(
        {"id", "name", "status", "size", "created_at", "updated_at", "volume_id", "display_name"}
    ),
    fields={
        "name": "name",
        "display_name": "name",
        "description": "description",
        "status": "status",
        "volume_id": "volume_id",
        "id": "id",
        "user_id": "user_id",
        "size": "size",
        "consumes_quota": "consumes_quota",
        "group_snapshot_id": "group_snapshot_id",
    },
    pairs={"metadata": "user"},
    booleans=frozenset({"consumes_quota"}),
    since={"metadata": "3.22"},
)


class NewSnapshot(Struct, forbid_unknown_fields=True):
    volume_id: Id | None
    name: Name | None = None
    display_name: Name | None = None
    description: Text | None = None
    display_description: Text | None = None
    metadata: Said | None = None
    force: Switch | UnsetType | None = UNSET


class CreateSnapshot(Struct, forbid_unknown_fields=True):
    snapshot: NewSnapshot


class ChangedSnapshot(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType | None = UNSET
    display_name: Name | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    display_description: Text | UnsetType | None = UNSET


class UpdateSnapshot(Struct, forbid_unknown_fields=True):
    snapshot: ChangedSnapshot


class Metadata(Struct, forbid_unknown_fields=True):
    metadata: Said


class Meta(Struct, forbid_unknown_fields=True):
    meta: Said


class Reset(Struct, forbid_unknown_fields=True):
    status: str


class Report(Struct, forbid_unknown_fields=True):
    status: str
    progress: str | None = None


async def create_snapshot(call: Call) -> dict[str, Any]:
    body: NewSnapshot = call.body.snapshot
    request = creating.SnapshotRequest(
        volume_id=body.volume_id or "",
        name=trimmed(body.name if body.name is not None else body.display_name),
        description=body.description or body.display_description,
        metadata=dict(body.metadata or {}),
        attached=_force(call, body),
    )
    made = await creating.create_snapshot(call.service, call.caller, request)
    return {"snapshot": snapshot_view(call, made, whole=False)}


def _force(call: Call, body: NewSnapshot) -> bool:
    """From 3.66 on attached volumes are frozen as others are, and `force` says nothing more."""
    given = body.force if body.force is not UNSET and body.force is not None else None
    if not call.at_least("3.66"):
        return given is not None and switch(given, "force")
    if given is not None and not switch(given, "force"):
        raise BadRequest("The 'force' flag is of no use since 3.66: it cannot be false.")
    return True


async def list_snapshots(call: Call) -> dict[str, Any]:
    return await _list(call, "/snapshots", whole=False)


async def list_snapshots_detail(call: Call) -> dict[str, Any]:
    return await _list(call, "/snapshots/detail", whole=True)


async def _list(call: Call, path: str, *, whole: bool) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    query = listing.asked(call, LISTED)
    found = await snapshots.page(session, query)
    shown = [snapshot_view(call, one, whole=whole) for one in found]
    last = found[-1].id if found else ""
    answer = listing.page(call, "snapshots", path, shown, last=last, query=query)
    if listing.wants_count(call):
        answer["count"] = await snapshots.count(session, query)
    return answer


async def show_snapshot(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await get_snapshot(session, call.caller, call.params["snapshot_id"])
    return {"snapshot": snapshot_view(call, found)}


async def update_snapshot(call: Call) -> dict[str, Any]:
    body: ChangedSnapshot = call.body.snapshot
    given = {
        "name": body.name if body.name is not UNSET else body.display_name,
        "description": (
            body.description if body.description is not UNSET else body.display_description
        ),
    }
    values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
    if not values:
        raise BadRequest("There is nothing to change in the body.", code="invalid-body")
    snapshot_id = call.params["snapshot_id"]
    changed = await updating.update_snapshot(call.service, call.caller, snapshot_id, **values)
    return {"snapshot": snapshot_view(call, changed, whole=False)}


async def delete_snapshot(call: Call) -> None:
    await end(call.service, call.caller, call.params["snapshot_id"])


async def force_delete(call: Call) -> None:
    await end(call.service, call.caller, call.params["snapshot_id"], force=True)


async def reset_status(call: Call) -> None:
    status = known(call.body.status, "status", SNAPSHOT_STATUSES)
    snapshot_id = call.params["snapshot_id"]
    await updating.update_snapshot(call.service, call.caller, snapshot_id, status=status)


async def report_status(call: Call) -> None:
    body: Report = call.body
    await updating.report_status(
        call.service, call.caller, call.params["snapshot_id"], body.status, body.progress
    )


async def show_metadata(call: Call) -> dict[str, Any]:
    return {"metadata": await _metadata(call)}


async def add_metadata(call: Call) -> dict[str, Any]:
    said: dict[str, str] = call.body.metadata
    return {"metadata": await _change(call, lambda before: {**before, **said})}


async def set_metadata(call: Call) -> dict[str, Any]:
    said: dict[str, str] = dict(call.body.metadata)
    return {"metadata": await _change(call, lambda _: said)}


async def show_item(call: Call) -> dict[str, Any]:
    key = call.params["key"]
    return {"meta": {key: item(await _metadata(call), key)}}


async def set_item(call: Call) -> dict[str, Any]:
    key = call.params["key"]
    value = one(call.body.meta, key)
    await _change(call, lambda before: {**before, key: value})
    return {"meta": {key: value}}


async def delete_item(call: Call) -> None:
    await _change(call, without(call.params["key"]))


async def _metadata(call: Call) -> dict[str, str]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    return dict((await get_snapshot(session, call.caller, call.params["snapshot_id"])).metadata)


async def _change(call: Call, change: Change) -> dict[str, str]:
    snapshot_id = call.params["snapshot_id"]
    return await updating.change_metadata(call.service, call.caller, snapshot_id, change)


_ONE = "/snapshots/{snapshot_id}"
_SAID = f"{_ONE}/metadata"
_OLD_ITEM = "/snapshot/{snapshot_id}/metadata/{key}"
_ACTION = f"{_ONE}/action"
_ADMIN = "volume_extension:snapshot_admin_actions"
ROUTES = (
    Route("GET", "/snapshots", list_snapshots, "volume:get_all_snapshots"),
    Route("GET", "/snapshots/detail", list_snapshots_detail, "volume:get_all_snapshots"),
    Route(
        "POST",
        "/snapshots",
        create_snapshot,
        "volume:create_snapshot",
        body=CreateSnapshot,
        status=202,
    ),
    Route("GET", _ONE, show_snapshot, "volume:get_snapshot"),
    Route("PUT", _ONE, update_snapshot, "volume:update_snapshot", body=UpdateSnapshot),
    Route("DELETE", _ONE, delete_snapshot, "volume:delete_snapshot", status=202),
    Route("GET", _SAID, show_metadata, "volume:get_snapshot_metadata"),
    Route("POST", _SAID, add_metadata, "volume:update_snapshot_metadata", body=Metadata),
    Route("PUT", _SAID, set_metadata, "volume:update_snapshot_metadata", body=Metadata),
    Route("GET", f"{_SAID}/{{key}}", show_item, "volume:get_snapshot_metadata"),
    Route("GET", _OLD_ITEM, show_item, "volume:get_snapshot_metadata"),
    Route("PUT", f"{_SAID}/{{key}}", set_item, "volume:update_snapshot_metadata", body=Meta),
    Route("DELETE", f"{_SAID}/{{key}}", delete_item, "volume:delete_snapshot_metadata"),
    Route(
        "POST",
        _ACTION,
        reset_status,
        f"{_ADMIN}:reset_status",
        action="os-reset_status",
        body=Reset,
        status=202,
    ),
    Route(
        "POST",
        _ACTION,
        force_delete,
        f"{_ADMIN}:force_delete",
        action="os-force_delete",
        body=Any,
        status=202,
    ),
    Route(
        "POST",
        _ACTION,
        report_status,
        "snapshot_extension:snapshot_actions:update_snapshot_status",
        action="os-update_snapshot_status",
        body=Report,
        status=202,
    ),
)
