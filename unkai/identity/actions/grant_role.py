"""Giving roles to users and groups on projects, domains and the system.

Every part must exist, and be what it is said to be: a user is never taken for a group. A domain's
manager may hand out the ordinary roles inside the domain, never admin.
"""

from __future__ import annotations

from collections.abc import Sequence

from unkai.identity.actions.create_user import find_user
from unkai.identity.actions.groups import find_group
from unkai.identity.actions.guard import (
    denied,
    find_domain,
    find_project,
    may_administer,
    may_inspect,
    missing,
)
from unkai.identity.actions.roles import find_role
from unkai.identity.model import ActorType, Assignment, Role, TargetType
from unkai.identity.service import Identity
from unkai.identity.store import application_credentials, assignments, rows, schema
from unkai.kit.db import Session, Tx
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller

A_MANAGERS = frozenset({"manager", "member", "reader"})


async def _domains(identity: Identity, session: Session, grant: Assignment) -> tuple[str, str]:
    """Domains of actor and target ("" for the system); NotFound if one is not there."""
    find = find_user if grant.actor_type == ActorType.USER else find_group
    actor = await find(session, grant.actor_id)
    if grant.target_type == TargetType.SYSTEM:
        return actor.domain_id, ""
    if grant.target_type == TargetType.DOMAIN:
        return actor.domain_id, (await find_domain(identity, session, grant.target_id)).id
    project = await find_project(identity, session, grant.target_id)
    return actor.domain_id, project.domain_id or project.id


def _check_change(caller: Caller, role: Role, domain_ids: tuple[str, str]) -> None:
    if caller.is_admin:
        return
    ordinary = role.name in A_MANAGERS and not role.domain_id
    if not ordinary or not all(may_administer(caller, domain_id) for domain_id in domain_ids):
        raise denied()


async def grant_role(identity: Identity, caller: Caller, grant: Assignment) -> None:
    """Give it; nothing happens if it is given. Forbidden for another domain's own role."""

    async def write(tx: Tx) -> None:
        role = await find_role(tx, grant.role_id)
        domain_ids = await _domains(identity, tx, grant)
        _check_change(caller, role, domain_ids)
        if role.domain_id and role.domain_id != domain_ids[1]:
            raise Forbidden(f"The role {role.id} belongs to another domain.", code="role-domain")
        await assignments.grant(tx, grant)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def revoke_role(identity: Identity, caller: Caller, grant: Assignment) -> None:
    """Take it away, with the user's application credentials for the project."""

    async def write(tx: Tx) -> None:
        role = await find_role(tx, grant.role_id)
        _check_change(caller, role, await _domains(identity, tx, grant))
        if not await assignments.revoke(tx, grant):
            raise missing("role assignment", grant.role_id)
        if grant.actor_type == ActorType.USER and grant.target_type == TargetType.PROJECT:
            await application_credentials.forget_user_in(tx, grant.actor_id, grant.target_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def check_role(identity: Identity, caller: Caller, grant: Assignment) -> None:
    """NotFound if it is not given just so."""
    reader = identity.kit.database.reader
    await find_role(reader, grant.role_id)
    domain_ids = await _domains(identity, reader, grant)
    if not caller.reads_all and not all(may_inspect(caller, one) for one in domain_ids):
        raise denied()
    if not await assignments.has(reader, grant):
        raise missing("role assignment", grant.role_id)


async def list_granted(identity: Identity, caller: Caller, grant: Assignment) -> Sequence[Role]:
    """Roles that the actor has on the target, as they were given; role_id is not looked at."""
    reader = identity.kit.database.reader
    domain_ids = await _domains(identity, reader, grant)
    if not caller.reads_all and not all(may_inspect(caller, one) for one in domain_ids):
        raise denied()
    found = await assignments.find(
        reader,
        actor=(grant.actor_type, grant.actor_id),
        target=(grant.target_type, grant.target_id),
        inherited=grant.inherited,
    )
    roles = await rows.get_many(reader, schema.roles, Role, {a.role_id for a in found})
    return sorted(roles.values(), key=lambda role: role.name)
