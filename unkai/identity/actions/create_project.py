"""Making projects and domains: a domain is the root of a tree of projects."""

from __future__ import annotations

from dataclasses import dataclass, field

from unkai.identity.actions.guard import (
    check_administer,
    find_domain,
    find_project,
    merged_options,
    own_domain,
    taken,
)
from unkai.identity.model import ROOT, Extra, Project, no_extra
from unkai.identity.service import Identity
from unkai.identity.store import names, projects, rows, schema, subjects
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden
from unkai.kit.policy import Caller

OPTIONS = frozenset({"immutable"})
DEEPEST = 5
"""Levels of projects under a domain."""


@dataclass(frozen=True, slots=True)
class ProjectRequest:
    """id is only given for a domain that must have a certain one."""

    name: str
    description: str = ""
    domain_id: str | None = None
    parent_id: str | None = None
    is_domain: bool = False
    enabled: bool = True
    tags: tuple[str, ...] = ()
    options: Extra = field(default_factory=no_extra)
    extra: Extra = field(default_factory=no_extra)
    id: str | None = None


async def create_project(identity: Identity, caller: Caller, request: ProjectRequest) -> Project:
    """A project in a domain or under another project, or a domain.

    BadRequest for a parent in another domain or a disabled one, Forbidden beyond DEEPEST levels,
    Conflict for a name that is in use in the domain.
    """

    async def write(tx: Tx) -> Project:
        domain_id, parent_id = await _place(identity, tx, caller, request)
        check_administer(caller, domain_id)
        if request.id is not None and await projects.get(tx, request.id) is not None:
            raise Conflict(f"The id {request.id} is in use.", code="id-in-use")
        if await names.id_of(tx, schema.projects, domain_id, request.name) is not None:
            raise taken("domain" if request.is_domain else "project", request.name)
        project = Project(
            id=request.id or identity.new_id(),
            name=request.name,
            domain_id=domain_id,
            parent_id=parent_id,
            is_domain=request.is_domain,
            enabled=request.enabled,
            description=request.description,
            options=merged_options(OPTIONS, {}, request.options),
            extra=request.extra,
        )
        await rows.add(tx, schema.projects, project)
        await projects.set_tags(tx, project.id, dict.fromkeys(request.tags))
        return project

    return await identity.kit.database.transact(write)


async def _place(
    identity: Identity, tx: Tx, caller: Caller, request: ProjectRequest
) -> tuple[str, str | None]:
    """Domain and parent of the new project."""
    if request.is_domain:
        if request.domain_id is not None or request.parent_id is not None:
            raise BadRequest("A domain has neither a parent nor a domain.")
        return ROOT, None
    if request.parent_id is None:
        domain = await find_domain(identity, tx, request.domain_id or own_domain(caller))
        return domain.id, domain.id
    parent = await find_project(identity, tx, request.parent_id)
    domain_id = parent.id if parent.is_domain else parent.domain_id
    if request.domain_id not in (None, domain_id):
        raise BadRequest(f"The parent {parent.id} is in another domain, {domain_id}.")
    if not parent.enabled:
        raise BadRequest(f"The parent {parent.id} is disabled.")
    if len(await subjects.ancestors_of(tx, parent)) >= DEEPEST:
        raise Forbidden(f"Projects may be nested {DEEPEST} deep.", code="project-too-deep")
    return domain_id, parent.id
