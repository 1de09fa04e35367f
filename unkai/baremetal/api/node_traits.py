"""/nodes/{id}/traits."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct

from unkai.baremetal.actions import set_traits as changing
from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.api.asked import ident, need
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import BadRequest, MethodNotAllowed
from unkai.kit.http import Call, Route
from unkai.placement.names import is_custom, standard_traits


class Traits(Struct, forbid_unknown_fields=True):
    traits: list[str]


def check_trait(name: str) -> None:
    """BadRequest unless it is a known trait or a custom one."""
    if not is_custom(name) and name not in standard_traits():
        raise BadRequest(
            f"Invalid trait {name[:300]!r}: a standard trait's name is expected, or CUSTOM_ "
            "followed by capital letters, digits and underscores, of at most 255 characters.",
            code="trait-invalid",
        )


async def list_traits(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    rule = "baremetal:node:traits:list"
    node = await permitted_node(session, call.caller, ident(call), rule)
    return {"traits": node.traits}


async def put_traits(call: Call) -> None:
    body: Traits = call.body
    await _allowed(call, "set")
    for name in body.traits:
        check_trait(name)
    await changing.set_traits(call.service, call.caller, ident(call), body.traits)


async def put_trait(call: Call) -> None:
    trait = call.params["trait"]
    await _allowed(call, "set")
    check_trait(trait)
    if call.data is not UNSET and call.data:
        raise BadRequest("No body should be provided when adding a trait.")
    await changing.add_trait(call.service, call.caller, ident(call), trait)
    call.headers["Location"] = f"{call.url}/nodes/{call.params['node_ident']}/traits/{trait}"


async def remove_traits(call: Call) -> None:
    await changing.remove_traits(call.service, call.caller, ident(call))


async def remove_trait(call: Call) -> None:
    await changing.remove_trait(call.service, call.caller, ident(call), call.params["trait"])


async def _allowed(call: Call, verb: str) -> None:
    """Whose node it is comes before what is wrong with the request."""
    baremetal: Baremetal = call.service
    rule = f"baremetal:node:traits:{verb}"
    await permitted_node(baremetal.kit.database.reader, call.caller, ident(call), rule)


async def not_yet_shown(call: Call) -> None:
    await list_traits(call)
    need(call, "1.37")


async def not_yet_set(call: Call) -> None:
    raise MethodNotAllowed("Traits are there from API version 1.37 on.")


_TRAITS = "/nodes/{node_ident}/traits"
_TRAIT = f"{_TRAITS}/{{trait}}"
_LIST, _SET, _DELETE = (f"baremetal:node:traits:{verb}" for verb in ("list", "set", "delete"))
ROUTES = (
    Route("GET", _TRAITS, list_traits, policy=_LIST, since="1.37"),
    Route("PUT", _TRAITS, put_traits, policy=_SET, body=Traits, status=204, since="1.37"),
    Route("DELETE", _TRAITS, remove_traits, policy=_DELETE, status=204, since="1.37"),
    Route(
        "PUT",
        _TRAIT,
        put_trait,
        policy=_SET,
        body=Any,
        optional_body=True,
        status=204,
        since="1.37",
    ),
    Route("DELETE", _TRAIT, remove_trait, policy=_DELETE, status=204, since="1.37"),
    Route("GET", _TRAITS, not_yet_shown, policy=_LIST, until="1.36"),
    Route("PUT", _TRAITS, not_yet_set, policy=_SET, until="1.36"),
    Route("PUT", _TRAIT, not_yet_set, policy=_SET, until="1.36"),
)
