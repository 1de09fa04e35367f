"""How identity's resources look from outside: their attributes, the client's own, and links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from unkai.identity.model import (
    ApplicationCredential,
    CatalogService,
    Endpoint,
    Group,
    Project,
    Region,
    Role,
    User,
)
from unkai.identity.store.rows import Page
from unkai.kit.clock import iso
from unkai.kit.http import Call

View = dict[str, Any]


def moment(seconds: float | None) -> str | None:
    """`2026-01-31T12:00:00.000000Z`."""
    return None if seconds is None else f"{iso(seconds, micro=True)}Z"


def link(call: Call, path: str) -> str:
    return f"{call.url}/v3{path}"


def itself(call: Call, path: str) -> View:
    return {"self": link(call, path)}


def collection(call: Call, key: str, views: Sequence[View], page: Page | None = None) -> View:
    """A list with its links; `next` only where a limit was asked for and met."""
    following = None
    if page is not None and page.limit is not None and len(views) == page.limit:
        given = call.request.url.include_query_params(marker=views[-1]["id"])
        following = str(given)
    links = {"self": str(call.request.url), "previous": None, "next": following}
    return {key: list(views), "links": links}


def project_view(call: Call, project: Project, tags: Sequence[str]) -> View:
    return {
        **project.extra,
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id or None,
        "parent_id": project.parent_id,
        "is_domain": project.is_domain,
        "enabled": project.enabled,
        "description": project.description,
        "options": project.options,
        "tags": list(tags),
        "links": itself(call, f"/projects/{project.id}"),
    }


def domain_view(call: Call, domain: Project, tags: Sequence[str] = ()) -> View:
    return {
        **domain.extra,
        "id": domain.id,
        "name": domain.name,
        "enabled": domain.enabled,
        "description": domain.description,
        "options": domain.options,
        "tags": list(tags),
        "links": itself(call, f"/domains/{domain.id}"),
    }


def user_view(call: Call, user: User) -> View:
    view: View = {
        **user.extra,
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "enabled": user.enabled,
        "password_expires_at": None,
        "options": user.options,
        "links": itself(call, f"/users/{user.id}"),
    }
    if user.default_project_id is not None:
        view["default_project_id"] = user.default_project_id
    return view


def group_view(call: Call, group: Group) -> View:
    return {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": itself(call, f"/groups/{group.id}"),
    }


def role_view(call: Call, role: Role) -> View:
    return {
        **role.extra,
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description,
        "options": role.options,
        "links": itself(call, f"/roles/{role.id}"),
    }


def region_view(call: Call, region: Region) -> View:
    return {
        **region.extra,
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_region_id,
        "links": itself(call, f"/regions/{quote(region.id, safe='')}"),
    }


def service_view(call: Call, service: CatalogService) -> View:
    view: View = {
        **service.extra,
        "id": service.id,
        "type": service.type,
        "enabled": service.enabled,
        "links": itself(call, f"/services/{service.id}"),
    }
    if service.name is not None:
        view["name"] = service.name
    if service.description is not None:
        view["description"] = service.description
    return view


def endpoint_view(call: Call, endpoint: Endpoint) -> View:
    return {
        **endpoint.extra,
        "id": endpoint.id,
        "service_id": endpoint.service_id,
        "interface": endpoint.interface,
        "url": endpoint.url,
        "region_id": endpoint.region_id,
        "region": endpoint.region_id,
        "enabled": endpoint.enabled,
        "links": itself(call, f"/endpoints/{endpoint.id}"),
    }


def credential_view(call: Call, credential: ApplicationCredential, roles: Sequence[Role]) -> View:
    expires_at = credential.expires_at
    path = f"/users/{credential.user_id}/application_credentials/{credential.id}"
    return {
        "id": credential.id,
        "name": credential.name,
        "description": credential.description,
        "user_id": credential.user_id,
        "project_id": credential.project_id,
        "system": None,
        "expires_at": None if expires_at is None else iso(expires_at, micro=True),
        "unrestricted": credential.unrestricted,
        "roles": [
            {"id": role.id, "name": role.name, "domain_id": role.domain_id or None}
            for role in roles
        ],
        "links": itself(call, path),
    }
