"""/users/{user_id}/application_credentials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from unkai.identity.actions.create_application_credential import (
    CredentialRequest,
    create_application_credential,
    delete_application_credential,
    list_application_credentials,
    roles_of,
    show_application_credential,
)
from unkai.identity.api.bodies import Name
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, credential_view
from unkai.identity.model import ApplicationCredential
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


class RoleRef(msgspec.Struct):
    id: str | None = None
    name: str | None = None


class CredentialCreate(msgspec.Struct):
    name: Name
    description: str | None = None
    secret: str | None = None
    roles: list[RoleRef] | None = None
    expires_at: str | None = None
    unrestricted: bool | None = None
    access_rules: list[dict[str, Any]] | None = None


class CreateBody(msgspec.Struct):
    application_credential: CredentialCreate


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"expires_at is not a time: {text!r}.") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


async def _view(call: Call, credential: ApplicationCredential) -> dict[str, Any]:
    return credential_view(call, credential, await roles_of(call.service, credential))


async def create(call: Call) -> dict[str, Any]:
    given: CredentialCreate = call.body.application_credential
    if given.access_rules:
        raise BadRequest(
            "Access rules are not supported: a credential with them would not be kept to them.",
            code="no-access-rules",
            remedy="Narrow the credential by its roles.",
        )
    roles = None if given.roles is None else [(role.id, role.name) for role in given.roles]
    request = CredentialRequest(
        name=given.name,
        description=given.description,
        secret=given.secret,
        roles=roles or None,
        expires_at=_time(given.expires_at),
        unrestricted=bool(given.unrestricted),
    )
    user_id = call.params["user_id"]
    credential, secret = await create_application_credential(
        call.service, call.caller, user_id, request
    )
    return {"application_credential": {**await _view(call, credential), "secret": secret}}


async def list_all(call: Call) -> dict[str, Any]:
    page = read_page(call, ("name",))
    found = await list_application_credentials(
        call.service, call.caller, call.params["user_id"], page
    )
    views = [await _view(call, credential) for credential in found]
    return collection(call, "application_credentials", views, page)


async def show(call: Call) -> dict[str, Any]:
    credential = await show_application_credential(
        call.service, call.caller, call.params["user_id"], call.params["credential_id"]
    )
    return {"application_credential": await _view(call, credential)}


async def delete(call: Call) -> None:
    await delete_application_credential(
        call.service, call.caller, call.params["user_id"], call.params["credential_id"]
    )


MANY = "/v3/users/{user_id}/application_credentials"
ONE = f"{MANY}/{{credential_id}}"
NOUN = "application_credential"
ROUTES = (
    Route("POST", MANY, create, policy=f"identity:create_{NOUN}", body=CreateBody, status=201),
    Route("GET", MANY, list_all, policy=f"identity:list_{NOUN}s"),
    Route("GET", ONE, show, policy=f"identity:get_{NOUN}"),
    Route("DELETE", ONE, delete, policy=f"identity:delete_{NOUN}", status=204),
)
