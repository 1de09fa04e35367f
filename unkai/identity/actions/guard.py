"""Checks that many actions share: whose domain, what is missing, what must stay as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.identity.model import DEFAULT_DOMAIN_ID, Project
from unkai.identity.service import Identity
from unkai.identity.store import projects
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller


def missing(kind: str, key: str) -> NotFound:
    return NotFound(f"Could not find {kind}: {key}.", code=f"{kind.replace(' ', '-')}-not-found")


def taken(kind: str, name: str) -> Conflict:
    return Conflict(
        f"Conflict occurred attempting to store {kind}: the name {name!r} is in use.",
        code="name-in-use",
    )


def denied() -> Forbidden:
    return Forbidden("You are not authorized to perform the requested action.", code="policy")


def may_administer(caller: Caller, domain_id: str) -> bool:
    """An administrator, or the manager of this domain by a token for it."""
    return caller.is_admin or (bool(domain_id) and _is_in(caller, domain_id, "manager"))


def may_inspect(caller: Caller, domain_id: str) -> bool:
    return caller.reads_all or (bool(domain_id) and _is_in(caller, domain_id, "reader"))


def _is_in(caller: Caller, domain_id: str, role: str) -> bool:
    return caller.domain_id == domain_id and role in caller.roles


def check_administer(caller: Caller, domain_id: str) -> None:
    if not may_administer(caller, domain_id):
        raise denied()


def check_inspect(caller: Caller, domain_id: str) -> None:
    if not may_inspect(caller, domain_id):
        raise denied()


def narrowed(caller: Caller, equal: Mapping[str, Any]) -> dict[str, Any]:
    """A list's filters, kept to the caller's domain unless the caller reads all."""
    if caller.reads_all:
        return dict(equal)
    wanted = equal.get("domain_id", caller.domain_id)
    if caller.domain_id is None or wanted != caller.domain_id:
        raise denied()
    return {**equal, "domain_id": caller.domain_id}


def check_unrestricted(caller: Caller) -> None:
    """Forbidden to a token of a restricted application credential: it may not make secrets."""
    if caller.extra.get("restricted"):
        raise Forbidden(
            "A token of a restricted application credential may not do this.",
            code="app-cred-restricted",
            remedy="Use a password, or an application credential made with unrestricted=true.",
        )


def own_domain(caller: Caller) -> str:
    """The domain of what a caller makes without naming one."""
    return caller.domain_id or caller.project_domain_id or DEFAULT_DOMAIN_ID


async def find_domain(identity: Identity, session: Session, domain_id: str) -> Project:
    domain = await projects.get(session, domain_id)
    if domain is None or not domain.is_domain:
        raise missing("domain", domain_id)
    return domain


async def find_project(identity: Identity, session: Session, project_id: str) -> Project:
    project = await projects.get(session, project_id)
    if project is None:
        raise missing("project", project_id)
    return project


def merged_options(
    known: frozenset[str], present: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Options after an update: null takes one away; BadRequest for unknown names."""
    unknown = set(given) - known
    if unknown:
        raise BadRequest(f"There is no such option: {', '.join(sorted(unknown))}.")
    for name, value in given.items():
        if name != "multi_factor_auth_rules" and not isinstance(value, bool | None):
            raise BadRequest(f"The option {name} is true, false or null.")
    both = {**present, **given}
    return {name: value for name, value in both.items() if value is not None}


def check_mutable(
    kind: str, key: str, options: Mapping[str, Any], given: Mapping[str, Any] | None = None
) -> None:
    """Forbidden if a thing is immutable and the update does not lift just that."""
    lifted = given is not None and "immutable" in given and not given["immutable"]
    if options.get("immutable") and not lifted:
        raise Forbidden(
            f"The {kind} {key} is immutable.",
            code="immutable",
            remedy="Set its option immutable to false first.",
        )
