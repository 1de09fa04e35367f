"""Who has which role where: as given, or as it works out (`effective`).

Effective takes groups apart into their members, carries what is inherited down to the projects, and
adds what roles imply. It starts from the assignments that can matter for what is asked: the user's
own and those of their groups, the project's and those above it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from unkai.identity.model import (
    SYSTEM,
    ActorType,
    Assignment,
    Group,
    Project,
    Role,
    TargetType,
    User,
)
from unkai.identity.service import Identity
from unkai.identity.store import assignments, memberships, projects, rows, schema, subjects
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest


@dataclass(frozen=True, slots=True)
class AssignmentQuery:
    """What is asked for; None does not narrow. inherited: only what is for the projects below."""

    user_id: str | None = None
    group_id: str | None = None
    role_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    system: bool = False
    inherited: bool | None = None
    effective: bool = False
    include_subtree: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An assignment with where it came from: given to a group, on something above, by a role."""

    assignment: Assignment
    given: Assignment
    by_role_id: str | None = None


async def list_assignments(identity: Identity, query: AssignmentQuery) -> Sequence[Found]:
    """BadRequest for questions that contradict themselves."""
    if query.user_id and query.group_id:
        raise BadRequest("Ask for a user or for a group, not for both.")
    if sum((bool(query.project_id), bool(query.domain_id), query.system)) > 1:
        raise BadRequest("Ask for one of a project, a domain and the system.")
    if query.effective and query.group_id:
        raise BadRequest("Effective assignments are those of users; groups have none.")
    if query.include_subtree and not query.project_id:
        raise BadRequest("include_subtree needs scope.project.id.")
    reader = identity.kit.database.reader
    targets = await _targets(reader, query)
    if not query.effective:
        return await _as_given(reader, query, targets)
    return await _effective(identity, reader, query, targets)


async def _targets(session: Session, query: AssignmentQuery) -> list[tuple[str, str]] | None:
    """(type, id) of what is asked about; None is everything."""
    if query.system:
        return [(TargetType.SYSTEM, SYSTEM)]
    if query.domain_id:
        return [(TargetType.DOMAIN, query.domain_id)]
    if query.project_id:
        ids = [query.project_id]
        if query.include_subtree:
            ids += sorted(await projects.below(session, {query.project_id}))
        return [(TargetType.PROJECT, one) for one in ids]
    return None


async def _read(
    session: Session, actors: list[tuple[str, str]] | None, target: tuple[str, str] | None
) -> list[Assignment]:
    if actors is None:
        return list(await assignments.find(session, target=target))
    found: list[Assignment] = []
    for actor in actors:
        found += await assignments.find(session, actor=actor, target=target)
    return found


async def _as_given(
    session: Session, query: AssignmentQuery, targets: list[tuple[str, str]] | None
) -> list[Found]:
    actors = None
    if query.user_id:
        actors = [(str(ActorType.USER), query.user_id)]
    elif query.group_id:
        actors = [(str(ActorType.GROUP), query.group_id)]
    found: list[Assignment] = []
    for target in [None] if targets is None else targets:
        found += await _read(session, actors, target)
    return [
        Found(one, one)
        for one in found
        if query.role_id in (None, one.role_id) and query.inherited in (None, one.inherited)
    ]


async def _effective(
    identity: Identity,
    session: Session,
    query: AssignmentQuery,
    targets: list[tuple[str, str]] | None,
) -> list[Found]:
    actors = None
    if query.user_id:
        groups = await memberships.group_ids_of(session, query.user_id)
        actors = [(str(ActorType.USER), query.user_id)]
        actors += [(str(ActorType.GROUP), group_id) for group_id in groups]
    placed: list[Found] = []
    if targets is None:
        given = await _read(session, actors, None)
        placed += await _carried_down(session, given)
    else:
        for target in targets:
            placed += await _on_target(session, actors, target)
    if query.inherited:
        placed = [one for one in placed if one.given.inherited]
    users = await _of_users(session, placed, query.user_id)
    implied = await _with_implied(identity, session, users)
    unique = {found.assignment: found for found in reversed(implied)}
    kept = [one for one in unique.values() if query.role_id in (None, one.assignment.role_id)]
    return sorted(kept, key=lambda one: (one.assignment.actor_id, one.assignment.target_id))


