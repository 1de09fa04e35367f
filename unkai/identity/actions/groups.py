"""Groups of users, and who is in them."""

from __future__ import annotations

from typing import Any

from unkai.identity.actions.create_user import find_user
from unkai.identity.actions.guard import (
    check_administer,
    check_inspect,
    find_domain,
    missing,
    own_domain,
    taken,
)
from unkai.identity.model import Extra, Group
from unkai.identity.service import Identity
from unkai.identity.store import assignments, memberships, names, rows, schema
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller


async def find_group(session: Session, group_id: str) -> Group:
    group = await rows.get(session, schema.groups, Group, group_id)
    if group is None:
        raise missing("group", group_id)
    return group


async def show_group(identity: Identity, caller: Caller, group_id: str) -> Group:
    group = await find_group(identity.kit.database.reader, group_id)
    check_inspect(caller, group.domain_id)
    return group


async def create_group(
    identity: Identity,
    caller: Caller,
    *,
    name: str,
    domain_id: str | None,
    description: str,
    extra: Extra,
) -> Group:
    """Conflict for a name that is in use in the domain."""
    domain = domain_id or own_domain(caller)
    check_administer(caller, domain)
    group = Group(
        id=identity.new_id(), name=name, domain_id=domain, description=description, extra=extra
    )

    async def write(tx: Tx) -> Group:
        await find_domain(identity, tx, domain)
        if await names.id_of(tx, schema.groups, domain, name) is not None:
            raise taken("group", name)
        await rows.add(tx, schema.groups, group)
        return group

    return await identity.kit.database.transact(write)


async def update_group(
    identity: Identity, caller: Caller, group_id: str, changes: dict[str, Any], extra: Extra
) -> Group:
    async def write(tx: Tx) -> Group:
        present = await find_group(tx, group_id)
        check_administer(caller, present.domain_id)
        values = dict(changes)
        if values.pop("domain_id", present.domain_id) != present.domain_id:
            raise BadRequest("A group stays in its domain.")
        name = values.get("name", present.name)
        if await names.id_of(tx, schema.groups, present.domain_id, name) not in (None, group_id):
            raise taken("group", name)
        if values.get("description", "") is None:
            values["description"] = ""
        if extra:
            values["extra"] = {**present.extra, **extra}
        await rows.change(tx, schema.groups, group_id, values)
        return await find_group(tx, group_id)

    return await identity.kit.database.transact(write)


async def delete_group(identity: Identity, caller: Caller, group_id: str) -> None:
    """What its members had through it ends."""

    async def write(tx: Tx) -> None:
        group = await find_group(tx, group_id)
        check_administer(caller, group.domain_id)
        await assignments.forget_actor(tx, group_id)
        await rows.remove(tx, schema.groups, group_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def add_member(identity: Identity, caller: Caller, group_id: str, user_id: str) -> None:
    async def write(tx: Tx) -> None:
        group, user = await find_group(tx, group_id), await find_user(tx, user_id)
        check_administer(caller, group.domain_id)
        check_administer(caller, user.domain_id)
        await memberships.add(tx, user_id, group_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def remove_member(identity: Identity, caller: Caller, group_id: str, user_id: str) -> None:
    async def write(tx: Tx) -> None:
        group = await find_group(tx, group_id)
        check_administer(caller, group.domain_id)
        if not await memberships.remove(tx, user_id, group_id):
            raise missing("user", user_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def check_member(identity: Identity, caller: Caller, group_id: str, user_id: str) -> None:
    """NotFound if the user is not in the group."""
    reader = identity.kit.database.reader
    group = await find_group(reader, group_id)
    check_inspect(caller, group.domain_id)
    if not await memberships.has(reader, user_id, group_id):
        raise missing("user", user_id)
