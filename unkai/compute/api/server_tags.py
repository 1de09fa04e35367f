"""/servers/{id}/tags, since 2.26."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct
from starlette.responses import Response

from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.update_server import add_tag, remove_tag, set_tags
from unkai.compute.api import shapes
from unkai.compute.service import Compute
from unkai.compute.store import tags
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

PATH = "/servers/{server_id}/tags"


class TagsBody(Struct, forbid_unknown_fields=True):
    tags: shapes.Tags


async def _tags(call: Call) -> list[str]:
    compute: Compute = call.service
    reader = compute.kit.database.reader
    server = await find_server(reader, call.caller, call.params["server_id"])
    return (await tags.tags_of(reader, [server.id]))[server.id]


async def list_tags(call: Call) -> dict[str, Any]:
    return {"tags": await _tags(call)}


async def check_tag(call: Call) -> Response:
    if call.params["tag"] not in await _tags(call):
        raise NotFound(
            f"Server {call.params['server_id']} has no tag '{call.params['tag']}'",
            code="tag-unknown",
        )
    return Response(status_code=204)


async def put_tag(call: Call) -> Response:
    try:
        tag = msgspec.convert(call.params["tag"], shapes.Tag)
    except msgspec.ValidationError as error:
        raise BadRequest(f"Tag '{call.params['tag']}' is invalid: {error}.") from error
    server_id = call.params["server_id"]
    if not await add_tag(call.service, call.caller, server_id, tag):
        return Response(status_code=204)
    where = f"{call.url}/servers/{server_id}/tags/{quote(tag)}"
    return Response(status_code=201, headers={"Location": where})


async def replace_tags(call: Call) -> dict[str, Any]:
    wanted: list[str] = call.body.tags
    return {"tags": await set_tags(call.service, call.caller, call.params["server_id"], wanted)}


async def delete_tags(call: Call) -> None:
    await set_tags(call.service, call.caller, call.params["server_id"], [])


async def delete_tag(call: Call) -> None:
    await remove_tag(call.service, call.caller, call.params["server_id"], call.params["tag"])


def _route(method: str, path: str, handler: Any, rule: str, **more: Any) -> Route:
    return Route(
        method,
        f"{PATH}{path}",
        handler,
        policy=f"os_compute_api:os-server-tags:{rule}",
        since="2.26",
        **more,
    )


ROUTES = (
    _route("GET", "", list_tags, "index", summary="List a server's tags"),
    _route("PUT", "", replace_tags, "update_all", body=TagsBody),
    _route("DELETE", "", delete_tags, "delete_all", status=204),
    _route("GET", "/{tag}", check_tag, "show", status=204),
    _route("PUT", "/{tag}", put_tag, "update", status=201),
    _route("DELETE", "/{tag}", delete_tag, "delete", status=204),
)