async def _on_target(
    session: Session, actors: list[tuple[str, str]] | None, target: tuple[str, str]
) -> list[Found]:
    """What holds on one project, domain or the system itself."""
    own = await _read(session, actors, target)
    found = [Found(one, one) for one in own if not one.inherited]
    project = await projects.get(session, target[1]) if target[0] == TargetType.PROJECT else None
    if project is None:
        return found
    for above in await subjects.ancestors_of(session, project):
        for kind in (TargetType.PROJECT, TargetType.DOMAIN):
            given = await _read(session, actors, (kind, above))
            found += [_moved(one, project.id) for one in given if one.inherited]
    return found


def _moved(given: Assignment, project_id: str) -> Found:
    here = replace(
        given, target_type=str(TargetType.PROJECT), target_id=project_id, inherited=False
    )
    return Found(here, given)


async def _carried_down(session: Session, given: Iterable[Assignment]) -> list[Found]:
    found: list[Found] = []
    below: dict[str, set[str]] = {}
    for one in given:
        if not one.inherited:
            found.append(Found(one, one))
            continue
        if one.target_id not in below:
            below[one.target_id] = await projects.below(session, {one.target_id})
        found += [_moved(one, project_id) for project_id in sorted(below[one.target_id])]
    return found


async def _of_users(session: Session, placed: list[Found], user_id: str | None) -> list[Found]:
    group_ids = {
        one.assignment.actor_id for one in placed if one.assignment.actor_type == ActorType.GROUP
    }
    members = await memberships.members(session, group_ids)
    found: list[Found] = []
    for one in placed:
        if one.assignment.actor_type == ActorType.USER:
            found.append(one)
            continue
        for member in members[one.assignment.actor_id]:
            if user_id in (None, member):
                actor = replace(one.assignment, actor_type=str(ActorType.USER), actor_id=member)
                found.append(replace(one, assignment=actor))
    return found


async def _with_implied(identity: Identity, session: Session, given: list[Found]) -> list[Found]:
    graph = await identity.cache.role_graph(session)
    found: list[Found] = []
    for one in given:
        for role in graph.expand({one.assignment.role_id}):
            by = None if role.id == one.assignment.role_id else one.assignment.role_id
            found.append(Found(replace(one.assignment, role_id=role.id), one.given, by))
    return found


@dataclass(frozen=True, slots=True)
class Names:
    """Names for ids, for `include_names`; (name, domain id) by id."""

    users: dict[str, tuple[str, str]]
    groups: dict[str, tuple[str, str]]
    roles: dict[str, tuple[str, str]]
    projects: dict[str, Project]


async def names_for(identity: Identity, found: Sequence[Found]) -> Names:
    reader = identity.kit.database.reader
    pairs = [one for each in found for one in (each.assignment, each.given)]
    user_ids = {one.actor_id for one in pairs if one.actor_type == ActorType.USER}
    group_ids = {one.actor_id for one in pairs if one.actor_type == ActorType.GROUP}
    users = await rows.get_many(reader, schema.users, User, user_ids)
    groups = await rows.get_many(reader, schema.groups, Group, group_ids)
    roles = await rows.get_many(reader, schema.roles, Role, {one.role_id for one in pairs})
    there = await rows.get_many(reader, schema.projects, Project, {one.target_id for one in pairs})
    named = (*users.values(), *groups.values(), *roles.values(), *there.values())
    wanted = {one.domain_id for one in named}
    domains = await rows.get_many(reader, schema.projects, Project, wanted - {""})
    return Names(
        users={one.id: (one.name, one.domain_id) for one in users.values()},
        groups={one.id: (one.name, one.domain_id) for one in groups.values()},
        roles={one.id: (one.name, one.domain_id) for one in roles.values()},
        projects={**domains, **there},
    )
