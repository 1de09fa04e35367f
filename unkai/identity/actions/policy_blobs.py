"""Policies as the API keeps them: texts of other services, stored and given back."""

from __future__ import annotations

from typing import Any

from unkai.identity.actions.guard import missing
from unkai.identity.model import PolicyBlob
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.db import Session, Tx


async def find_policy(session: Session, policy_id: str) -> PolicyBlob:
    policy = await rows.get(session, schema.policies, PolicyBlob, policy_id)
    if policy is None:
        raise missing("policy", policy_id)
    return policy


async def create_policy(identity: Identity, policy: PolicyBlob) -> PolicyBlob:
    async def write(tx: Tx) -> PolicyBlob:
        await rows.add(tx, schema.policies, policy)
        return policy

    return await identity.kit.database.transact(write)


async def update_policy(
    identity: Identity, policy_id: str, changes: dict[str, Any], extra: dict[str, Any]
) -> PolicyBlob:
    async def write(tx: Tx) -> PolicyBlob:
        present = await find_policy(tx, policy_id)
        values = {**changes, "extra": {**present.extra, **extra}}
        await rows.change(tx, schema.policies, policy_id, values)
        return await find_policy(tx, policy_id)

    return await identity.kit.database.transact(write)


async def delete_policy(identity: Identity, policy_id: str) -> None:
    async def write(tx: Tx) -> None:
        if not await rows.remove(tx, schema.policies, policy_id):
            raise missing("policy", policy_id)

    await identity.kit.database.transact(write)
