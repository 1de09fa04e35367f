"""Roles of users and groups on projects, domains and the system, and /role_assignments.

The routes of a grant are one family, made from what they differ in: whose, on what, inherited.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.identity.actions.grant_role import (
    check_role,
    grant_role,
    list_granted,
    revoke_role,
)
from unkai.identity.actions.guard import denied, find_project
from unkai.identity.actions.list_assignments import (
    AssignmentQuery,
    Found,
    Names,
    list_assignments,
    names_for,
)
from unkai.identity.api.queries import value_of, wants
from unkai.identity.api.views import collection, link, role_view
from unkai.identity.model import SYSTEM, ActorType, Assignment, TargetType
from unkai.identity.service import Identity
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


def _grant(call: Call) -> Assignment:
    """What the path speaks of; its variables say whose and on what."""
    params = call.params
    actor = ActorType.USER if "user_id" in params else ActorType.GROUP
    if "project_id" in params:
        target, target_id = TargetType.PROJECT, params["project_id"]
    elif "domain_id" in params:
        target, target_id = TargetType.DOMAIN, params["domain_id"]
    else:
        target, target_id = TargetType.SYSTEM, SYSTEM
    return Assignment(
        actor_type=str(actor),
        actor_id=params[f"{actor}_id"],
        target_type=str(target),
        target_id=target_id,
        role_id=params.get("role_id", ""),
        inherited=call.route.path.endswith("/inherited_to_projects"),
    )


async def grant(call: Call) -> None:
    await grant_role(call.service, call.caller, _grant(call))


async def check(call: Call) -> None:
    await check_role(call.service, call.caller, _grant(call))


async def revoke(call: Call) -> None:
    await revoke_role(call.service, call.caller, _grant(call))


async def list_roles(call: Call) -> dict[str, Any]:
    found = await list_granted(call.service, call.caller, _grant(call))
    return collection(call, "roles", [role_view(call, role) for role in found])


def _query(call: Call) -> AssignmentQuery:
    inherited = value_of(call, "scope.OS-INHERIT:inherited_to")
    if inherited not in (None, "projects"):
        raise BadRequest("scope.OS-INHERIT:inherited_to is `projects`.", code="invalid-query")
    return AssignmentQuery(
        user_id=value_of(call, "user.id"),
        group_id=value_of(call, "group.id"),
        role_id=value_of(call, "role.id"),
        project_id=value_of(call, "scope.project.id"),
        domain_id=value_of(call, "scope.domain.id"),
        system=value_of(call, "scope.system") is not None,
        inherited=True if inherited else None,
        effective=wants(call, "effective"),
        include_subtree=wants(call, "include_subtree"),
    )


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    query = _query(call)
    if not call.caller.reads_all:
        await _check_domain(call, query)
    found = await list_assignments(identity, query)
    names = await names_for(identity, found) if wants(call, "include_names") else None
    return collection(call, "role_assignments", [_view(call, one, names) for one in found])


async def _check_domain(call: Call, query: AssignmentQuery) -> None:
    """A domain's reader may ask about the domain and the projects in it."""
    identity: Identity = call.service
    domain_id = query.domain_id
    if query.project_id is not None:
        project = await find_project(identity, identity.kit.database.reader, query.project_id)
        domain_id = project.domain_id
    if domain_id is None or domain_id != call.caller.domain_id:
        raise denied()


def _name(names: Names, pair: tuple[str, str] | None) -> dict[str, Any]:
    if pair is None:
        return {}
    view: dict[str, Any] = {"name": pair[0]}
    domain = names.projects.get(pair[1])
    if domain is not None:
        view["domain"] = {"id": domain.id, "name": domain.name}
    return view


def _scope(found: Found, names: Names | None) -> dict[str, Any]:
    assignment = found.assignment
    inherited = {"OS-INHERIT:inherited_to": "projects"} if found.given.inherited else {}
    if assignment.target_type == TargetType.SYSTEM:
        return {"system": {"all": True}, **inherited}
    target: dict[str, Any] = {"id": assignment.target_id}
    project = names.projects.get(assignment.target_id) if names else None
    if names and project is not None:
        target |= _name(names, (project.name, project.domain_id))
    return {assignment.target_type: target, **inherited}


def _path(given: Assignment) -> str:
    target = (
        "/system" if given.target_type == SYSTEM else f"/{given.target_type}s/{given.target_id}"
    )
    path = f"{target}/{given.actor_type}s/{given.actor_id}/roles/{given.role_id}"
    return f"/OS-INHERIT{path}/inherited_to_projects" if given.inherited else path


def _view(call: Call, found: Found, names: Names | None) -> dict[str, Any]:
    assignment, given = found.assignment, found.given
    actor: dict[str, Any] = {"id": assignment.actor_id}
    role: dict[str, Any] = {"id": assignment.role_id}
    if names is not None:
        known = names.users if assignment.actor_type == ActorType.USER else names.groups
        actor |= _name(names, known.get(assignment.actor_id))
        role |= _name(names, names.roles.get(assignment.role_id))
    links = {"assignment": link(call, _path(given))}
    if given.actor_type != assignment.actor_type:
        path = f"/groups/{given.actor_id}/users/{assignment.actor_id}"
        links["membership"] = link(call, path)
    if found.by_role_id is not None:
        links["prior_role"] = link(call, f"/roles/{found.by_role_id}")
    return {
        "role": role,
        assignment.actor_type: actor,
        "scope": _scope(found, names),
        "links": links,
    }


def _family(path: str, rule: str, *, listed: bool = True, suffix: str = "") -> Sequence[Route]:
    one = f"{path}/{{role_id}}{suffix}"
    routes = [
        Route("PUT", one, grant, policy=f"identity:create_{rule}", status=204),
        Route("GET", one, check, policy=f"identity:check_{rule}", status=204),
        Route("DELETE", one, revoke, policy=f"identity:revoke_{rule}", status=204),
    ]
    if listed:
        routes.append(Route("GET", f"{path}{suffix}", list_roles, policy=f"identity:list_{rule}s"))
    return routes


INHERITED = "/inherited_to_projects"
ROUTES = (
    *(
        route
        for target in ("projects/{project_id}", "domains/{domain_id}")
        for actor in ("users/{user_id}", "groups/{group_id}")
        for route in (
            *_family(f"/v3/{target}/{actor}/roles", "grant"),
            *_family(f"/v3/OS-INHERIT/{target}/{actor}/roles", "grant", suffix=INHERITED),
        )
    ),
    *_family("/v3/system/users/{user_id}/roles", "system_grant_for_user"),
    *_family("/v3/system/groups/{group_id}/roles", "system_grant_for_group"),
    Route("GET", "/v3/role_assignments", list_all, policy="identity:list_role_assignments"),
)
