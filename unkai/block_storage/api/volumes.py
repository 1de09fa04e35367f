"""/volumes: made, listed, shown, changed, deleted; their metadata."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, field
from msgspec.structs import fields

from unkai.block_storage.actions import create_volume as creating
from unkai.block_storage.actions import delete_volume as deleting
from unkai.block_storage.actions import update_volume as updating
from unkai.block_storage.actions.encryption import metadata_of
from unkai.block_storage.actions.find import get_volume, no_volume
from unkai.block_storage.actions.restore_backup import restore_backup
from unkai.block_storage.api import listing, views
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import (
    Name,
    Said,
    Text,
    gib,
    item,
    one,
    refuse_unknown,
    trimmed,
    uuid,
)
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import types, volumes
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

LISTED = Listed(
    sorts=frozenset(
        {"id", "name", "status", "size", "created_at", "updated_at", "bootable", "host"}
        | {"availability_zone", "volume_type_id", "date", "display_name", "project_id"}
    ),
    fields={
        "name": "name",
        "display_name": "name",
        "description": "description",
        "status": "status",
        "size": "size",
        "id": "id",
        "availability_zone": "availability_zone",
        "bootable": "bootable",
        "multiattach": "multiattach",
        "group_id": "group_id",
        "user_id": "user_id",
        "host": "host",
        "migration_status": "migration_status",
        "volume_type_id": "volume_type_id",
        "consumes_quota": "consumes_quota",
    },
    pairs={"metadata": "user", "glance_metadata": "image"},
    booleans=frozenset({"bootable", "multiattach", "consumes_quota"}),
    admin=frozenset({"host", "migration_status", "user_id"}),
    since={"bootable": "3.0", "glance_metadata": "3.4", "group_id": "3.10"},
)


class NewVolume(Struct):
    """imageRef and image_id are the same; sizes may be digits in a string.

    What else is said was ignored before 3.53, see `refuse_unknown`.
    """

    size: int | str | None = None
    name: Name | None = None
    display_name: Name | None = None
    description: Text | None = None
    display_description: Text | None = None
    metadata: Said | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    image_ref: str | None = field(default=None, name="imageRef")
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    backup_id: str | None = None
    group_id: str | None = None
    consistencygroup_id: str | None = None
    multiattach: bool | str | None = None


class CreateVolume(
    Struct, forbid_unknown_fields=True, rename={"hints": "OS-SCH-HNT:scheduler_hints"}
):
    """hints: read by nobody, there being one place for a volume."""

    volume: NewVolume
    hints: dict[str, Any] | None = None


KNOWN = frozenset(one.encode_name for one in fields(NewVolume))


class ChangedVolume(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType | None = UNSET
    display_name: Name | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    display_description: Text | UnsetType | None = UNSET
    metadata: Said | UnsetType | None = UNSET


class UpdateVolume(Struct, forbid_unknown_fields=True):
    volume: ChangedVolume


class Metadata(Struct, forbid_unknown_fields=True):
    metadata: Said


class Meta(Struct, forbid_unknown_fields=True):
    meta: Said


async def create_volume(call: Call) -> dict[str, Any]:
    body: NewVolume = call.body.volume
    if call.at_least("3.53"):
        refuse_unknown(call.data["volume"], KNOWN)
    if body.backup_id:
        return await _of_backup(call, body)
    request = creating.VolumeRequest(
        size=None if body.size is None else gib(body.size),
        name=trimmed(body.name if body.name is not None else body.display_name),
        description=body.description or body.display_description,
        metadata=dict(body.metadata or {}),
        volume_type=body.volume_type,
        availability_zone=body.availability_zone,
        image_id=uuid(body.image_ref or body.image_id, "imageRef"),
        snapshot_id=uuid(body.snapshot_id, "snapshot_id"),
        source_volid=uuid(body.source_volid, "source_volid"),
        group_id=uuid(body.group_id, "group_id"),
    )
    made = await creating.create_volume(call.service, call.caller, request)
    call.headers["Location"] = f"{listing.root(call)}/volumes/{made.id}"
    return {"volume": (await views.volume_views(call, [made], whole=False))[0]}


async def _of_backup(call: Call, body: NewVolume) -> dict[str, Any]:
    made = await restore_backup(
        call.service,
        call.caller,
        body.backup_id or "",
        name=trimmed(body.name if body.name is not None else body.display_name),
        size=None if body.size is None else gib(body.size),
        description=body.description or body.display_description,
        metadata=dict(body.metadata or {}),
    )
    return {"volume": (await views.volume_views(call, [made], whole=False))[0]}


async def list_volumes(call: Call) -> dict[str, Any]:
    return await _list(call, "/volumes", detail=False)


async def list_volumes_detail(call: Call) -> dict[str, Any]:
    return await _list(call, "/volumes/detail", detail=True)


async def no_id(call: Call) -> None:
    """An id is missing in the URL, which clients have to be told."""
    raise no_volume("")


async def _list(call: Call, path: str, *, detail: bool) -> dict[str, Any]:
    block: BlockStorage = call.service
    if call.request.scope["path"].endswith("/volumes/"):
        raise no_volume("")
    session = block.kit.database.reader
    query = listing.asked(call, LISTED)
    found = await volumes.page(session, query)
    shown: list[dict[str, Any]] = [
        {"id": v.id, "name": v.name, "links": listing.links(call, f"/volumes/{v.id}")}
        for v in found
    ]
    if detail:
        shown = await views.volume_views(call, found)
    last = found[-1].id if found else ""
    answer = listing.page(call, "volumes", path, shown, last=last, query=query)
    if listing.wants_count(call):
        answer["count"] = await volumes.count(session, query)
    return answer


async def show_volume(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await get_volume(block.kit.database.reader, call.caller, call.params["volume_id"])
    return {"volume": (await views.volume_views(call, [found]))[0]}


async def update_volume(call: Call) -> dict[str, Any]:
    body: ChangedVolume = call.body.volume
    given = {
        "name": body.name if body.name is not UNSET else body.display_name,
        "description": (
            body.description if body.description is not UNSET else body.display_description
        ),
        "metadata": body.metadata,
    }
    values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
    if not values:
        raise BadRequest("There is nothing to change in the body.", code="invalid-body")
    if "metadata" in values and values["metadata"] is None:
        del values["metadata"]
    volume_id = call.params["volume_id"]
    changed = await updating.update_volume(call.service, call.caller, volume_id, **values)
    return {"volume": (await views.volume_views(call, [changed], whole=False))[0]}


async def delete_volume(call: Call) -> None:
    params = call.request.query_params
    force = call.at_least("3.23") and listing.truth(params.get("force", "0"))
    if force:
        call.api.policy.check(call.caller, "volume:force_delete")
    await deleting.delete_volume(
        call.service,
        call.caller,
        call.params["volume_id"],
        cascade=listing.truth(params.get("cascade", "0")),
        force=force,
    )


async def show_summary(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    everyone = call.caller.reads_all and listing.truth(
        call.request.query_params.get("all_tenants", "0")
    )
    project_id = None if everyone else call.caller.project_id or ""
    count, size = await volumes.summary(session, project_id)
    summary: dict[str, Any] = {"total_count": count, "total_size": size}
    if call.at_least("3.36"):
        summary["metadata"] = await volumes.all_metadata(session, project_id)
    return {"volume-summary": summary}


async def show_metadata(call: Call) -> dict[str, Any]:
    return {"metadata": await _metadata(call)}


async def add_metadata(call: Call) -> dict[str, Any]:
    said: dict[str, str] = call.body.metadata
    return {"metadata": await _change(call, lambda before: before | said)}


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
    await _change(call, updating.without(call.params["key"]))


async def _metadata(call: Call) -> dict[str, str]:
    block: BlockStorage = call.service
    found = await get_volume(block.kit.database.reader, call.caller, call.params["volume_id"])
    return dict(found.metadata)


async def _change(call: Call, change: updating.Change) -> dict[str, str]:
    volume_id = call.params["volume_id"]
    return await updating.change_metadata(call.service, call.caller, volume_id, "user", change)


async def show_encryption(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await get_volume(session, call.caller, call.params["volume_id"])
    kind = await types.find(session, found.volume_type_id) if found.volume_type_id else None
    return metadata_of(found, kind)


async def show_encryption_item(call: Call) -> dict[str, Any]:
    said, key = await show_encryption(call), call.params["key"]
    if key not in said:
        raise NotFound(f"The encryption of the volume does not say {key}.")
    return {key: said[key]}


_ONE = "/volumes/{volume_id}"
_CRYPT = "volume_extension:volume_encryption_metadata"
_SAID = f"{_ONE}/metadata"
ROUTES = (
    Route("GET", "/volumes", list_volumes, "volume:get_all"),
    Route("GET", "/volumes/detail", list_volumes_detail, "volume:get_all"),
    Route("GET", "/volumes/summary", show_summary, "volume:get_all", since="3.12"),
    Route("POST", "/volumes", create_volume, "volume:create", body=CreateVolume, status=202),
    Route("PUT", "/volumes", no_id, "volume:update"),
    Route("DELETE", "/volumes", no_id, "volume:delete"),
    Route("GET", _ONE, show_volume, "volume:get"),
    Route("PUT", _ONE, update_volume, "volume:update", body=UpdateVolume),
    Route("DELETE", _ONE, delete_volume, "volume:delete", status=202),
    Route("GET", f"{_ONE}/encryption", show_encryption, _CRYPT),
    Route("GET", f"{_ONE}/encryption/{{key}}", show_encryption_item, _CRYPT),
    Route("GET", _SAID, show_metadata, "volume:get_volume_metadata"),
    Route("POST", _SAID, add_metadata, "volume:create_volume_metadata", body=Metadata),
    Route("PUT", _SAID, set_metadata, "volume:update_volume_metadata", body=Metadata),
    Route("GET", f"{_SAID}/{{key}}", show_item, "volume:get_volume_metadata"),
    Route("PUT", f"{_SAID}/{{key}}", set_item, "volume:update_volume_metadata", body=Meta),
    Route("DELETE", f"{_SAID}/{{key}}", delete_item, "volume:delete_volume_metadata"),
)
