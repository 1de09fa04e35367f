"""/roles, what they imply, and /role_inferences."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions import roles as actions
from unkai.identity.api.bodies import Name, Options, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, link, role_view
from unkai.identity.model import ROOT, Role
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.http import Call, Route


class RoleCreate(msgspec.Struct):
    name: Name
    domain_id: str | None = None
    description: str | None = None
    options: Options = {}


class CreateBody(msgspec.Struct):
    role: RoleCreate


class RoleUpdate(msgspec.Struct):
    name: Name | UnsetType = UNSET
    domain_id: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    options: Options | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    role: RoleUpdate


async def create(call: Call) -> dict[str, Any]:
    given: RoleCreate = call.body.role
    role = await actions.create_role(
        call.service,
        name=given.name,
        domain_id=given.domain_id,
        description=given.description,
        options=given.options,
        extra=own_attributes(call, "role"),
    )
    return {"role": role_view(call, role)}


async def list_all(call: Call) -> dict[str, Any]:
    """Global roles, or those of ?domain_id."""
    identity: Identity = call.service
    page = read_page(call, ("name", "domain_id"))
    asked = rows.Page(
        equal={"domain_id": ROOT, **page.equal},
        like=page.like,
        marker=page.marker,
        limit=page.limit,
    )
    found = await rows.find(identity.kit.database.reader, schema.roles, Role, asked)
    return collection(call, "roles", [role_view(call, role) for role in found], page)


async def show(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    role = await actions.find_role(identity.kit.database.reader, call.params["role_id"])
    return {"role": role_view(call, role)}


async def update(call: Call) -> dict[str, Any]:
    given: RoleUpdate = call.body.role
    extra = own_attributes(call, "role")
    role_id = call.params["role_id"]
    role = await actions.update_role(call.service, role_id, changed_fields(given), extra)
    return {"role": role_view(call, role)}


async def delete(call: Call) -> None:
    await actions.delete_role(call.service, call.params["role_id"])


def _short(call: Call, role: Role) -> dict[str, Any]:
    return {
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "links": {"self": link(call, f"/roles/{role.id}")},
    }


def _inference(call: Call, prior: Role, implied: Role) -> dict[str, Any]:
    path = f"/roles/{prior.id}/implies/{implied.id}"
    return {
        "role_inference": {"prior_role": _short(call, prior), "implies": _short(call, implied)},
        "links": {"self": link(call, path)},
    }


async def imply(call: Call) -> dict[str, Any]:
    prior_id, implied_id = call.params["role_id"], call.params["implied_id"]
    return _inference(call, *await actions.imply_role(call.service, prior_id, implied_id))


async def show_implied(call: Call) -> dict[str, Any]:
    prior_id, implied_id = call.params["role_id"], call.params["implied_id"]
    return _inference(call, *await actions.show_implied(call.service, prior_id, implied_id))


async def check_implied(call: Call) -> None:
    await show_implied(call)


async def stop_implying(call: Call) -> None:
    prior_id, implied_id = call.params["role_id"], call.params["implied_id"]
    await actions.stop_implying(call.service, prior_id, implied_id)


async def list_implied(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    prior = await actions.find_role(reader, call.params["role_id"])
    graph = await identity.cache.role_graph(reader)
    implied = [graph.roles[one] for one in sorted(graph.implied.get(prior.id, ()))]
    return {
        "role_inference": {
            "prior_role": _short(call, prior),
            "implies": [_short(call, role) for role in implied],
        },
        "links": {"self": link(call, f"/roles/{prior.id}/implies")},
    }


async def list_inferences(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    graph = await identity.cache.role_graph(identity.kit.database.reader)
    views = [
        {
            "prior_role": _short(call, graph.roles[prior_id]),
            "implies": [_short(call, graph.roles[one]) for one in sorted(implied)],
        }
        for prior_id, implied in sorted(graph.implied.items())
    ]
    return {"role_inferences": views, "links": {"self": link(call, "/role_inferences")}}


ONE = "/v3/roles/{role_id}"
IMPLIED = f"{ONE}/implies/{{implied_id}}"
ROUTES = (
    Route("POST", "/v3/roles", create, policy="identity:create_role", body=CreateBody, status=201),
    Route("GET", "/v3/roles", list_all, policy="identity:list_roles"),
    Route("GET", ONE, show, policy="identity:get_role"),
    Route("PATCH", ONE, update, policy="identity:update_role", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_role", status=204),
    Route("GET", f"{ONE}/implies", list_implied, policy="identity:list_implied_roles"),
    Route("PUT", IMPLIED, imply, policy="identity:create_implied_role", status=201),
    Route("GET", IMPLIED, show_implied, policy="identity:get_implied_role"),
    Route("HEAD", IMPLIED, check_implied, policy="identity:check_implied_role", status=204),
    Route("DELETE", IMPLIED, stop_implying, policy="identity:delete_implied_role", status=204),
    Route(
        "GET", "/v3/role_inferences", list_inferences, policy="identity:list_role_inference_rules"
    ),
)
