"""/domains: the roots of the project trees."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions.create_project import ProjectRequest, create_project
from unkai.identity.actions.delete_project import delete_domain
from unkai.identity.actions.guard import denied, may_inspect, missing
from unkai.identity.actions.update_project import update_project
from unkai.identity.api.bodies import Options, ShortName, Tags, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, domain_view
from unkai.identity.model import Project
from unkai.identity.service import Identity
from unkai.identity.store import projects, rows
from unkai.kit.http import Call, Route


class DomainCreate(msgspec.Struct):
    name: ShortName
    description: str | None = None
    enabled: bool = True
    tags: Tags = []
    options: Options = {}
    explicit_domain_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")] | None = None


class CreateBody(msgspec.Struct):
    domain: DomainCreate


class DomainUpdate(msgspec.Struct):
    name: ShortName | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    options: Options | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    domain: DomainUpdate


async def _view(call: Call, domain: Project) -> dict[str, Any]:
    identity: Identity = call.service
    tags = await projects.tags_of(identity.kit.database.reader, [domain.id])
    return {"domain": domain_view(call, domain, tags[domain.id])}


async def create(call: Call) -> dict[str, Any]:
    given: DomainCreate = call.body.domain
    request = ProjectRequest(
        name=given.name,
        description=given.description or "",
        is_domain=True,
        enabled=given.enabled,
        tags=tuple(given.tags),
        options=given.options,
        extra=own_attributes(call, "domain"),
        id=given.explicit_domain_id,
    )
    return await _view(call, await create_project(call.service, call.caller, request))


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    page = read_page(call, ("name",), ("enabled",))
    ids = None if call.caller.reads_all else {call.caller.domain_id or ""}
    asked = rows.Page(
        equal={**page.equal, "is_domain": True},
        like=page.like,
        ids=ids,
        marker=page.marker,
        limit=page.limit,
    )
    found = await projects.find(reader, asked)
    tags = await projects.tags_of(reader, [d.id for d in found])
    views = [domain_view(call, domain, tags[domain.id]) for domain in found]
    return collection(call, "domains", views, page)


async def show(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    domain_id = call.params["domain_id"]
    own = domain_id in (call.caller.domain_id, call.caller.project_domain_id)
    if not own and not may_inspect(call.caller, domain_id):
        raise denied()
    domain = await projects.get(identity.kit.database.reader, domain_id)
    if domain is None or not domain.is_domain:
        raise missing("domain", domain_id)
    return await _view(call, domain)


async def update(call: Call) -> dict[str, Any]:
    given: DomainUpdate = call.body.domain
    changed = await update_project(
        call.service,
        call.caller,
        call.params["domain_id"],
        changed_fields(given),
        own_attributes(call, "domain"),
        domain=True,
    )
    return await _view(call, changed)


async def delete(call: Call) -> None:
    await delete_domain(call.service, call.caller, call.params["domain_id"])


ONE = "/v3/domains/{domain_id}"
ROUTES = (
    Route(
        "POST", "/v3/domains", create, policy="identity:create_domain", body=CreateBody, status=201
    ),
    Route("GET", "/v3/domains", list_all, policy="identity:list_domains"),
    Route("GET", ONE, show, policy="identity:get_domain"),
    Route("PATCH", ONE, update, policy="identity:update_domain", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_domain", status=204),
)
