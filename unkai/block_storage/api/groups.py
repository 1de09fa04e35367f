"""/groups and /group_snapshots."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from unkai.block_storage.actions import group_snapshots as freezing
from unkai.block_storage.actions import groups as actions
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import Id, Name, Switch, Text, switch
from unkai.block_storage.api.views import at
from unkai.block_storage.api.volume_actions import known
from unkai.block_storage.model import ZONE, Group, GroupSnapshot
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import groups, volumes
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

STATUSES = frozenset({"creating", "available", "error", "deleting", "error_deleting", "updating"})
LISTED = Listed(
    sorts=frozenset({"id", "name", "status", "created_at", "group_type_id"}),
    fields={"name": "name", "status": "status", "id": "id"},
    pairs={},
)
LISTED_SNAPSHOTS = Listed(
    sorts=frozenset({"id", "name", "status", "created_at", "group_id"}),
    fields={"name": "name", "status": "status", "id": "id", "group_id": "group_id"},
    pairs={},
)


class NewGroup(Struct, forbid_unknown_fields=True):
    group_type: Id
    volume_types: list[Id]
    name: Name | None = None
    description: Text | None = None
    availability_zone: str | None = None


class CreateGroup(Struct, forbid_unknown_fields=True):
    group: NewGroup


class Copy(Struct, forbid_unknown_fields=True):
    name: Name | None = None
    description: Text | None = None
    group_snapshot_id: str | None = None
    source_group_id: str | None = None


class ChangedGroup(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    add_volumes: str | None = None
    remove_volumes: str | None = None


class UpdateGroup(Struct, forbid_unknown_fields=True):
    group: ChangedGroup


class Delete(Struct, forbid_unknown_fields=True, rename={"delete_volumes": "delete-volumes"}):
    delete_volumes: Switch = False


class Reset(Struct, forbid_unknown_fields=True):
    status: str


class NewSnapshot(Struct, forbid_unknown_fields=True):
    group_id: Id
    name: Name | None = None
    description: Text | None = None


class CreateSnapshot(Struct, forbid_unknown_fields=True):
    group_snapshot: NewSnapshot


def _brief(one: Group | GroupSnapshot) -> dict[str, Any]:
    return {"id": one.id, "name": one.name or ""}


async def _view(call: Call, one: Group) -> dict[str, Any]:
    block: BlockStorage = call.service
    shown = _brief(one) | {
        "status": one.status,
        "description": one.description,
        "availability_zone": ZONE,
        "created_at": at(one.created_at),
        "group_type": one.group_type_id,
        "volume_types": list(one.volume_type_ids),
    }
    if call.at_least("3.14"):
        shown["group_snapshot_id"] = one.group_snapshot_id
        shown["source_group_id"] = one.source_group_id
    if call.at_least("3.25") and listing.truth(
        call.request.query_params.get("list_volume", "false")
    ):
        inside = await volumes.of_group(block.kit.database.reader, one.id)
        shown["volumes"] = [volume.id for volume in inside]
    if call.at_least("3.38"):
        shown["replication_status"] = "disabled"
    if call.at_least("3.58") and call.caller.is_admin:
        shown["project_id"] = one.project_id
    return shown


async def create_group(call: Call) -> dict[str, Any]:
    body: NewGroup = call.body.group
    if not body.volume_types:
        raise BadRequest("A group needs volume_types.", code="invalid-body")
    made = await actions.create_group(
        call.service,
        call.caller,
        group_type=body.group_type,
        volume_types=body.volume_types,
        name=body.name,
        description=body.description,
    )
    return {"group": _brief(made)}


async def copy_group(call: Call) -> dict[str, Any]:
    body: Copy = call.body
    if bool(body.group_snapshot_id) == bool(body.source_group_id):
        raise BadRequest("Say either group_snapshot_id or source_group_id.", code="invalid-body")
    made = await actions.copy_group(
        call.service,
        call.caller,
        group_snapshot_id=body.group_snapshot_id,
        source_group_id=body.source_group_id,
        name=body.name,
        description=body.description,
    )
    return {"group": _brief(made)}


async def list_groups(call: Call) -> dict[str, Any]:
    return await _list(call, "/groups", detail=False)


async def list_groups_detail(call: Call) -> dict[str, Any]:
    return await _list(call, "/groups/detail", detail=True)


async def _list(call: Call, path: str, *, detail: bool) -> dict[str, Any]:
    block: BlockStorage = call.service
    query = listing.asked(call, LISTED)
    found = await groups.page(block.kit.database.reader, query)
    shown = [await _view(call, one) if detail else _brief(one) for one in found]
    last = found[-1].id if found else ""
    return listing.page(call, "groups", path, shown, last=last, query=query)


async def show_group(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await actions.get_group(session, call.caller, call.params["group_id"])
    return {"group": await _view(call, found)}


async def update_group(call: Call) -> None:
    body: ChangedGroup = call.body.group
    given = {"name": body.name, "description": body.description}
    values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
    add, remove = _ids(body.add_volumes), _ids(body.remove_volumes)
    if not (values or add or remove):
        raise BadRequest("There is nothing to change in the body.", code="invalid-body")
    await actions.update_group(
        call.service, call.caller, call.params["group_id"], add=add, remove=remove, **values
    )


def _ids(text: str | None) -> list[str]:
    return [one.strip() for one in (text or "").split(",") if one.strip()]


async def delete_group(call: Call) -> None:
    with_volumes = switch(call.body.delete_volumes, "delete-volumes")
    group_id = call.params["group_id"]
    await actions.delete_group(call.service, call.caller, group_id, with_volumes=with_volumes)


async def reset_group(call: Call) -> None:
    status = known(call.body.status, "status", STATUSES)
    assert status is not None
    await actions.reset_group(call.service, call.caller, call.params["group_id"], status)


def _snapshot(one: GroupSnapshot) -> dict[str, Any]:
    return _brief(one) | {
        "status": one.status,
        "description": one.description,
        "group_id": one.group_id,
        "group_type_id": one.group_type_id,
        "created_at": at(one.created_at),
    }


async def create_snapshot(call: Call) -> dict[str, Any]:
    body: NewSnapshot = call.body.group_snapshot
    made = await freezing.create_snapshot(
        call.service, call.caller, body.group_id, name=body.name, description=body.description
    )
    return {"group_snapshot": _brief(made) | {"group_type_id": made.group_type_id}}


async def list_snapshots(call: Call) -> dict[str, Any]:
    return await _list_snapshots(call, "/group_snapshots", detail=False)


async def list_snapshots_detail(call: Call) -> dict[str, Any]:
    return await _list_snapshots(call, "/group_snapshots/detail", detail=True)


async def _list_snapshots(call: Call, path: str, *, detail: bool) -> dict[str, Any]:
    block: BlockStorage = call.service
    query = listing.asked(call, LISTED_SNAPSHOTS)
    found = await groups.page_snapshots(block.kit.database.reader, query)
    shown = [_snapshot(one) if detail else _brief(one) for one in found]
    last = found[-1].id if found else ""
    return listing.page(call, "group_snapshots", path, shown, last=last, query=query)


async def show_snapshot(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    snapshot_id = call.params["group_snapshot_id"]
    return {
        "group_snapshot": _snapshot(await freezing.get_snapshot(session, call.caller, snapshot_id))
    }


async def delete_snapshot(call: Call) -> None:
    await freezing.delete_snapshot(call.service, call.caller, call.params["group_snapshot_id"])


async def reset_snapshot(call: Call) -> None:
    status = known(call.body.status, "status", STATUSES)
    assert status is not None
    snapshot_id = call.params["group_snapshot_id"]
    await freezing.reset_snapshot(call.service, call.caller, snapshot_id, status)


_ONE, _ACT = "/groups/{group_id}", "/groups/{group_id}/action"
_FROZEN = "/group_snapshots/{group_snapshot_id}"


def _act(path: str, name: str, handler: Any, body: Any, *, rule: str, since: str) -> Route:
    return Route("POST", path, handler, rule, action=name, body=body, status=202, since=since)


ROUTES = (
    Route("GET", "/groups", list_groups, "group:get_all", since="3.13"),
    Route("GET", "/groups/detail", list_groups_detail, "group:get_all", since="3.13"),
    Route(
        "POST", "/groups", create_group, "group:create", body=CreateGroup, status=202, since="3.13"
    ),
    Route("GET", _ONE, show_group, "group:get", since="3.13"),
    Route("PUT", _ONE, update_group, "group:update", body=UpdateGroup, status=202, since="3.13"),
    _act("/groups/action", "create-from-src", copy_group, Copy, rule="group:create", since="3.14"),
    _act(_ACT, "delete", delete_group, Delete, rule="group:delete", since="3.13"),
    _act(_ACT, "reset_status", reset_group, Reset, rule="group:reset_status", since="3.20"),
    Route("GET", "/group_snapshots", list_snapshots, "group:get_all_group_snapshots", since="3.14"),
    Route(
        "GET",
        "/group_snapshots/detail",
        list_snapshots_detail,
        "group:get_all_group_snapshots",
        since="3.14",
    ),
    Route(
        "POST",
        "/group_snapshots",
        create_snapshot,
        "group:create_group_snapshot",
        body=CreateSnapshot,
        status=202,
        since="3.14",
    ),
    Route("GET", _FROZEN, show_snapshot, "group:get_group_snapshot", since="3.14"),
    Route(
        "DELETE",
        _FROZEN,
        delete_snapshot,
        "group:delete_group_snapshot",
        status=202,
        since="3.14",
    ),
    _act(
        f"{_FROZEN}/action",
        "reset_status",
        reset_snapshot,
        Reset,
        rule="group:reset_group_snapshot_status",
        since="3.19",
    ),
)
