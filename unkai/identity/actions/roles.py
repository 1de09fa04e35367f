"""Roles, and which ones they bring with them."""

from __future__ import annotations

from typing import Any

from unkai.identity.actions.create_project import OPTIONS
from unkai.identity.actions.guard import (
    check_mutable,
    find_domain,
    merged_options,
    missing,
    taken,
)
from unkai.identity.model import ROOT, Extra, Role
from unkai.identity.service import Identity
from unkai.identity.store import assignments, names, rows, schema
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden

NEVER_IMPLIED = frozenset({"admin"})


async def find_role(session: Session, role_id: str) -> Role:
    role = await rows.get(session, schema.roles, Role, role_id)
    if role is None:
        raise missing("role", role_id)
    return role


async def create_role(
    identity: Identity,
    *,
    name: str,
    domain_id: str | None,
    description: str | None,
    options: Extra,
    extra: Extra,
) -> Role:
    """A global role, or one of a domain. Conflict for a name that is in use there."""
    role = Role(
        id=identity.new_id(),
        name=name,
        domain_id=domain_id or ROOT,
        description=description,
        options=merged_options(OPTIONS, {}, options),
        extra=extra,
    )

    async def write(tx: Tx) -> Role:
        if domain_id is not None:
            await find_domain(identity, tx, domain_id)
        if await names.id_of(tx, schema.roles, role.domain_id, name) is not None:
            raise taken("role", name)
        await rows.add(tx, schema.roles, role)
        await identity.changed(tx)
        return role

    return await identity.kit.database.transact(write)


async def update_role(
    identity: Identity, role_id: str, changes: dict[str, Any], extra: Extra
) -> Role:
    async def write(tx: Tx) -> Role:
        present = await find_role(tx, role_id)
        values = dict(changes)
        check_mutable("role", role_id, present.options, values.get("options"))
        if (values.pop("domain_id", None) or present.domain_id) != present.domain_id:
            raise BadRequest("A role stays in its domain.")
        if "options" in values:
            values["options"] = merged_options(OPTIONS, present.options, values["options"])
        name = values.get("name", present.name)
        if await names.id_of(tx, schema.roles, present.domain_id, name) not in (None, role_id):
            raise taken("role", name)
        if extra:
            values["extra"] = {**present.extra, **extra}
        await rows.change(tx, schema.roles, role_id, values)
        await identity.changed(tx)
        return await find_role(tx, role_id)

    return await identity.kit.database.transact(write)


async def delete_role(identity: Identity, role_id: str) -> None:
    """It is taken from everybody who has it."""

    async def write(tx: Tx) -> None:
        role = await find_role(tx, role_id)
        check_mutable("role", role_id, role.options)
        await rows.remove(tx, schema.roles, role_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def imply_role(identity: Identity, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    """Who has the first has the second too.

    Forbidden for admin as the second, and from a global role to a domain's own.
    """

    async def write(tx: Tx) -> tuple[Role, Role]:
        prior, implied = await find_role(tx, prior_id), await find_role(tx, implied_id)
        if implied.name in NEVER_IMPLIED:
            raise Forbidden(f"The role {implied.name} cannot be implied.", code="role-not-implied")
        if implied.domain_id and not prior.domain_id:
            raise Forbidden("A global role cannot imply a domain's role.", code="role-not-implied")
        await assignments.imply(tx, prior_id, implied_id)
        await identity.changed(tx)
        return prior, implied

    return await identity.kit.database.transact(write)


async def show_implied(identity: Identity, prior_id: str, implied_id: str) -> tuple[Role, Role]:
    """NotFound if the first does not imply the second."""
    reader = identity.kit.database.reader
    prior, implied = await find_role(reader, prior_id), await find_role(reader, implied_id)
    if not await assignments.implies(reader, prior_id, implied_id):
        raise missing("role inference", f"{prior_id} implies {implied_id}")
    return prior, implied


async def stop_implying(identity: Identity, prior_id: str, implied_id: str) -> None:
    async def write(tx: Tx) -> None:
        await find_role(tx, prior_id)
        await find_role(tx, implied_id)
        if not await assignments.stop_implying(tx, prior_id, implied_id):
            raise missing("role inference", f"{prior_id} implies {implied_id}")
        await identity.changed(tx)

    await identity.kit.database.transact(write)
