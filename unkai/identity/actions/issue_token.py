"""A token for who proves who they are, for the scope they ask for.

Every failure is the same 401: whoever asks learns nothing about which users, projects or domains
exist. A token gained from a token keeps its first expiry and the first one's audit id, so a chain
of tokens lives no longer than its first link; one of an application credential stays bound to it.
"""

from __future__ import annotations

from dataclasses import dataclass

from unkai.identity.actions.authenticate import validate
from unkai.identity.actions.resolve_token import reach_of, resolve_token
from unkai.identity.model import (
    ApplicationCredential,
    Proof,
    Reference,
    Scope,
    Subject,
    User,
)
from unkai.identity.service import Identity
from unkai.identity.store import application_credentials, subjects
from unkai.identity.store.token_cache import Entry
from unkai.kit.errors import Fault, Forbidden, Unauthorized
from unkai.kit.tokens import Payload, Tokens

METHODS = frozenset({"password", "token", "application_credential"})
TOKEN_SCOPES = frozenset({"project", "domain", "system"})


@dataclass(frozen=True, slots=True)
class _Proven:
    """One accepted proof."""

    user: User
    methods: tuple[str, ...]
    expires_at: float | None = None
    chain_id: str = ""
    credential: ApplicationCredential | None = None


def refused() -> Unauthorized:
    return Unauthorized("The request you have made requires authentication.", code="auth-failed")


async def issue_token(identity: Identity, proof: Proof, scope: Scope) -> tuple[str, Entry]:
    """The token and its subject. Unauthorized for any wrong proof or unreachable scope.

    Forbidden where a token may not be exchanged (one of an application credential, for another
    scope).
    """
    methods = tuple(dict.fromkeys(proof.methods))
    if not methods or not METHODS.issuperset(methods):
        raise refused()
    proofs = [await _prove(identity, method, proof) for method in methods]
    if len({proven.user.id for proven in proofs}) != 1:
        raise refused()
    credential = next((p.credential for p in proofs if p.credential), None)
    user = proofs[0].user
    proven = {method for p in proofs for method in p.methods}
    if _unmet_rules(user, proven):
        raise refused()
    kind, scope_id = await _scope(identity, user, scope, credential)
    now = identity.kit.clock.now()
    limits = [p.expires_at for p in proofs if p.expires_at is not None]
    chain = next((p.chain_id for p in proofs if p.chain_id), "")
    own = Tokens.audit_id(identity.kit.chance)
    payload = Payload(
        user_id=user.id,
        scope=kind,
        scope_id=scope_id,
        methods=tuple(dict.fromkeys(m for p in proofs for m in p.methods)),
        issued_at=now,
        expires_at=min([now + identity.settings.token_lifetime_s, *limits]),
        audit_ids=(own, chain) if chain else (own,),
        app_cred_id=credential.id if credential else "",
    )
    drops = identity.cache.drops
    entry = Entry(await _resolve(identity, payload))
    token = identity.tokens.issue(payload)
    identity.cache.keep(token, entry, drops)
    return token, entry


async def _resolve(identity: Identity, payload: Payload) -> Subject:
    try:
        return await resolve_token(identity, identity.kit.database.reader, payload)
    except Unauthorized as error:
        raise refused() from error


async def _prove(identity: Identity, method: str, proof: Proof) -> _Proven:
    if method == "password":
        return await _by_password(identity, proof)
    if method == "token":
        return await _by_token(identity, proof)
    return await _by_credential(identity, proof)


async def _by_password(identity: Identity, proof: Proof) -> _Proven:
    if proof.user is None:
        raise refused()
    found = await find_user(identity, proof.user)
    known = found[0].password_hash if found else None
    right = await identity.passwords.verify(known, proof.password)
    if not right or found is None or not found[0].enabled or not found[1].enabled:
        raise refused()
    return _Proven(found[0], ("password",))


async def find_user(identity: Identity, who: Reference):
    reader = identity.kit.database.reader
    if who.id is not None:
        return await subjects.user_with_domain(reader, who.id)
    if who.name is None or (who.domain_id is None and who.domain_name is None):
        return None
    return await subjects.user_by_name(reader, who.name, who.domain_id, who.domain_name)


async def _by_token(identity: Identity, proof: Proof) -> _Proven:
    try:
        subject = (await validate(identity, proof.token)).subject
    except Unauthorized as error:
        raise refused() from error
    payload = subject.payload
    return _Proven(
        subject.user,
        ("token", *payload.methods),
        expires_at=payload.expires_at,
        chain_id=payload.audit_ids[-1],
        credential=subject.credential,
    )


async def _by_credential(identity: Identity, proof: Proof) -> _Proven:
    reader = identity.kit.database.reader
    which = proof.credential or Reference()
    credential = None
    if which.id is not None:
        credential = await application_credentials.get(reader, which.id)
    elif which.name is not None and proof.credential_user is not None:
        found = await find_user(identity, proof.credential_user)
        if found is not None:
            credential = await application_credentials.by_name(reader, found[0].id, which.name)
    known = credential.secret_hash if credential else None
    right = await identity.passwords.verify(known, proof.secret)
    if not right or credential is None:
        raise refused()
    found = await subjects.user_with_domain(reader, credential.user_id)
    if found is None:
        raise refused()
    return _Proven(
        found[0],
        ("application_credential",),
        expires_at=credential.expires_at,
        credential=credential,
    )


async def _scope(
    identity: Identity, user: User, scope: Scope, credential: ApplicationCredential | None
) -> tuple[str, str]:
    """Kind and id of what the token will be for; ("", "") is unscoped."""
    if credential is not None:
        asked = scope.kind
        if asked not in ("", "project") or (
            asked == "project" and scope.target.id != credential.project_id
        ):
            raise Forbidden(
                "A token of an application credential is only good for its own project.",
                code="app-cred-scope",
            )
        return "project", credential.project_id
    if scope.kind == "unscoped":
        return "", ""
    if scope.kind == "system":
        return "system", ""
    if scope.kind in TOKEN_SCOPES:
        return scope.kind, await _target_id(identity, scope)
    return await _default_scope(identity, user)


async def _target_id(identity: Identity, scope: Scope) -> str:
    reader = identity.kit.database.reader
    target = scope.target
    if target.id is not None:
        return target.id
    if target.name is None:
        raise refused()
    if scope.kind == "domain":
        domain = await subjects.domain_by(reader, None, target.name)
        if domain is None:
            raise refused()
        return domain.id
    if target.domain_id is None and target.domain_name is None:
        raise refused()
    found = await subjects.project_by_name(
        reader, target.name, target.domain_id, target.domain_name
    )
    if found is None:
        raise refused()
    return found[0].id


async def _default_scope(identity: Identity, user: User) -> tuple[str, str]:
    """The user's default project if it can be had, else nothing."""
    if user.default_project_id is None:
        return "", ""
    reader = identity.kit.database.reader
    try:
        reach = await reach_of(reader, user.id, "project", user.default_project_id)
    except Fault:
        return "", ""
    return ("project", user.default_project_id) if reach.role_ids else ("", "")


def _unmet_rules(user: User, methods: set[str]) -> bool:
    """Whether the user's rules ask for more than these methods; unknown methods void a rule."""
    if not user.options.get("multi_factor_auth_enabled", True):
        return False
    rules = [set(rule) for rule in user.options.get("multi_factor_auth_rules") or ()]
    usable = [rule for rule in rules if rule <= METHODS]
    return bool(usable) and not any(rule <= methods for rule in usable)
