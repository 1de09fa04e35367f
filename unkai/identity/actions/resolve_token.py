"""What a token means now: nothing in it is believed but ids and times.

User, domain, project, credential and roles are read as they are, so that a disabled user, a deleted
project or a withdrawn role ends or narrows a token at once, without any list of tokens. Revocations
cover what cannot be seen that way: a token given back, a changed password, something that was
disabled and enabled again.
"""

from __future__ import annotations

from dataclasses import dataclass

from unkai.identity.model import ApplicationCredential, Project, Role, Subject, User
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema, subjects
from unkai.kit.db import Session
from unkai.kit.errors import Unauthorized
from unkai.kit.policy import Caller
from unkai.kit.tokens import Payload


@dataclass(frozen=True, slots=True)
class Reach:
    """What a scope comes down to."""

    project: Project | None = None
    project_domain: Project | None = None
    domain: Project | None = None
    role_ids: frozenset[str] = frozenset()


def invalid(reason: str) -> Unauthorized:
    return Unauthorized(f"The token is not valid: {reason}.", code="token-invalid")


async def resolve_token(identity: Identity, session: Session, payload: Payload) -> Subject:
    """Read everything a payload names; Unauthorized if it does not hold any more.

    Expiry is not looked at: `kit.tokens` did, or the caller knows better.
    """
    found = await subjects.user_with_domain(session, payload.user_id)
    if found is None or not found[0].enabled or not found[1].enabled:
        raise invalid("its user is gone or disabled")
    user, user_domain = found
    reach = await reach_of(session, user.id, payload.scope, payload.scope_id)
    domain_ids = {d.id for d in (user_domain, reach.project_domain, reach.domain) if d}
    if await subjects.is_revoked(
        session,
        audit_id=payload.audit_ids[0],
        user_id=user.id,
        project_id=reach.project.id if reach.project else None,
        domain_ids=domain_ids,
        issued_at=payload.issued_at,
    ):
        raise invalid("it was revoked")
    role_ids = set(reach.role_ids)
    graph = await identity.cache.role_graph(session)
    granted = graph.expand(role_ids)
    credential = None
    if payload.app_cred_id:
        credential = await usable_credential(identity, session, payload.app_cred_id, user.id)
        allowed = {role.id for role in graph.expand(set(credential.role_ids))}
        granted = [role for role in granted if role.id in allowed]
        if credential.project_id != payload.scope_id:
            raise invalid("its application credential is for another project")
    if payload.scope and not granted:
        raise invalid("its user has no role there any more")
    caller = _caller(payload, user, reach, granted, credential)
    return Subject(
        payload=payload,
        user=user,
        user_domain=user_domain,
        project=reach.project,
        project_domain=reach.project_domain,
        domain=reach.domain,
        roles=tuple(granted),
        credential=credential,
        caller=caller,
    )


async def reach_of(session: Session, user_id: str, kind: str, scope_id: str) -> Reach:
    """The scope's target and the user's roles there; Unauthorized if it is gone or disabled."""
    if kind == "project":
        found = await subjects.project_with_domain(session, scope_id)
        if found is None or not found[0].enabled or not found[1].enabled:
            raise invalid("its project is gone or disabled")
        roles = await subjects.roles_on_project(session, user_id, found[0])
        return Reach(project=found[0], project_domain=found[1], role_ids=frozenset(roles))
    if kind == "domain":
        domain = await subjects.domain_by(session, scope_id, None)
        if domain is None or not domain.enabled:
            raise invalid("its domain is gone or disabled")
        roles = await subjects.roles_on_domain(session, user_id, domain.id)
        return Reach(domain=domain, role_ids=frozenset(roles))
    if kind == "system":
        return Reach(role_ids=frozenset(await subjects.roles_on_system(session, user_id)))
    return Reach()


async def usable_credential(
    identity: Identity, session: Session, credential_id: str, user_id: str
) -> ApplicationCredential:
    table = schema.application_credentials
    credential = await rows.get(session, table, ApplicationCredential, credential_id)
    if credential is None or credential.user_id != user_id:
        raise invalid("its application credential is gone")
    expires_at = credential.expires_at
    if expires_at is not None and expires_at <= identity.kit.clock.now():
        raise invalid("its application credential has expired")
    return credential


def _caller(
    payload: Payload,
    user: User,
    reach: Reach,
    roles: list[Role],
    credential: ApplicationCredential | None,
) -> Caller:
    extra: dict[str, str] = {}
    if credential is not None:
        extra["application_credential_id"] = credential.id
        extra["restricted"] = "" if credential.unrestricted else "yes"
    project = reach.project
    return Caller(
        user_id=user.id,
        user_name=user.name,
        user_domain_id=user.domain_id,
        roles=frozenset(role.name for role in roles),
        project_id=project.id if project else None,
        project_name=project.name if project else None,
        project_domain_id=reach.project_domain.id if reach.project_domain else None,
        domain_id=reach.domain.id if reach.domain else None,
        system=payload.scope == "system",
        token_id=payload.audit_ids[0],
        extra=extra,
    )
