"""Deleting projects, and domains with all that is in them."""

from __future__ import annotations

from unkai.identity.actions.delete_user import forget_user
from unkai.identity.actions.guard import (
    check_administer,
    check_mutable,
    find_domain,
    find_project,
)
from unkai.identity.model import DEFAULT_DOMAIN_ID, Group, Project, Role, User
from unkai.identity.service import Identity
from unkai.identity.store import assignments, projects, rows, schema
from unkai.identity.store.rows import Page
from unkai.kit.db import Tx
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller


async def delete_project(identity: Identity, caller: Caller, project_id: str) -> None:
    """Forbidden while there are projects under it, and for an enabled domain."""

    async def write(tx: Tx) -> None:
        project = await find_project(identity, tx, project_id)
        check_administer(caller, project.domain_id)
        check_mutable("project", project_id, project.options)
        if project.is_domain:
            await _delete_domain(identity, tx, project)
            return
        if await projects.has_children(tx, project_id):
            raise Forbidden(
                f"Project {project_id} has projects under it.",
                code="project-has-children",
                remedy="Delete those first.",
            )
        await _forget_project(identity, tx, project_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def delete_domain(identity: Identity, caller: Caller, domain_id: str) -> None:
    """With its projects, users, groups and roles; Forbidden while it is enabled."""

    async def write(tx: Tx) -> None:
        domain = await find_domain(identity, tx, domain_id)
        check_administer(caller, domain.domain_id)
        check_mutable("domain", domain_id, domain.options)
        await _delete_domain(identity, tx, domain)

    await identity.kit.database.transact(write)


async def _delete_domain(identity: Identity, tx: Tx, domain: Project) -> None:
    if domain.id == DEFAULT_DOMAIN_ID:
        raise Forbidden("The default domain stays.", code="default-domain")
    if domain.enabled:
        raise Forbidden(
            f"Domain {domain.id} is enabled.", code="domain-enabled", remedy="Disable it first."
        )
    inside = Page(equal={"domain_id": domain.id})
    for user in await rows.find(tx, schema.users, User, inside):
        await forget_user(identity, tx, user.id)
    for group in await rows.find(tx, schema.groups, Group, inside):
        await assignments.forget_actor(tx, group.id)
        await rows.remove(tx, schema.groups, group.id)
    await _delete_tree(identity, tx, domain.id)
    for role in await rows.find(tx, schema.roles, Role, inside):
        await rows.remove(tx, schema.roles, role.id)
    await _forget_project(identity, tx, domain.id)
    await identity.changed(tx)


async def _delete_tree(identity: Identity, tx: Tx, domain_id: str) -> None:
    """Every project of a domain, leaves first."""
    inside = await rows.find(tx, schema.projects, Project, Page(equal={"domain_id": domain_id}))
    left = {project.id: project.parent_id for project in inside}
    while left:
        parents = set(left.values())
        leaves = [project_id for project_id in left if project_id not in parents]
        for project_id in leaves:
            await _forget_project(identity, tx, project_id)
            del left[project_id]


async def _forget_project(identity: Identity, tx: Tx, project_id: str) -> None:
    await assignments.forget_target(tx, project_id)
    await projects.remove(tx, project_id)
    await identity.kit.events.emit(tx, "project.deleted", project_id)
