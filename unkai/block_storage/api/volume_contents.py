"""POST /volumes/{id}/action: what concerns a volume's contents or place; /manageable_volumes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Struct

from unkai.block_storage.actions import change_contents as changing
from unkai.block_storage.actions import retype_volume as retyping
from unkai.block_storage.actions.manage_volume import manage_volume, unmanage_volume
from unkai.block_storage.actions.migrate_volume import complete_migration, migrate_volume
from unkai.block_storage.actions.upload_volume import UploadRequest, upload_volume
from unkai.block_storage.api import views
from unkai.block_storage.api.shapes import Id, Name, Said, Switch, Text, switch
from unkai.block_storage.api.volume_actions import PATH
from unkai.block_storage.model import GIB
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import types
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route
from unkai.kit.http import since as first


class Upload(Struct, forbid_unknown_fields=True):
    image_name: Name
    disk_format: Name | None = None
    container_format: Name | None = None
    force: Switch = False
    visibility: Annotated[
        Literal["public", "private", "shared", "community"] | None, first("3.1")
    ] = None
    protected: Annotated[Switch, first("3.1")] = False


class Reimage(Struct, forbid_unknown_fields=True):
    image_id: Id
    reimage_reserved: Switch = False


class Revert(Struct, forbid_unknown_fields=True):
    snapshot_id: Id


class Retype(Struct, forbid_unknown_fields=True):
    new_type: Id
    migration_policy: Literal["never", "on-demand"] | None = "never"


class Migrate(Struct, forbid_unknown_fields=True):
    host: Id | None = None
    cluster: Annotated[Id | None, first("3.16")] = None
    force_host_copy: Switch = False
    lock_volume: Switch = False


class Migrated(Struct, forbid_unknown_fields=True):
    new_volume: Id
    error: Switch = False


class Managed(Struct, forbid_unknown_fields=True):
    host: Id
    ref: dict[str, Any]
    name: Name | None = None
    description: Text | None = None
    volume_type: str | None = None
    availability_zone: str | None = None
    metadata: Said | None = None
    bootable: Switch = False
    cluster: Name | None = None


class ManageVolume(Struct, forbid_unknown_fields=True):
    volume: Managed


async def upload(call: Call) -> dict[str, Any]:
    body: Upload = call.body
    block: BlockStorage = call.service
    if body.visibility == "public" and not call.caller.is_admin:
        raise Forbidden("Only an administrator may make an image public.", code="policy")
    request = UploadRequest(
        image_name=body.image_name,
        disk_format=body.disk_format or "raw",
        container_format=body.container_format or "bare",
        force=switch(body.force, "force"),
        visibility=body.visibility or "shared",
        protected=switch(body.protected, "protected"),
    )
    volume, image = await upload_volume(block, call.caller, call.params["volume_id"], request)
    session = block.kit.database.reader
    kind = await types.find(session, volume.volume_type_id) if volume.volume_type_id else None
    shown: dict[str, Any] = {
        "id": volume.id,
        "status": volume.status,
        "size": volume.size,
        "updated_at": views.at(volume.updated_at),
        "display_description": volume.description,
        "volume_type": views.type_view(call, kind, brief=True) if kind else None,
        "image_id": image.id,
        "image_name": image.name,
        "disk_format": image.disk_format,
        "container_format": image.container_format,
    }
    if call.at_least("3.1"):
        shown |= {"visibility": image.visibility.value, "protected": image.protected}
    return {"os-volume_upload_image": shown}


async def reimage(call: Call) -> None:
    body: Reimage = call.body
    await changing.reimage_volume(
        call.service,
        call.caller,
        call.params["volume_id"],
        body.image_id,
        reserved=switch(body.reimage_reserved, "reimage_reserved"),
    )


async def revert(call: Call) -> None:
    await changing.revert_volume(
        call.service, call.caller, call.params["volume_id"], call.body.snapshot_id
    )


async def retype(call: Call) -> None:
    body: Retype = call.body
    await retyping.retype_volume(
        call.service,
        call.caller,
        call.params["volume_id"],
        body.new_type,
        migrates=body.migration_policy == "on-demand",
    )


async def migrate(call: Call) -> None:
    """Copies are made by the host whatever force_host_copy says: no backend knows another way."""
    body: Migrate = call.body
    switch(body.force_host_copy, "force_host_copy")
    if (body.host is None) is (body.cluster is None):
        raise BadRequest("A volume is migrated to a host, or else to a cluster.", code="no-backend")
    if body.host is None:
        raise BadRequest("There are no clusters to migrate to.", code="no-backend")
    locks = switch(body.lock_volume, "lock_volume")
    volume_id = call.params["volume_id"]
    await migrate_volume(call.service, call.caller, volume_id, body.host, locks=locks)


async def complete(call: Call) -> dict[str, Any]:
    body: Migrated = call.body
    switch(body.error, "error")
    volume_id = call.params["volume_id"]
    found = await complete_migration(call.service, call.caller, volume_id, body.new_volume)
    return {"save_volume_id": found}


async def unmanage(call: Call) -> None:
    await unmanage_volume(call.service, call.caller, call.params["volume_id"])


async def manage(call: Call) -> dict[str, Any]:
    body: Managed = call.body.volume
    name = body.ref.get("source-name")
    if not isinstance(name, str):
        raise BadRequest("The ref must have a source-name.", code="not-manageable")
    made = await manage_volume(
        call.service,
        call.caller,
        body.host,
        name,
        volume_type=body.volume_type,
        name=body.name,
        description=body.description,
        metadata=dict(body.metadata or {}),
        bootable=switch(body.bootable, "bootable"),
    )
    return {"volume": (await views.volume_views(call, [made]))[0]}


async def list_manageable(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    host = call.request.query_params.get("host", block.backends[0].pool)
    backend = block.named(host)
    if backend is None:
        raise BadRequest(f"Service {host[:80]} could not be found.", code="no-backend")
    kept = (await backend.driver.census()).kept
    shown = [
        {
            "reference": {"source-name": name},
            "size": -(-size // GIB),
            "safe_to_manage": True,
            "reason_not_safe": None,
            "cinder_id": None,
            "extra_info": None,
        }
        for name, size in sorted(kept.items())
    ]
    return {"manageable-volumes": shown}


def _verb(name: str, handler: Any, body: Any, *, rule: str, since: str = "3.0") -> Route:
    return Route("POST", PATH, handler, rule, action=name, body=body, status=202, since=since)


_ADMIN = "volume_extension:volume_admin_actions"
_LIST = "volume_extension:list_manageable"
ROUTES = (
    _verb(
        "os-volume_upload_image",
        upload,
        Upload,
        rule="volume_extension:volume_actions:upload_image",
    ),
    _verb("os-reimage", reimage, Reimage, rule="volume:reimage", since="3.68"),
    _verb("revert", revert, Revert, rule="volume:revert_to_snapshot", since="3.40"),
    _verb("os-retype", retype, Retype, rule="volume:retype"),
    _verb("os-migrate_volume", migrate, Migrate, rule=f"{_ADMIN}:migrate_volume"),
    _verb(
        "os-migrate_volume_completion",
        complete,
        Migrated,
        rule=f"{_ADMIN}:migrate_volume_completion",
    ),
    _verb("os-unmanage", unmanage, Any, rule="volume_extension:volume_unmanage"),
    Route("GET", "/manageable_volumes", list_manageable, _LIST, since="3.8"),
    Route("GET", "/manageable_volumes/detail", list_manageable, _LIST, since="3.8"),
    Route(
        "POST",
        "/manageable_volumes",
        manage,
        "volume_extension:volume_manage",
        body=ManageVolume,
        status=202,
        since="3.8",
    ),
    Route(
        "POST",
        "/os-volume-manage",
        manage,
        "volume_extension:volume_manage",
        body=ManageVolume,
        status=202,
    ),
    Route("GET", "/os-volume-manage", list_manageable, _LIST),
    Route("GET", "/os-volume-manage/detail", list_manageable, _LIST),
)
