"""Application credentials: a second secret of a user, for one project and no more than they may.

Only the user makes them, never an administrator for somebody, and not with a token of a restricted
application credential. Roles are a part of what the token at hand has; they are looked at again
each time the credential is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unkai.identity.actions.guard import check_unrestricted, denied, missing, taken
from unkai.identity.model import ApplicationCredential, Role
from unkai.identity.service import Identity
from unkai.identity.store import application_credentials, rows, schema
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class CredentialRequest:
    """roles: (id, name) pairs of which one is given; None takes all of the token's."""

    name: str
    description: str | None = None
    secret: str | None = None
    roles: Sequence[tuple[str | None, str | None]] | None = None
    expires_at: float | None = None
    unrestricted: bool = False


async def create_application_credential(
    identity: Identity, caller: Caller, user_id: str, request: CredentialRequest
) -> tuple[ApplicationCredential, str]:
    """The credential and its secret, which is shown this once."""
    if caller.user_id != user_id:
        raise denied()
    check_unrestricted(caller)
    project_id = caller.project_id
    if project_id is None:
        raise Forbidden(
            "An application credential is for a project.", remedy="Use a token of that project."
        )
    now = identity.kit.clock.now()
    if request.expires_at is not None and request.expires_at <= now:
        raise BadRequest("expires_at is in the past.")
    secret = request.secret or identity.kit.chance.token_urlsafe(64)
    roles = await _roles(identity, caller, request)
    secret_hash = await identity.passwords.hash(secret)
    credential = ApplicationCredential(
        id=identity.new_id(),
        name=request.name,
        user_id=user_id,
        project_id=project_id,
        secret_hash=secret_hash,
        description=request.description,
        expires_at=request.expires_at,
        unrestricted=request.unrestricted,
        role_ids=tuple(role.id for role in roles),
    )

    async def write(tx: Tx) -> ApplicationCredential:
        if await application_credentials.by_name(tx, user_id, request.name) is not None:
            raise taken("application credential", request.name)
        await rows.add(tx, schema.application_credentials, credential)
        return credential

    return await identity.kit.database.transact(write), secret


async def _roles(identity: Identity, caller: Caller, request: CredentialRequest) -> list[Role]:
    graph = await identity.cache.role_graph(identity.kit.database.reader)
    mine = [
        role for role in graph.roles.values() if not role.domain_id and role.name in caller.roles
    ]
    if request.roles is None:
        return mine
    chosen: list[Role] = []
    for role_id, name in request.roles:
        found = [role for role in mine if role.id == role_id or role.name == name]
        if not found:
            raise BadRequest(f"The token has no role {role_id or name}.", code="role-not-held")
        chosen += found
    if not chosen:
        raise BadRequest("An application credential has at least one role.")
    return chosen


async def show_application_credential(
    identity: Identity, caller: Caller, user_id: str, credential_id: str
) -> ApplicationCredential:
    if not caller.reads_all and caller.user_id != user_id:
        raise denied()
    credential = await application_credentials.get(identity.kit.database.reader, credential_id)
    if credential is None or credential.user_id != user_id:
        raise missing("application credential", credential_id)
    return credential


async def list_application_credentials(
    identity: Identity, caller: Caller, user_id: str, page: rows.Page
) -> Sequence[ApplicationCredential]:
    if not caller.reads_all and caller.user_id != user_id:
        raise denied()
    own = rows.Page(
        equal={**page.equal, "user_id": user_id},
        like=page.like,
        marker=page.marker,
        limit=page.limit,
    )
    reader = identity.kit.database.reader
    return await rows.find(reader, schema.application_credentials, ApplicationCredential, own)


async def delete_application_credential(
    identity: Identity, caller: Caller, user_id: str, credential_id: str
) -> None:
    """Its tokens end with it."""
    if not caller.is_admin and caller.user_id != user_id:
        raise denied()
    check_unrestricted(caller)

    async def write(tx: Tx) -> None:
        credential = await application_credentials.get(tx, credential_id)
        if credential is None or credential.user_id != user_id:
            raise missing("application credential", credential_id)
        await rows.remove(tx, schema.application_credentials, credential_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def roles_of(identity: Identity, credential: ApplicationCredential) -> list[Role]:
    graph = await identity.cache.role_graph(identity.kit.database.reader)
    return [graph.roles[one] for one in credential.role_ids if one in graph.roles]
