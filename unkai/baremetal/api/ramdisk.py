"""/lookup, /heartbeat, /continue_inspection: the agents' doors, by a token of their own."""

from __future__ import annotations

from typing import Any, cast

from msgspec import Struct

from unkai.baremetal.actions.continue_inspection import continue_inspection
from unkai.baremetal.actions.heartbeat import heartbeat
from unkai.baremetal.actions.look_up import look_up
from unkai.baremetal.api.links import links
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class Beat(Struct):
    callback_url: str
    agent_version: str | None = None
    agent_token: str | None = None
    agent_verify_ca: str | None = None
    agent_status: str | None = None
    agent_status_message: str | None = None


async def get_lookup(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    given = call.request.query_params
    addresses = [part for part in given.get("addresses", "").split(",") if part]
    node, token = await look_up(
        baremetal, addresses, given.get("node_uuid"), request_id=call.request_id
    )
    return {
        "node": {
            "uuid": node.uuid,
            "properties": node.properties,
            "instance_info": {k: v for k, v in node.instance_info.items() if k == "root_device"},
            "driver_internal_info": {},
            "links": links(call, "nodes", node.uuid),
        },
        "config": {
            "heartbeat_timeout": baremetal.settings.heartbeat_timeout_s,
            "agent_token": token,
            "agent_token_required": True,
            "metrics": {},
            "metrics_statsd": {},
        },
    }


async def post_heartbeat(call: Call) -> None:
    beat: Beat = call.body
    if not beat.callback_url.startswith(("http://", "https://")):
        raise BadRequest("callback_url must be an http or https URL.")
    told = {name: getattr(beat, name) for name in beat.__struct_fields__}
    client = call.request.client
    await heartbeat(
        call.service,
        call.params["node_ident"],
        told,
        request_id=call.request_id,
        source=client.host if client else "nowhere",
    )


async def post_heartbeat_of_nobody(call: Call) -> None:
    raise BadRequest("Missing argument: the node that the heartbeat is of.")


async def post_continue_inspection(call: Call) -> dict[str, Any]:
    body = cast("dict[str, Any]", call.body)
    inventory: Any = body.get("inventory")
    if not isinstance(inventory, dict):
        raise BadRequest("The body has no inventory.", code="inventory-invalid")
    rest = {name: value for name, value in body.items() if name != "inventory"}
    told = cast("dict[str, Any]", inventory)
    node = await continue_inspection(call.service, told, rest, request_id=call.request_id)
    return {"uuid": node.uuid, "links": links(call, "nodes", node.uuid)}


ROUTES = (
    Route("GET", "/lookup", get_lookup, policy=None, since="1.22"),
    Route(
        "POST",
        "/heartbeat/{node_ident}",
        post_heartbeat,
        policy=None,
        body=Beat,
        status=202,
        since="1.22",
    ),
    Route("POST", "/heartbeat", post_heartbeat_of_nobody, policy=None, since="1.22"),
    Route(
        "POST",
        "/continue_inspection",
        post_continue_inspection,
        policy=None,
        body=dict[str, Any],
        status=202,
    ),
)
