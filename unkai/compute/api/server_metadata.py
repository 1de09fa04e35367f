"""/servers/{id}/metadata, all of it and by key."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.update_server import change_metadata
from unkai.compute.api import shapes
from unkai.compute.service import Compute
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

PATH = "/servers/{server_id}/metadata"
Metadata = dict[str, str]


class MetadataBody(Struct, forbid_unknown_fields=True):
    metadata: shapes.Metadata


class ItemBody(Struct, forbid_unknown_fields=True):
    meta: shapes.Metadata


async def _metadata(call: Call) -> Metadata:
    compute: Compute = call.service
    reader = compute.kit.database.reader
    return (await find_server(reader, call.caller, call.params["server_id"])).metadata


async def list_metadata(call: Call) -> dict[str, Any]:
    return {"metadata": await _metadata(call)}


async def show_item(call: Call) -> dict[str, Any]:
    key = call.params["key"]
    found = await _metadata(call)
    if key not in found:
        raise NotFound("Metadata item was not found", code="metadata-unknown")
    return {"meta": {key: found[key]}}


async def update_metadata(call: Call) -> dict[str, Any]:
    """Add to what is there."""
    given: Metadata = call.body.metadata
    server_id = call.params["server_id"]
    became = await change_metadata(
        call.service, call.caller, server_id, lambda had: {**had, **given}
    )
    return {"metadata": became}


async def replace_metadata(call: Call) -> dict[str, Any]:
    given: Metadata = call.body.metadata
    server_id = call.params["server_id"]
    became = await change_metadata(call.service, call.caller, server_id, lambda _: dict(given))
    return {"metadata": became}


async def set_item(call: Call) -> dict[str, Any]:
    key, given = call.params["key"], call.body.meta
    if len(given) != 1:
        raise BadRequest("Request body contains too many items")
    if key not in given:
        raise BadRequest("Request body and URI mismatch")
    server_id = call.params["server_id"]
    await change_metadata(call.service, call.caller, server_id, lambda had: {**had, **given})
    return {"meta": given}


async def delete_item(call: Call) -> None:
    key = call.params["key"]

    def drop(had: Metadata) -> Metadata:
        if key not in had:
            raise NotFound("Metadata item was not found", code="metadata-unknown")
        del had[key]
        return had

    await change_metadata(call.service, call.caller, call.params["server_id"], drop)


_RULE = "os_compute_api:server-metadata:"

ROUTES = (
    Route("GET", PATH, list_metadata, policy=f"{_RULE}index", summary="List a server's metadata"),
    Route("POST", PATH, update_metadata, policy=f"{_RULE}create", body=MetadataBody),
    Route("PUT", PATH, replace_metadata, policy=f"{_RULE}update_all", body=MetadataBody),
    Route("GET", f"{PATH}/{{key}}", show_item, policy=f"{_RULE}show"),
    Route("PUT", f"{PATH}/{{key}}", set_item, policy=f"{_RULE}update", body=ItemBody),
    Route("DELETE", f"{PATH}/{{key}}", delete_item, policy=f"{_RULE}delete", status=204),
)
