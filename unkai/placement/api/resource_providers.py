"""/resource_providers: list, create, show, update, delete."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.responses import Response

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route, since
from unkai.placement.actions.providers import (
    change_provider,
    create_provider,
    delete_provider,
    need_provider,
)
from unkai.placement.api.answers import date, need_uuid
from unkai.placement.api.query import (
    check_keys,
    read_member_of,
    read_resources,
    read_traits,
    single,
)
from unkai.placement.model import Provider
from unkai.placement.service import Placement
from unkai.placement.store import providers
from unkai.placement.store.providers import ProviderFilter

Name = Annotated[str, Meta(min_length=1, max_length=200)]
LINKS = (
    ("self", "1.0"),
    ("inventories", "1.0"),
    ("usages", "1.0"),
    ("aggregates", "1.1"),
    ("traits", "1.6"),
    ("allocations", "1.11"),
)
FILTERS = (
    ("name", "1.0"),
    ("uuid", "1.0"),
    ("member_of", "1.3"),
    ("resources", "1.4"),
    ("in_tree", "1.14"),
    ("required", "1.18"),
)


class NewProvider(Struct, forbid_unknown_fields=True):
    name: Name
    uuid: str | UnsetType = UNSET
    parent_provider_uuid: Annotated[str | UnsetType | None, since("1.14")] = UNSET


class ProviderUpdate(Struct, forbid_unknown_fields=True):
    name: Name
    parent_provider_uuid: Annotated[str | UnsetType | None, since("1.14")] = UNSET


def view(call: Call, provider: Provider) -> dict[str, Any]:
    path = f"{call.api.prefix}/resource_providers/{provider.id}"
    shown: dict[str, Any] = {
        "uuid": provider.id,
        "name": provider.name,
        "generation": provider.generation,
        "links": [
            {"rel": rel, "href": path if rel == "self" else f"{path}/{rel}"}
            for rel, version in LINKS
            if call.at_least(version)
        ],
    }
    if call.at_least("1.14"):
        shown["parent_provider_uuid"] = provider.parent_id
        shown["root_provider_uuid"] = provider.root_id
    return shown


async def _filter(call: Call, placement: Placement) -> ProviderFilter | None:
    """What the query narrows to; None if it can match nothing."""
    session = placement.kit.database.reader
    check_keys(call, [name for name, version in FILTERS if call.at_least(version)])
    given = call.request.query_params
    name, uuid, in_tree = single(call, "name"), single(call, "uuid"), single(call, "in_tree")
    root_ids = None
    if in_tree is not None:
        provider = await providers.get_provider(session, need_uuid(in_tree, "in_tree"))
        if provider is None:
            return None
        root_ids = frozenset({provider.root_id})
    resources = single(call, "resources")
    traits = await read_traits(call, session, given.getlist("required"))
    aggregates = read_member_of(call, given.getlist("member_of"))
    return ProviderFilter(
        ids=None if uuid is None else frozenset({need_uuid(uuid, "uuid")}),
        names=None if name is None else frozenset({name}),
        root_ids=root_ids,
        resources=None if resources is None else await read_resources(session, resources),
        required_traits=traits.required,
        any_traits=traits.any_of,
        forbidden_traits=traits.forbidden,
        member_of=aggregates.member_of,
        not_member_of=aggregates.not_member_of,
    )


async def list_resource_providers(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    by = await _filter(call, placement)
    found = await providers.list_providers(placement.kit.database.reader, by) if by else []
    date(call, max((one.updated_at for one in found), default=None))
    return {"resource_providers": [view(call, one) for one in found]}


async def create_resource_provider(call: Call) -> Response | dict[str, Any]:
    placement: Placement = call.service
    body: NewProvider = call.body
    new_id = need_uuid(body.uuid, "uuid") if body.uuid else placement.kit.chance.uuid()
    parent_id = (
        need_uuid(body.parent_provider_uuid, "parent") if body.parent_provider_uuid else None
    )

    async def write(tx: Tx) -> Provider:
        return await create_provider(placement, tx, new_id, body.name, parent_id)

    made = await placement.kit.database.transact(write)
    call.headers["Location"] = f"{call.url}/resource_providers/{new_id}"
    if not call.at_least("1.20"):
        return Response(status_code=201)
    date(call, made.updated_at)
    return view(call, made)


async def show_resource_provider(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    found = await need_provider(placement.kit.database.reader, call.params["uuid"])
    date(call, found.updated_at)
    return view(call, found)


def _new_parent(call: Call, had: Provider, asked: str | UnsetType | None) -> str | None:
    if asked is UNSET:
        return had.parent_id
    parent_id = need_uuid(asked, "parent_provider_uuid") if asked else None
    if had.parent_id not in (None, parent_id) and not call.at_least("1.37"):
        raise BadRequest(
            "Unable to save resource provider: un-parenting or re-parenting a provider is not"
            " currently allowed below microversion 1.37."
        )
    return parent_id


async def update_resource_provider(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    body: ProviderUpdate = call.body

    async def write(tx: Tx) -> Provider:
        had = await need_provider(tx, call.params["uuid"])
        parent_id = _new_parent(call, had, body.parent_provider_uuid)
        return await change_provider(placement, tx, had, body.name, parent_id)

    changed = await placement.kit.database.transact(write)
    date(call, changed.updated_at)
    return view(call, changed)


async def delete_resource_provider(call: Call) -> None:
    placement: Placement = call.service

    async def write(tx: Tx) -> None:
        await delete_provider(placement, tx, call.params["uuid"])

    await placement.kit.database.transact(write)


_P = "placement:resource_providers"
_ONE = "/resource_providers/{uuid}"
ROUTES = (
    Route("GET", "/resource_providers", list_resource_providers, policy=f"{_P}:list"),
    Route(
        "POST",
        "/resource_providers",
        create_resource_provider,
        policy=f"{_P}:create",
        body=NewProvider,
    ),
    Route("GET", _ONE, show_resource_provider, policy=f"{_P}:show"),
    Route("PUT", _ONE, update_resource_provider, policy=f"{_P}:update", body=ProviderUpdate),
    Route("DELETE", _ONE, delete_resource_provider, policy=f"{_P}:delete", status=204),
)
