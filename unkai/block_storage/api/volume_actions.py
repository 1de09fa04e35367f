"""POST /volumes/{id}/action: what changes a volume itself, or what is said of it."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.block_storage.actions import update_volume as updating
from unkai.block_storage.actions.delete_volume import delete_volume
from unkai.block_storage.actions.extend_volume import complete_extension, extend_volume
from unkai.block_storage.actions.find import get_volume
from unkai.block_storage.api.shapes import Key, Said, Switch, gib, switch
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import ATTACH_STATUSES, MIGRATION_STATUSES, VOLUME_STATUSES
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class Extend(Struct, forbid_unknown_fields=True):
    new_size: int | str


class Extended(Struct, forbid_unknown_fields=True):
    error: Switch = False


class Bootable(Struct, forbid_unknown_fields=True):
    bootable: Switch


class Readonly(Struct, forbid_unknown_fields=True):
    readonly: Switch


class Reset(Struct, forbid_unknown_fields=True):
    status: str | None = None
    attach_status: str | None = None
    migration_status: str | None = None


class ImageMetadata(Struct, forbid_unknown_fields=True):
    metadata: Said


class UnsetImageMetadata(Struct, forbid_unknown_fields=True):
    key: Key


async def extend(call: Call) -> None:
    size = gib(call.body.new_size, "new_size")
    attached = call.at_least("3.42")
    await extend_volume(
        call.service, call.caller, call.params["volume_id"], size, attached=attached
    )


async def complete_extend(call: Call) -> None:
    failed = switch(call.body.error, "error")
    await complete_extension(call.service, call.caller, call.params["volume_id"], failed=failed)


async def set_bootable(call: Call) -> None:
    bootable = switch(call.body.bootable, "bootable")
    volume_id = call.params["volume_id"]
    await updating.update_volume(call.service, call.caller, volume_id, bootable=bootable)


async def set_readonly(call: Call) -> None:
    readonly = switch(call.body.readonly, "readonly")
    volume_id = call.params["volume_id"]
    await updating.set_readonly(call.service, call.caller, volume_id, readonly=readonly)


async def reset_status(call: Call) -> None:
    body: Reset = call.body
    status = known(body.status, "status", VOLUME_STATUSES)
    await updating.reset_status(
        call.service,
        call.caller,
        call.params["volume_id"],
        status=status,
        attach_status=known(body.attach_status, "attach_status", ATTACH_STATUSES),
        migration_status=known(body.migration_status, "migration_status", MIGRATION_STATUSES),
    )


def known(value: str | None, name: str, values: frozenset[str]) -> str | None:
    if value is None:
        return None
    said = value.lower()
    if said not in values:
        raise BadRequest(f"Must specify a valid {name}: {value[:80]!r} is none.")
    return said


async def force_delete(call: Call) -> None:
    await delete_volume(call.service, call.caller, call.params["volume_id"], force=True)


async def set_image_metadata(call: Call) -> dict[str, Any]:
    said: dict[str, str] = call.body.metadata
    found = await _image(call, lambda before: {**before, **said})
    return {"metadata": found}


async def unset_image_metadata(call: Call) -> None:
    await _image(call, updating.without(call.body.key))


async def show_image_metadata(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await get_volume(block.kit.database.reader, call.caller, call.params["volume_id"])
    return {"metadata": dict(found.image_metadata)}


async def _image(call: Call, change: updating.Change) -> dict[str, str]:
    volume_id = call.params["volume_id"]
    return await updating.change_metadata(call.service, call.caller, volume_id, "image", change)


PATH = "/volumes/{volume_id}/action"
_E = "volume_extension:"
ROUTES = (
    Route("POST", PATH, extend, "volume:extend", action="os-extend", body=Extend, status=202),
    Route(
        "POST",
        PATH,
        complete_extend,
        f"{_E}volume_admin_actions:extend_volume_complete",
        action="os-extend_volume_completion",
        body=Extended,
        status=202,
        since="3.71",
    ),
    Route(
        "POST",
        PATH,
        set_bootable,
        "volume_extension:volume_actions:set_bootable",
        action="os-set_bootable",
        body=Bootable,
    ),
    Route(
        "POST",
        PATH,
        set_readonly,
        f"{_E}volume_actions:update_readonly_flag",
        action="os-update_readonly_flag",
        body=Readonly,
        status=202,
    ),
    Route(
        "POST",
        PATH,
        reset_status,
        f"{_E}volume_admin_actions:reset_status",
        action="os-reset_status",
        body=Reset,
        status=202,
    ),
    Route(
        "POST",
        PATH,
        force_delete,
        f"{_E}volume_admin_actions:force_delete",
        action="os-force_delete",
        body=Any,
        status=202,
    ),
    Route(
        "POST",
        PATH,
        set_image_metadata,
        f"{_E}volume_image_metadata:set",
        action="os-set_image_metadata",
        body=ImageMetadata,
    ),
    Route(
        "POST",
        PATH,
        unset_image_metadata,
        f"{_E}volume_image_metadata:remove",
        action="os-unset_image_metadata",
        body=UnsetImageMetadata,
    ),
    Route(
        "POST",
        PATH,
        show_image_metadata,
        f"{_E}volume_image_metadata:show",
        action="os-show_image_metadata",
        body=Any,
    ),
)
