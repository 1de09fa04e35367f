"""/auth: tokens, the catalog, and where a user may go."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.responses import Response

from unkai.identity.actions.issue_token import issue_token
from unkai.identity.actions.list_reach import (
    reachable_domains,
    reachable_projects,
    reaches_system,
)
from unkai.identity.actions.revoke_token import revoke_token
from unkai.identity.actions.show_catalog import CatalogEntry, show_catalog
from unkai.identity.actions.show_token import show_token
from unkai.identity.api.queries import number_of, read_page, wants
from unkai.identity.api.views import collection, domain_view, link, moment, project_view
from unkai.identity.model import Project, Proof, Reference, Scope, Subject
from unkai.identity.service import Identity
from unkai.identity.store import projects, revocations
from unkai.identity.store.token_cache import Entry
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route


class DomainRef(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class UserRef(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None
    password: str = ""


class PasswordMethod(msgspec.Struct):
    user: UserRef


class TokenMethod(msgspec.Struct):
    id: str


class CredentialMethod(msgspec.Struct):
    secret: str
    id: str | None = None
    name: str | None = None
    user: UserRef | None = None


class Methods(msgspec.Struct):
    methods: list[str]
    password: PasswordMethod | None = None
    token: TokenMethod | None = None
    application_credential: CredentialMethod | None = None


class ProjectRef(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    domain: DomainRef | None = None


class SystemRef(msgspec.Struct):
    all: bool = False


class Scopes(msgspec.Struct):
    project: ProjectRef | None = None
    domain: DomainRef | None = None
    system: SystemRef | None = None
    unscoped: dict[str, Any] | None = None
    trust: dict[str, Any] | None = msgspec.field(name="OS-TRUST:trust", default=None)


class Auth(msgspec.Struct):
    identity: Methods
    scope: Scopes | str | None = None


class AuthBody(msgspec.Struct):
    auth: Auth


def _incomplete(what: str) -> BadRequest:
    return BadRequest(f"Invalid input for auth: {what}.", code="invalid-body")


def _user(user: UserRef) -> Reference:
    domain = user.domain or DomainRef()
    if user.id is None and (user.name is None or (domain.id is None and domain.name is None)):
        raise _incomplete("a user needs an id, or a name and a domain")
    return Reference(user.id, user.name, domain.id, domain.name)


def read_proof(given: Methods) -> Proof:
    if not given.methods:
        raise _incomplete("at least one method is needed")
    missing = [
        name
        for name in ("password", "token", "application_credential")
        if name in given.methods and getattr(given, name) is None
    ]
    if missing:
        raise _incomplete(f"the method {missing[0]} is named but not given")
    credential = given.application_credential
    if credential and credential.id is None and (credential.name is None or not credential.user):
        raise _incomplete("an application credential needs an id, or a name and a user")
    return Proof(
        methods=tuple(given.methods),
        user=_user(given.password.user) if given.password else None,
        password=given.password.user.password if given.password else "",
        token=given.token.id if given.token else "",
        credential=Reference(credential.id, credential.name) if credential else None,
        credential_user=_user(credential.user) if credential and credential.user else None,
        secret=credential.secret if credential else "",
    )


def read_scope(given: Scopes | str | None) -> Scope:
    if given is None:
        return Scope()
    if isinstance(given, str):
        if given != "unscoped":
            raise _incomplete(f"there is no scope {given!r}")
        return Scope("unscoped")
    if given.trust is not None:
        raise BadRequest("Trusts are not supported.", code="no-trusts")
    named = [
        n for n in ("project", "domain", "system", "unscoped") if getattr(given, n) is not None
    ]
    if len(named) != 1:
        raise _incomplete("a scope is one of project, domain, system and unscoped")
    if given.project is not None:
        domain = given.project.domain or DomainRef()
        if given.project.id is None and (
            given.project.name is None or (domain.id is None and domain.name is None)
        ):
            raise _incomplete("a project needs an id, or a name and a domain")
        target = Reference(given.project.id, given.project.name, domain.id, domain.name)
        return Scope("project", target)
    if given.domain is not None:
        if given.domain.id is None and given.domain.name is None:
            raise _incomplete("a domain needs an id or a name")
        return Scope("domain", Reference(given.domain.id, given.domain.name))
    if given.system is not None and not given.system.all:
        raise _incomplete('the system scope is {"system": {"all": true}}')
    return Scope(named[0])


def _named(project: Project, domain: Project | None) -> dict[str, Any]:
    own = domain or project
    return {
        "id": project.id,
        "name": project.name,
        "domain": {"id": own.id, "name": own.name},
    }


def token_view(subject: Subject) -> dict[str, Any]:
    payload, user = subject.payload, subject.user
    view: dict[str, Any] = {
        "methods": list(payload.methods),
        "user": {
            "id": user.id,
            "name": user.name,
            "domain": {"id": subject.user_domain.id, "name": subject.user_domain.name},
            "password_expires_at": None,
        },
        "audit_ids": list(payload.audit_ids),
        "issued_at": moment(payload.issued_at),
        "expires_at": moment(payload.expires_at),
    }
    if payload.scope:
        view["roles"] = [{"id": role.id, "name": role.name} for role in subject.roles]
    if subject.project is not None:
        view["project"] = _named(subject.project, subject.project_domain)
        view["is_domain"] = subject.project.is_domain
    if subject.domain is not None:
        view["domain"] = {"id": subject.domain.id, "name": subject.domain.name}
    if payload.scope == "system":
        view["system"] = {"all": True}
    if subject.credential is not None:
        view["application_credential"] = {
            "id": subject.credential.id,
            "name": subject.credential.name,
            "restricted": not subject.credential.unrestricted,
        }
    return view


def catalog_view(entries: list[CatalogEntry]) -> list[dict[str, Any]]:
    return [
        {
            "id": entry.service.id,
            "type": entry.service.type,
            "name": entry.service.name or "",
            "endpoints": [
                {
                    "id": endpoint.id,
                    "interface": endpoint.interface,
                    "region": endpoint.region_id,
                    "region_id": endpoint.region_id,
                    "url": endpoint.url,
                }
                for endpoint in entry.endpoints
            ],
        }
        for entry in entries
    ]


async def _render(identity: Identity, entry: Entry, *, with_catalog: bool) -> bytes:
    """The token as JSON, made once as long as nothing changes."""
    kind = "full" if with_catalog else "bare"
    body = entry.rendered.get(kind)
    if body is None:
        subject = entry.subject
        view = token_view(subject)
        if with_catalog and subject.payload.scope:
            project_id = subject.project.id if subject.project else None
            found = await show_catalog(identity, project_id, subject.user.id)
            view["catalog"] = catalog_view(found)
        body = msgspec.json.encode({"token": view})
        entry.rendered[kind] = body
    return body


async def _answer(call: Call, token: str, entry: Entry, status: int) -> Response:
    body = await _render(call.service, entry, with_catalog=not wants(call, "nocatalog"))
    headers = {"X-Subject-Token": token, "Vary": "X-Auth-Token"}
    return Response(body, status_code=status, headers=headers, media_type="application/json")


async def create_token(call: Call) -> Response:
    auth: Auth = call.body.auth
    proof, scope = read_proof(auth.identity), read_scope(auth.scope)
    token, entry = await issue_token(call.service, proof, scope)
    return await _answer(call, token, entry, 201)


def _subject_token(call: Call) -> str:
    token = call.request.headers.get("x-subject-token")
    if not token:
        raise NotFound("The request names no token.", remedy="It belongs into X-Subject-Token.")
    return token


async def show(call: Call) -> Response:
    token = _subject_token(call)
    allow_expired = wants(call, "allow_expired")
    entry = await show_token(call.service, call.caller, token, allow_expired=allow_expired)
    return await _answer(call, token, entry, 200)


async def revoke(call: Call) -> None:
    await revoke_token(call.service, call.caller, _subject_token(call))


async def list_auth_projects(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("name", "domain_id"))
    found = await reachable_projects(identity, call.caller.user_id, page)
    tags = await projects.tags_of(identity.kit.database.reader, [p.id for p in found])
    return collection(call, "projects", [project_view(call, p, tags[p.id]) for p in found])


async def list_auth_domains(call: Call) -> dict[str, Any]:
    found = await reachable_domains(call.service, call.caller.user_id)
    return collection(call, "domains", [domain_view(call, domain) for domain in found])


async def list_auth_systems(call: Call) -> dict[str, Any]:
    there = await reaches_system(call.service, call.caller.user_id)
    return collection(call, "system", [{"all": True}] if there else [])


async def list_catalog(call: Call) -> dict[str, Any]:
    caller = call.caller
    if not (caller.project_id or caller.domain_id or caller.system):
        raise BadRequest(
            "An unscoped token has no catalog.", remedy="Ask for a token of a project."
        )
    found = await show_catalog(call.service, caller.project_id, caller.user_id)
    return {"catalog": catalog_view(found), "links": {"self": link(call, "/auth/catalog")}}


async def list_revocations(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    asked = number_of(call, "since") or 0
    events = await revocations.since(identity.kit.database.reader, float(asked))
    views: list[dict[str, Any]] = []
    for event in events:
        view: dict[str, Any] = {
            "issued_before": moment(event.issued_before),
            "revoked_at": moment(event.revoked_at),
        }
        for name in ("audit_id", "user_id", "project_id", "domain_id"):
            if getattr(event, name) is not None:
                view[name] = getattr(event, name)
        views.append(view)
    return collection(call, "events", views)


VALIDATE = "identity:validate_token"
ROUTES = (
    Route("POST", "/v3/auth/tokens", create_token, policy=None, body=AuthBody, status=201),
    Route("GET", "/v3/auth/tokens", show, policy=VALIDATE),
    Route("DELETE", "/v3/auth/tokens", revoke, policy="identity:revoke_token", status=204),
    Route("GET", "/v3/auth/projects", list_auth_projects, policy="identity:get_auth_projects"),
    Route("GET", "/v3/auth/domains", list_auth_domains, policy="identity:get_auth_domains"),
    Route("GET", "/v3/auth/system", list_auth_systems, policy="identity:get_auth_system"),
    Route("GET", "/v3/auth/catalog", list_catalog, policy="identity:get_auth_catalog"),
    Route("GET", "/v3/OS-REVOKE/events", list_revocations, policy="identity:list_revoke_events"),
)
