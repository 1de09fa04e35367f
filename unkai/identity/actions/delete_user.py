"""Deleting users and what only they had."""

from __future__ import annotations

from unkai.identity.actions.guard import check_administer, missing
from unkai.identity.model import User
from unkai.identity.service import Identity
from unkai.identity.store import assignments, rows, schema
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def delete_user(identity: Identity, caller: Caller, user_id: str) -> None:
    """Their tokens, memberships, roles and application credentials end with them."""

    async def write(tx: Tx) -> None:
        user = await rows.get(tx, schema.users, User, user_id)
        if user is None:
            raise missing("user", user_id)
        check_administer(caller, user.domain_id)
        await forget_user(identity, tx, user_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def forget_user(identity: Identity, tx: Tx, user_id: str) -> None:
    """Part of a transaction that also says `identity.changed`."""
    await assignments.forget_actor(tx, user_id)
    await rows.remove(tx, schema.users, user_id)
    await identity.kit.events.emit(tx, "user.deleted", user_id)
