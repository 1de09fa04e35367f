"""From a token to its caller: on the path of every request of every API."""

from __future__ import annotations

from dataclasses import replace

from unkai.identity.actions.resolve_token import resolve_token
from unkai.identity.service import Identity
from unkai.identity.store.token_cache import Entry
from unkai.kit.errors import Unauthorized
from unkai.kit.policy import Caller

LONGEST_TOKEN = 2048
"""Characters; ours have about 300. Longer ones are refused before any work is done."""


async def authenticate(identity: Identity, token: str, request_id: str) -> Caller:
    """The caller of a token; Unauthorized if it is damaged, expired, revoked or void."""
    entry = await validate(identity, token)
    return replace(entry.subject.caller, request_id=request_id)


async def validate(identity: Identity, token: str) -> Entry:
    """The token's subject, from the cache if nothing changed; Unauthorized if it does not hold."""
    cache = identity.cache
    clock = identity.kit.clock
    reader = identity.kit.database.reader
    monotonic = clock.monotonic()
    if cache.is_due(monotonic):
        await cache.recheck(reader, monotonic)
    entry = cache.entries.get(token)
    now = clock.now()
    if entry is not None:
        _check_times(entry, now)
        return entry
    if len(token) > LONGEST_TOKEN:
        raise Unauthorized("The token is not valid.", code="token-invalid")
    drops = cache.drops
    payload = identity.tokens.open(token, now)
    entry = Entry(await resolve_token(identity, reader, payload))
    cache.keep(token, entry, drops)
    return entry


def _check_times(entry: Entry, now: float) -> None:
    subject = entry.subject
    if subject.payload.expires_at <= now:
        raise Unauthorized("The token has expired.", code="token-expired")
    credential = subject.credential
    if credential and credential.expires_at is not None and credential.expires_at <= now:
        raise Unauthorized("The token's application credential has expired.", code="token-expired")
