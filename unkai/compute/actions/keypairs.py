"""Keypairs: import a public key, make a pair where old clients still ask for it, delete.

The private half of a pair made here is in the answer and nowhere else.
"""

from __future__ import annotations

import asyncio

from unkai.compute.actions.check_quota import check_quota
from unkai.compute.actions.make_keys import generate, read_public_key
from unkai.compute.model import Keypair
from unkai.compute.service import Compute
from unkai.compute.store import keypairs
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller


async def create_keypair(
    compute: Compute,
    caller: Caller,
    user_id: str,
    *,
    name: str,
    kind: str,
    public_key: str | None,
) -> tuple[Keypair, str | None]:
    """The keypair and, where no public key was given, its new private key (PEM)."""
    private_key = None
    now = compute.kit.clock.now()
    if public_key is None:
        public_key, private_key = await asyncio.to_thread(generate, kind, user_id, now)
    keypair = Keypair(
        name=name,
        user_id=user_id,
        type=kind,
        fingerprint=read_public_key(kind, public_key),
        public_key=public_key,
        created_at=now,
    )

    async def write(tx: Tx) -> None:
        if await keypairs.get_keypair(tx, user_id, name) is not None:
            raise Conflict(f"Key pair '{name}' already exists.", code="keypair-exists")
        await check_quota(compute, tx, caller.project_id or "", {"key_pairs": 1}, user_id=user_id)
        await keypairs.add_keypair(tx, keypair)

    await compute.kit.database.transact(write)
    return keypair, private_key


async def delete_keypair(compute: Compute, tx: Tx, user_id: str, name: str) -> None:
    if not await keypairs.delete_keypair(tx, user_id, name):
        raise no_keypair(user_id, name)


def no_keypair(user_id: str, name: str) -> NotFound:
    return NotFound(f"Keypair {name} not found for user {user_id}", code="keypair-not-found")
