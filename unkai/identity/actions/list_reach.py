"""Where a user may go: projects, domains and the system they have a role on."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.identity.model import Project, TargetType
from unkai.identity.service import Identity
from unkai.identity.store import projects, rows, schema, subjects
from unkai.kit.errors import Forbidden, NotFound
from unkai.kit.policy import Caller


async def list_user_projects(
    identity: Identity, caller: Caller, user_id: str, page: rows.Page
) -> Sequence[Project]:
    """Projects that the user has a role on; one's own, or anybody's for who reads all."""
    if not caller.reads_all and caller.user_id != user_id:
        raise Forbidden("Only an administrator may list another user's projects.")
    if await subjects.user_with_domain(identity.kit.database.reader, user_id) is None:
        raise NotFound(f"User {user_id} could not be found.", code="user-not-found")
    return await projects_of(identity, user_id, page)


async def projects_of(identity: Identity, user_id: str, page: rows.Page) -> Sequence[Project]:
    reader = identity.kit.database.reader
    direct: set[str] = set()
    above: set[str] = set()
    for kind, target_id, inherited in await subjects.targets_of_user(reader, user_id):
        if kind == TargetType.SYSTEM:
            continue
        if inherited:
            above.add(target_id)
        elif kind == TargetType.PROJECT:
            direct.add(target_id)
    direct |= await projects.below(reader, above)
    return await projects.some(reader, direct, page)


async def reachable_projects(
    identity: Identity, user_id: str, page: rows.Page
) -> Sequence[Project]:
    """As `projects_of`, without what is disabled or in a disabled domain."""
    found = [p for p in await projects_of(identity, user_id, page) if p.enabled]
    reader = identity.kit.database.reader
    domain_ids = {p.domain_id for p in found if p.domain_id}
    domains = await rows.get_many(reader, schema.projects, Project, domain_ids)
    return [p for p in found if not p.domain_id or domains[p.domain_id].enabled]


async def reachable_domains(identity: Identity, user_id: str) -> Sequence[Project]:
    """Enabled domains on which the user has a role that is not only for the projects below."""
    reader = identity.kit.database.reader
    ids = {
        target_id
        for kind, target_id, inherited in await subjects.targets_of_user(reader, user_id)
        if kind == TargetType.DOMAIN and not inherited
    }
    found = await rows.get_many(reader, schema.projects, Project, ids)
    return sorted((d for d in found.values() if d.enabled), key=lambda domain: domain.id)


async def reaches_system(identity: Identity, user_id: str) -> bool:
    reader = identity.kit.database.reader
    return bool(await subjects.roles_on_system(reader, user_id))
