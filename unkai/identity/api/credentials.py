"""/credentials."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions import credentials as actions
from unkai.identity.api.bodies import Key, Name, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, itself
from unkai.identity.model import Credential
from unkai.identity.service import Identity
from unkai.kit.http import Call, Route


class CredentialCreate(msgspec.Struct):
    type: Name
    blob: str
    user_id: str | None = None
    project_id: Key | None = None


class CreateBody(msgspec.Struct):
    credential: CredentialCreate


class CredentialUpdate(msgspec.Struct):
    type: Name | UnsetType = UNSET
    blob: str | UnsetType = UNSET
    user_id: str | UnsetType = UNSET
    project_id: str | UnsetType | None = UNSET


class UpdateBody(msgspec.Struct):
    credential: CredentialUpdate


def _view(call: Call, credential: Credential) -> dict[str, Any]:
    identity: Identity = call.service
    return {
        **credential.extra,
        "id": credential.id,
        "type": credential.type,
        "blob": identity.vault.open(credential.sealed),
        "user_id": credential.user_id,
        "project_id": credential.project_id,
        "links": itself(call, f"/credentials/{credential.id}"),
    }


async def create(call: Call) -> dict[str, Any]:
    given: CredentialCreate = call.body.credential
    made = await actions.create_credential(
        call.service,
        call.caller,
        user_id=given.user_id,
        project_id=given.project_id,
        kind=given.type,
        blob=given.blob,
        extra=own_attributes(call, "credential"),
    )
    return {"credential": _view(call, made)}


async def list_all(call: Call) -> dict[str, Any]:
    page = read_page(call, ("user_id", "type"))
    found = await actions.list_credentials(call.service, call.caller, page)
    return collection(call, "credentials", [_view(call, one) for one in found], page)


async def show(call: Call) -> dict[str, Any]:
    key = call.params["credential_id"]
    found = await actions.show_credential(call.service, call.caller, key)
    return {"credential": _view(call, found)}


async def update(call: Call) -> dict[str, Any]:
    given: CredentialUpdate = call.body.credential
    extra = own_attributes(call, "credential")
    key = call.params["credential_id"]
    changed = await actions.update_credential(
        call.service, call.caller, key, changed_fields(given), extra
    )
    return {"credential": _view(call, changed)}


async def delete(call: Call) -> None:
    key = call.params["credential_id"]
    await actions.delete_credential(call.service, call.caller, key)


MANY = "/v3/credentials"
ONE = f"{MANY}/{{credential_id}}"
ROUTES = (
    Route("POST", MANY, create, policy="identity:create_credential", body=CreateBody, status=201),
    Route("GET", MANY, list_all, policy="identity:list_credentials"),
    Route("GET", ONE, show, policy="identity:get_credential"),
    Route("PATCH", ONE, update, policy="identity:update_credential", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_credential", status=204),
)
