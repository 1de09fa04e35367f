"""/allocations: who asked for a node, and which one it got; /nodes/{id}/allocation."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.baremetal.actions.change_allocation import (
    delete_allocation,
    find_allocation,
    unknown,
    update_allocation,
)
from unkai.baremetal.actions.create_allocation import create_allocation
from unkai.baremetal.actions.find_node import find_node, is_uuid
from unkai.baremetal.actions.rights import sees_all
from unkai.baremetal.api.asked import ident, need_for, text
from unkai.baremetal.api.bodies import (
    Object,
    Text,
    Uuid,
    after_patch,
    check_name,
    checked_ident,
    named,
)
from unkai.baremetal.api.node_traits import check_trait
from unkai.baremetal.api.patch import Patch
from unkai.baremetal.api.shape import Shape
from unkai.baremetal.model import Allocation
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.allocations import ALLOCATIONS, allocations_where
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Forbidden, MethodNotAllowed, NotFound
from unkai.kit.http import Call, Route

_FIELDS = (
    "candidate_nodes",
    "extra",
    "last_error",
    "name",
    "node_uuid",
    "resource_class",
    "state",
    "traits",
)
SHAPE = Shape[Allocation](
    "allocations",
    {**dict.fromkeys(_FIELDS, "1.52"), "owner": "1.60"},
    ("uuid", *_FIELDS, "owner", "created_at", "updated_at"),
    fixed=("extra", "candidate_nodes", "traits"),
)


class AllocationFields(Struct, forbid_unknown_fields=True, kw_only=True):
    name: Text | None = None
    extra: Object = None


class NewAllocation(AllocationFields):
    resource_class: Annotated[str, Meta(max_length=80)] | None = None
    traits: list[str] | None = None
    candidate_nodes: list[str] | None = None
    node: Text | None = None
    owner: Text | None = None
    uuid: Uuid | None = None


class ChangedAllocation(AllocationFields):
    """Its name and extra can be changed."""


async def post_allocation(call: Call) -> dict[str, Any]:
    body: NewAllocation = call.body
    SHAPE.refuse_newer_body(call)
    check_name(body.name, "an allocation")
    for trait in body.traits or []:
        check_trait(trait)
    if body.node is not None and not call.at_least("1.58"):
        raise BadRequest("Cannot set node when creating an allocation in this API version.")
    values: dict[str, Any] = {
        name: getattr(body, name)
        for name in body.__struct_fields__
        if name != "node" and getattr(body, name) is not None
    }
    if body.uuid is not None:
        values["uuid"] = body.uuid.lower()
    made = await create_allocation(
        call.service, call.caller, values, node_ident=body.node, request_id=call.request_id
    )
    return SHAPE.made(call, made)


async def list_allocations(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    session = baremetal.kit.database.reader
    caller = call.caller
    need_for(call, "1.60", "owner")
    asked = {name: text(call, name) for name in ("resource_class", "state", "owner")}
    if not sees_all(caller):
        if asked["owner"] not in (None, caller.project_id):
            raise Forbidden("Only allocations of your own project can be listed.", code="policy")
        asked["owner"] = caller.project_id
    node = text(call, "node")
    if node is not None:
        try:
            asked["node_uuid"] = (await find_node(session, caller, node)).uuid
        except NotFound as missing:
            raise BadRequest(missing.message, code="node-unknown") from missing
    return await SHAPE.list(call, session, ALLOCATIONS, *allocations_where(**asked))


def _ident(call: Call) -> str:
    return checked_ident(ident(call, "allocation_ident"), "an allocation")


async def show_allocation(call: Call) -> dict[str, Any]:
    baremetal: Baremetal = call.service
    found = await find_allocation(baremetal.kit.database.reader, call.caller, _ident(call))
    return SHAPE.show(call, found, SHAPE.asked(call))


async def patch_allocation(call: Call) -> dict[str, Any]:
    patch: Patch = call.body

    def change(found: Allocation) -> dict[str, Any]:
        said = after_patch(found, patch, ChangedAllocation)
        check_name(said.name, "an allocation")
        values = {"name": said.name, "extra": said.extra or {}}
        return {name: values[name] for name in named(patch)}

    found = await update_allocation(call.service, call.caller, _ident(call), change)
    return SHAPE.show(call, found)


async def remove_allocation(call: Call) -> None:
    async def find(session: Session) -> Allocation:
        return await find_allocation(session, call.caller, _ident(call))

    await delete_allocation(call.service, call.caller, find)


async def _of_node(call: Call, session: Session) -> Allocation:
    """A name that the caller sees no node by is a wrong request, as clients know it."""
    named_by = ident(call)
    try:
        node = await find_node(session, call.caller, named_by)
    except NotFound as missing:
        if is_uuid(named_by):
            raise
        raise BadRequest(missing.message, code="node-unknown") from missing
    found = await ALLOCATIONS.first(session, *allocations_where(node_uuid=node.uuid))
    if found is None:
        raise unknown(f"for node {node.uuid}")
    return await find_allocation(session, call.caller, found.uuid)


async def show_node_allocation(call: Call) -> dict[str, Any]:
    found = await _of_node(call, call.service.kit.database.reader)
    return SHAPE.show(call, found, SHAPE.asked(call))


async def remove_node_allocation(call: Call) -> None:
    async def find(session: Session) -> Allocation:
        return await _of_node(call, session)

    await delete_allocation(call.service, call.caller, find)


_ALL, _OF_NODE = "/allocations", "/nodes/{node_ident}/allocation"
_ONE = f"{_ALL}/{{allocation_ident}}"
_LIST, _GET, _CREATE, _UPDATE, _DELETE = (
    f"baremetal:allocation:{verb}" for verb in ("list", "get", "create", "update", "delete")
)
ROUTES = (
    Route("GET", _ALL, list_allocations, policy=_LIST, since="1.52"),
    Route(
        "POST",
        _ALL,
        post_allocation,
        policy=_CREATE,
        body=NewAllocation,
        status=201,
        since="1.52",
        absent=MethodNotAllowed,
    ),
    Route("GET", _ONE, show_allocation, policy=_GET, since="1.52"),
    Route(
        "PATCH",
        _ONE,
        patch_allocation,
        policy=_UPDATE,
        body=Patch,
        since="1.57",
        absent=MethodNotAllowed,
    ),
    Route(
        "DELETE",
        _ONE,
        remove_allocation,
        policy=_DELETE,
        status=204,
        since="1.52",
        absent=MethodNotAllowed,
    ),
    Route("GET", _OF_NODE, show_node_allocation, policy=_GET, since="1.52"),
    Route("DELETE", _OF_NODE, remove_node_allocation, policy=_DELETE, status=204, since="1.52"),
)
