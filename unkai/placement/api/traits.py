"""/traits and /resource_providers/{uuid}/traits: what providers are like."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from starlette.responses import Response

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route
from unkai.placement import names
from unkai.placement.actions.names import delete_trait as forget
from unkai.placement.actions.names import ensure_traits, unknown_traits
from unkai.placement.actions.providers import need_provider, set_traits
from unkai.placement.api.answers import check_generation, date
from unkai.placement.api.query import check_keys, single
from unkai.placement.model import Provider
from unkai.placement.service import Placement
from unkai.placement.store import marks


class TraitsUpdate(Struct, forbid_unknown_fields=True):
    traits: list[str]
    resource_provider_generation: int


async def list_traits(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    check_keys(call, ("name", "associated"))
    found = names.standard_traits() | (await marks.known_traits(session)).keys()
    name, associated = single(call, "name"), single(call, "associated")
    if name is not None:
        kind, _, value = name.partition(":")
        if kind == "in":
            found &= set(value.split(","))
        elif kind == "startswith":
            found = {one for one in found if one.startswith(value)}
        else:
            raise BadRequest(
                "Badly formatted name parameter. Expected name query string parameter in form:"
                f' ?name=[in|startswith]:[name1,name2|prefix]. Got: "{name}"',
                code="query.bad_value",
            )
    if associated is not None:
        if associated.lower() not in ("true", "false"):
            raise BadRequest(
                'The query parameter "associated" only accepts "true" or "false"',
                code="query.bad_value",
            )
        used = await marks.traits_in_use(session)
        found = found & used if associated.lower() == "true" else found - used
    date(call)
    return {"traits": sorted(found)}


async def show_trait(call: Call) -> None:
    placement: Placement = call.service
    name = call.params["name"]
    if await unknown_traits(placement.kit.database.reader, {name}):
        raise NotFound(f"No such trait(s): {name}.")
    date(call)


async def put_trait(call: Call) -> Response:
    placement: Placement = call.service
    name = call.params["name"]
    if not names.is_custom(name):
        raise BadRequest(
            "The trait is invalid. A valid trait must be no longer than 255 characters,"
            ' start with the prefix "CUSTOM_" and use following characters: "A"-"Z", "0"-"9" and'
            ' "_".'
        )

    async def write(tx: Tx) -> bool:
        new = bool(await unknown_traits(tx, {name}))
        await ensure_traits(placement, tx, {name})
        return new

    new = await placement.kit.database.transact(write)
    call.headers["Location"] = f"{call.url}/traits/{name}"
    date(call)
    return Response(status_code=201 if new else 204)


async def delete_trait(call: Call) -> None:
    placement: Placement = call.service
    await placement.kit.database.transact(lambda tx: forget(tx, call.params["name"]))


def _view(call: Call, provider: Provider, traits: set[str]) -> dict[str, Any]:
    date(call, provider.updated_at)
    return {"traits": sorted(traits), "resource_provider_generation": provider.generation}


async def list_provider_traits(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    return _view(call, provider, await marks.traits_of(session, provider.id))


async def replace_provider_traits(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    body: TraitsUpdate = call.body
    wanted = set(body.traits)

    async def write(tx: Tx) -> Provider:
        provider = await need_provider(tx, call.params["uuid"])
        check_generation(provider, body.resource_provider_generation)
        unknown = await unknown_traits(tx, wanted)
        if unknown:
            raise BadRequest(f"No such trait {', '.join(sorted(unknown))}.")
        return await set_traits(placement, tx, provider.id, wanted)

    return _view(call, await placement.kit.database.transact(write), wanted)


async def delete_provider_traits(call: Call) -> None:
    placement: Placement = call.service

    async def write(tx: Tx) -> None:
        await set_traits(placement, tx, call.params["uuid"], set())

    await placement.kit.database.transact(write)


_ONE = "/traits/{name}"
_OF = "/resource_providers/{uuid}/traits"
_P = "placement:resource_providers:traits"
ROUTES = (
    Route("GET", "/traits", list_traits, policy="placement:traits:list", since="1.6"),
    Route("GET", _ONE, show_trait, policy="placement:traits:show", status=204, since="1.6"),
    Route("PUT", _ONE, put_trait, policy="placement:traits:update", since="1.6"),
    Route("DELETE", _ONE, delete_trait, policy="placement:traits:delete", status=204, since="1.6"),
    Route("GET", _OF, list_provider_traits, policy=f"{_P}:list", since="1.6"),
    Route(
        "PUT", _OF, replace_provider_traits, policy=f"{_P}:update", body=TraitsUpdate, since="1.6"
    ),
    Route("DELETE", _OF, delete_provider_traits, policy=f"{_P}:delete", status=204, since="1.6"),
)
