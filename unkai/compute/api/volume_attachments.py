"""/servers/{id}/os-volume_attachments: the volumes of a server."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from unkai.compute.actions.attach_volume import (
    attach_volume,
    detach_volume,
    keep_volume,
    volume_of,
)
from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.swap_volume import swap_volume
from unkai.compute.api import shapes
from unkai.compute.model import Server, ServerVolume
from unkai.compute.service import Compute
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.http import Call, Route, since

PATH = "/servers/{server_id}/os-volume_attachments"
Device = Annotated[
    str, msgspec.Meta(max_length=255, pattern=r"(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$")
]


class NewAttachment(Struct, forbid_unknown_fields=True):
    volumeId: shapes.Uuid  # noqa: N815
    device: Device | None = None
    tag: Annotated[shapes.Tag | None, since("2.49")] = None
    delete_on_termination: Annotated[shapes.Switch, since("2.79")] = False


class AttachVolume(Struct, forbid_unknown_fields=True):
    volumeAttachment: NewAttachment  # noqa: N815


class ChangedAttachment(Struct, forbid_unknown_fields=True):
    volumeId: shapes.Uuid  # noqa: N815
    id: Annotated[shapes.Uuid | UnsetType, since("2.85")] = UNSET
    serverId: Annotated[shapes.Uuid | UnsetType, since("2.85")] = UNSET  # noqa: N815
    device: Annotated[Device | UnsetType | None, since("2.85")] = UNSET
    tag: Annotated[shapes.Tag | UnsetType | None, since("2.85")] = UNSET
    delete_on_termination: Annotated[shapes.Switch | UnsetType, since("2.85")] = UNSET


class UpdateAttachment(Struct, forbid_unknown_fields=True):
    volumeAttachment: ChangedAttachment  # noqa: N815


class ListQuery(Struct):
    limit: Annotated[int, msgspec.Meta(ge=0)] | None = None
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0


def _view(call: Call, server: Server, volume: ServerVolume, *, new: bool = False) -> dict[str, Any]:
    """new: the answer to its creation, which says less."""
    shown: dict[str, Any] = {
        "serverId": server.id,
        "volumeId": volume.volume_id,
        "device": volume.device,
    }
    if new or not call.at_least("2.89"):
        shown["id"] = volume.volume_id
    elif not new:
        shown["attachment_id"] = volume.attachment_id
        shown["bdm_uuid"] = volume.id
    if call.at_least("2.70"):
        shown["tag"] = volume.tag
    if call.at_least("2.79"):
        shown["delete_on_termination"] = volume.delete_on_termination
    return shown


async def _server(call: Call) -> Server:
    compute: Compute = call.service
    return await find_server(compute.kit.database.reader, call.caller, call.params["server_id"])


async def list_attachments(call: Call) -> dict[str, Any]:
    server, query = await _server(call), call.query(ListQuery)
    end = None if query.limit is None else query.offset + query.limit
    shown = server.volumes[query.offset : end]
    return {"volumeAttachments": [_view(call, server, volume) for volume in shown]}


async def show_attachment(call: Call) -> dict[str, Any]:
    server = await _server(call)
    volume = volume_of(server, call.params["volume_id"])
    return {"volumeAttachment": _view(call, server, volume)}


async def create_attachment(call: Call) -> dict[str, Any]:
    asked: NewAttachment = call.body.volumeAttachment
    server = await _server(call)
    if asked.device is not None and asked.device in {one.device for one in server.volumes}:
        raise Conflict(f"The supplied device path ({asked.device}) is in use.", code="device-used")
    server, volume = await attach_volume(
        call.service,
        call.caller,
        server.id,
        asked.volumeId,
        tag=asked.tag,
        delete_on_termination=shapes.switch(asked.delete_on_termination, "delete_on_termination"),
        request_id=call.request_id,
    )
    return {"volumeAttachment": _view(call, server, volume, new=True)}


async def update_attachment(call: Call) -> None:
    """What becomes of the volume with the server; another id: that volume in its place."""
    asked: ChangedAttachment = call.body.volumeAttachment
    swaps = asked.volumeId != call.params["volume_id"] or not call.at_least("2.85")
    if swaps:
        call.api.policy.check(call.caller, f"{_RULE}swap")
    server = await _server(call)
    volume = volume_of(server, call.params["volume_id"])
    same = {
        "id": (asked.id, volume.volume_id),
        "serverId": (asked.serverId, server.id),
        "device": (asked.device, volume.device),
        "tag": (asked.tag, volume.tag),
    }
    for name, (said, found) in same.items():
        if said is not UNSET and said != found:
            raise BadRequest(f"The {name} of an attachment cannot be changed.")
    if asked.delete_on_termination is not UNSET:
        goes = shapes.switch(asked.delete_on_termination, "delete_on_termination")
        await keep_volume(
            call.service, call.caller, server.id, volume.volume_id, delete_on_termination=goes
        )
    if swaps:
        await swap_volume(
            call.service,
            call.caller,
            server.id,
            volume.volume_id,
            asked.volumeId,
            request_id=call.request_id,
        )


async def delete_attachment(call: Call) -> None:
    await detach_volume(
        call.service,
        call.caller,
        call.params["server_id"],
        call.params["volume_id"],
        request_id=call.request_id,
    )


_RULE = "os_compute_api:os-volumes-attachments:"
_ONE = f"{PATH}/{{volume_id}}"

ROUTES = (
    Route(
        "GET",
        PATH,
        list_attachments,
        policy=f"{_RULE}index",
        query=ListQuery,
        summary="List a server's volumes",
    ),
    Route(
        "POST",
        PATH,
        create_attachment,
        policy=f"{_RULE}create",
        body=AttachVolume,
        summary="Attach a volume to a server",
    ),
    Route("GET", _ONE, show_attachment, policy=f"{_RULE}show", summary="Show a server's volume"),
    Route(
        "PUT",
        _ONE,
        update_attachment,
        policy=f"{_RULE}update",
        body=UpdateAttachment,
        status=202,
        summary="Swap a server's volume, or say what becomes of it when the server goes",
    ),
    Route(
        "DELETE",
        _ONE,
        delete_attachment,
        policy=f"{_RULE}delete",
        status=202,
        summary="Detach a volume from a server",
    ),
)
