"""Ending tokens before their time, and the list of such events."""

from __future__ import annotations

from unkai.identity.actions.authenticate import validate
from unkai.identity.model import Revocation
from unkai.identity.service import Identity
from unkai.identity.store import revocations
from unkai.kit.db import Tx
from unkai.kit.errors import Forbidden, NotFound, Unauthorized
from unkai.kit.policy import Caller

ALLOW_EXPIRED_S = 172_800.0
"""How long after its end a service may still look at a token, for work that outlives it."""


async def revoke_token(identity: Identity, caller: Caller, token: str) -> None:
    """End this one token; NotFound if it does not hold, Forbidden if it is somebody else's."""
    try:
        subject = (await validate(identity, token)).subject
    except Unauthorized as error:
        raise NotFound("The token could not be found.", code="token-not-found") from error
    if not caller.is_admin and subject.user.id != caller.user_id:
        raise Forbidden("Only an administrator may revoke another user's token.")

    async def write(tx: Tx) -> None:
        await revoke(identity, tx, audit_id=subject.payload.audit_ids[0])

    await identity.kit.database.transact(write)


async def revoke(
    identity: Identity,
    tx: Tx,
    *,
    audit_id: str | None = None,
    user_id: str | None = None,
    project_id: str | None = None,
    domain_id: str | None = None,
) -> None:
    """End what was issued until now to one user, for one project, in one domain, or one token."""
    now = identity.kit.clock.now()
    event = Revocation(
        audit_id=audit_id,
        user_id=user_id,
        project_id=project_id,
        domain_id=domain_id,
        issued_before=now,
        revoked_at=now,
        forget_at=now + identity.settings.token_lifetime_s + ALLOW_EXPIRED_S,
    )
    await revocations.add(tx, event)
    await revocations.forget(tx, now)
    await identity.changed(tx)
