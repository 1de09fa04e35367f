"""/nodes/{id}/vifs."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.baremetal.actions.attach_vif import attach_vif, detach_vif, vifs_of
from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.api.asked import ident
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class Vif(Struct):
    """Other keys are for drivers that know them."""

    id: Annotated[str, Meta(min_length=1, max_length=255)]
    port_uuid: str | None = None
    portgroup_uuid: str | None = None


async def list_vifs(call: Call) -> dict[str, Any]:
    found = await vifs_of(call.service, call.caller, ident(call))
    return {"vifs": [{"id": one} for one in found]}


async def post_vif(call: Call) -> None:
    body: Vif = call.body
    await _allowed(call, "attach")
    port, group = body.port_uuid, body.portgroup_uuid
    if not call.at_least("1.67"):
        port = group = None
    if port and group:
        raise BadRequest("Cannot specify both port_uuid and portgroup_uuid")
    await attach_vif(
        call.service, call.caller, ident(call), body.id, port_uuid=port, portgroup_uuid=group
    )


async def remove_vif(call: Call) -> None:
    await detach_vif(call.service, call.caller, ident(call), call.params["vif_ident"])


async def remove_no_vif(call: Call) -> None:
    await _allowed(call, "detach")
    raise BadRequest("Missing argument: the id of the VIF to detach.")


async def _allowed(call: Call, verb: str) -> None:
    baremetal: Baremetal = call.service
    rule = f"baremetal:node:vif:{verb}"
    await permitted_node(baremetal.kit.database.reader, call.caller, ident(call), rule)


_VIFS = "/nodes/{node_ident}/vifs"
_DETACH = "baremetal:node:vif:detach"
ROUTES = (
    Route("GET", _VIFS, list_vifs, policy="baremetal:node:vif:list", since="1.28"),
    Route(
        "POST",
        _VIFS,
        post_vif,
        policy="baremetal:node:vif:attach",
        body=Vif,
        status=204,
        since="1.28",
    ),
    Route("DELETE", _VIFS, remove_no_vif, policy=_DETACH, status=204, since="1.28"),
    Route(
        "DELETE",
        f"{_VIFS}/{{vif_ident}}",
        remove_vif,
        policy=_DETACH,
        status=204,
        since="1.28",
    ),
)
