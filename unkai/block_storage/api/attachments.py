"""/attachments, and the older verbs of volumes that come and go."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from unkai.block_storage.actions import attachments as actions
from unkai.block_storage.actions.attach_volume import check_mode
from unkai.block_storage.actions.find import get_attachment
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed
from unkai.block_storage.api.shapes import Id, Name, uuid
from unkai.block_storage.api.views import at
from unkai.block_storage.api.volume_actions import PATH
from unkai.block_storage.connection import Connection
from unkai.block_storage.model import LUN, Attachment
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import attachments
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route, since

LISTED = Listed(
    sorts=frozenset({"id", "created_at", "volume_id", "attach_status", "instance_id"}),
    fields={
        "volume_id": "volume_id",
        "instance_id": "instance_id",
        "instance_uuid": "instance_id",
        "attach_status": "attach_status",
        "status": "attach_status",
        "attached_host": "attached_host",
        "id": "id",
    },
    pairs={},
)
Connector = dict[str, Any]


class NewAttachment(Struct, forbid_unknown_fields=True):
    volume_uuid: Id
    instance_uuid: str | None = None
    connector: Connector | None = None
    mode: Annotated[str, since("3.54")] = "rw"


class CreateAttachment(Struct, forbid_unknown_fields=True):
    attachment: NewAttachment


class ConnectedAttachment(Struct, forbid_unknown_fields=True):
    connector: Connector


class UpdateAttachment(Struct, forbid_unknown_fields=True):
    attachment: ConnectedAttachment


class Attach(Struct, forbid_unknown_fields=True):
    instance_uuid: str | None = None
    host_name: Name | None = None
    mountpoint: Name | None = None
    mode: str = "rw"


class Detach(Struct, forbid_unknown_fields=True):
    attachment_id: str | None = None
    connector: Connector | None = None


class Connect(Struct, forbid_unknown_fields=True):
    connector: Connector


def connection_info(call: Call, connection: Connection) -> dict[str, Any]:
    """A connection as clients of the API read it; where the data lies is services' to know.

    A target of iSCSI is for whoever asked for it: its secret is his alone.
    """
    if not (call.caller.is_admin or "service" in call.caller.roles):
        target = connection.target if connection.driver == "iscsi" else {}
        connection = msgspec.structs.replace(connection, layers=(), target=target)
    data = msgspec.to_builtins(connection)
    kind = "local" if connection.driver == "file" else connection.driver
    top = connection.layers[0] if connection.layers else None
    more: dict[str, Any] = {
        "device_path": top.path if top else None,
        "access_mode": "ro" if connection.read_only else "rw",
        "encrypted": connection.encrypted,
        "qos_specs": connection.qos or None,
    }
    if connection.driver == "iscsi":
        more |= {"target_lun": LUN, "target_discovered": False}
    return {"driver_volume_type": kind, "data": {**data, **connection.target, **more}}


def _view(call: Call, one: Attachment, connection: Connection | None = None) -> dict[str, Any]:
    info = connection_info(call, connection) if connection else {}
    return {
        "id": one.id,
        "volume_id": one.volume_id,
        "instance": one.instance_id,
        "status": one.attach_status,
        "attach_mode": one.attach_mode,
        "attached_at": at(one.attached_at) or "",
        "detached_at": "",
        "connection_info": {**info.get("data", {}), **_kind(info)} if info else {},
    }


def _kind(info: dict[str, Any]) -> dict[str, Any]:
    return {"driver_volume_type": info["driver_volume_type"]}


async def create_attachment(call: Call) -> dict[str, Any]:
    body: NewAttachment = call.body.attachment
    instance_id = uuid(body.instance_uuid, "instance_uuid")
    made, connection = await actions.create_attachment(
        call.service,
        call.caller,
        body.volume_uuid,
        instance_id,
        mode=check_mode(body.mode),
        connector=body.connector or None,
    )
    return {"attachment": _view(call, made, connection)}


async def list_attachments(call: Call) -> dict[str, Any]:
    found, query = await _page(call)
    shown = [
        {
            "id": one.id,
            "volume_id": one.volume_id,
            "instance": one.instance_id,
            "status": one.attach_status,
        }
        for one in found
    ]
    last = found[-1].id if found else ""
    return listing.page(call, "attachments", "/attachments", shown, last=last, query=query)


async def list_attachments_detail(call: Call) -> dict[str, Any]:
    found, query = await _page(call)
    shown = [_view(call, one) for one in found]
    last = found[-1].id if found else ""
    return listing.page(call, "attachments", "/attachments/detail", shown, last=last, query=query)


async def _page(call: Call) -> tuple[list[Attachment], Any]:
    block: BlockStorage = call.service
    query = listing.asked(call, LISTED)
    return await attachments.page(block.kit.database.reader, query), query


async def show_attachment(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    found = await get_attachment(session, call.caller, call.params["attachment_id"])
    return {"attachment": _view(call, found)}


async def update_attachment(call: Call) -> dict[str, Any]:
    connector = call.body.attachment.connector
    if not connector:
        raise BadRequest("Must specify a connector.", code="no-connector")
    attachment_id = call.params["attachment_id"]
    found, connection = await actions.update_attachment(
        call.service, call.caller, attachment_id, connector
    )
    return {"attachment": _view(call, found, connection)}


async def complete_attachment(call: Call) -> None:
    await actions.complete_attachment(call.service, call.caller, call.params["attachment_id"])


async def delete_attachment(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    volume_id = await actions.delete_attachment(block, call.caller, call.params["attachment_id"])
    left = await attachments.of_volume(block.kit.database.reader, volume_id)
    return {"attachments": [_view(call, one) for one in left]}


async def attach(call: Call) -> None:
    body: Attach = call.body
    instance_id = uuid(body.instance_uuid, "instance_uuid")
    if (instance_id is None) == (body.host_name is None):
        raise BadRequest("Invalid request to attach volume: say either instance_uuid or host_name.")
    await actions.attach(
        call.service,
        call.caller,
        call.params["volume_id"],
        instance_id=instance_id,
        attached_host=body.host_name,
        mountpoint=body.mountpoint,
        attach_mode=check_mode(body.mode),
    )


async def detach(call: Call) -> None:
    volume_id, body = call.params["volume_id"], call.body or Detach()
    await actions.detach(call.service, call.caller, volume_id, body.attachment_id)


async def force_detach(call: Call) -> None:
    volume_id, body = call.params["volume_id"], call.body or Detach()
    await actions.detach(call.service, call.caller, volume_id, body.attachment_id, force=True)


async def reserve(call: Call) -> None:
    await actions.reserve(call.service, call.caller, call.params["volume_id"])


async def unreserve(call: Call) -> None:
    await actions.unreserve(call.service, call.caller, call.params["volume_id"])


async def begin_detaching(call: Call) -> None:
    await actions.begin_detaching(call.service, call.caller, call.params["volume_id"])


async def roll_detaching(call: Call) -> None:
    await actions.roll_detaching(call.service, call.caller, call.params["volume_id"])


async def initialize_connection(call: Call) -> dict[str, Any]:
    volume_id = call.params["volume_id"]
    found = await actions.initialize_connection(
        call.service, call.caller, volume_id, call.body.connector
    )
    return {"connection_info": connection_info(call, found)}


async def terminate_connection(call: Call) -> None:
    await actions.terminate_connection(call.service, call.caller, call.params["volume_id"])


_ONE = "/attachments/{attachment_id}"
_V = "volume_extension:volume_actions"


def _verb(name: str, handler: Any, body: Any = Any, rule: str = "", status: int = 202) -> Route:
    return Route(
        "POST", PATH, handler, rule or f"{_V}:{name}", action=f"os-{name}", body=body, status=status
    )


ROUTES = (
    Route(
        "POST",
        "/attachments",
        create_attachment,
        "volume:attachment_create",
        body=CreateAttachment,
        since="3.27",
    ),
    Route("GET", "/attachments", list_attachments, "volume:attachment_get", since="3.27"),
    Route(
        "GET", "/attachments/detail", list_attachments_detail, "volume:attachment_get", since="3.27"
    ),
    Route("GET", _ONE, show_attachment, "volume:attachment_get", since="3.27"),
    Route(
        "PUT",
        _ONE,
        update_attachment,
        "volume:attachment_update",
        body=UpdateAttachment,
        since="3.27",
    ),
    Route("DELETE", _ONE, delete_attachment, "volume:attachment_delete", since="3.27"),
    Route(
        "POST",
        f"{_ONE}/action",
        complete_attachment,
        "volume:attachment_complete",
        action="os-complete",
        body=Any,
        status=204,
        since="3.44",
    ),
    _verb("attach", attach, Attach),
    _verb("detach", detach, Detach | None),
    _verb(
        "force_detach",
        force_detach,
        Detach | None,
        "volume_extension:volume_admin_actions:force_detach",
    ),
    _verb("reserve", reserve),
    _verb("unreserve", unreserve),
    _verb("begin_detaching", begin_detaching),
    _verb("roll_detaching", roll_detaching),
    _verb("initialize_connection", initialize_connection, Connect, status=200),
    _verb("terminate_connection", terminate_connection),
)
