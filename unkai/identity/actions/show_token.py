"""Looking at somebody's token: services do it for their callers, users for themselves."""

from __future__ import annotations

from unkai.identity.actions.authenticate import LONGEST_TOKEN, validate
from unkai.identity.actions.resolve_token import resolve_token
from unkai.identity.actions.revoke_token import ALLOW_EXPIRED_S
from unkai.identity.service import Identity
from unkai.identity.store.token_cache import Entry
from unkai.kit.errors import Forbidden, NotFound, Unauthorized
from unkai.kit.policy import Caller


async def show_token(
    identity: Identity, caller: Caller, token: str, *, allow_expired: bool = False
) -> Entry:
    """The token's subject. NotFound if it does not hold; Forbidden if it is not the caller's.

    allow_expired: also up to two days after its end, for a service's long work.
    """
    may_all = caller.reads_all or "service" in caller.roles
    try:
        entry = await validate(identity, token)
    except Unauthorized as error:
        expired = error.code == "token-expired"
        if not (expired and allow_expired and may_all):
            raise NotFound("The token could not be found.", code="token-not-found") from error
        entry = await _expired(identity, token)
    if not may_all and entry.subject.user.id != caller.user_id:
        raise Forbidden("Only a service or an administrator may look at another user's token.")
    return entry


async def _expired(identity: Identity, token: str) -> Entry:
    try:
        if len(token) > LONGEST_TOKEN:
            raise Unauthorized("The token is too long.", code="token-invalid")
        payload = identity.tokens.open(token, identity.kit.clock.now() - ALLOW_EXPIRED_S)
        return Entry(await resolve_token(identity, identity.kit.database.reader, payload))
    except Unauthorized as error:
        raise NotFound("The token could not be found.", code="token-not-found") from error
