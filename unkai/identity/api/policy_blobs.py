"""/policies: texts that services keep here."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions import policy_blobs as actions
from unkai.identity.api.bodies import Name, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, itself
from unkai.identity.model import PolicyBlob
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.http import Call, Route


class PolicyCreate(msgspec.Struct):
    type: Name
    blob: str


class CreateBody(msgspec.Struct):
    policy: PolicyCreate


class PolicyUpdate(msgspec.Struct):
    type: Name | UnsetType = UNSET
    blob: str | UnsetType = UNSET


class UpdateBody(msgspec.Struct):
    policy: PolicyUpdate


def _view(call: Call, policy: PolicyBlob) -> dict[str, Any]:
    return {
        **policy.extra,
        "id": policy.id,
        "type": policy.type,
        "blob": policy.blob,
        "links": itself(call, f"/policies/{policy.id}"),
    }


async def create(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    given: PolicyCreate = call.body.policy
    policy = PolicyBlob(
        id=identity.new_id(),
        type=given.type,
        blob=given.blob,
        extra=own_attributes(call, "policy"),
    )
    return {"policy": _view(call, await actions.create_policy(identity, policy))}


async def list_all(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("type",))
    found = await rows.find(identity.kit.database.reader, schema.policies, PolicyBlob, page)
    return collection(call, "policies", [_view(call, one) for one in found], page)


async def show(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    policy = await actions.find_policy(identity.kit.database.reader, call.params["policy_id"])
    return {"policy": _view(call, policy)}


async def update(call: Call) -> dict[str, Any]:
    given: PolicyUpdate = call.body.policy
    extra = own_attributes(call, "policy")
    policy_id = call.params["policy_id"]
    policy = await actions.update_policy(call.service, policy_id, changed_fields(given), extra)
    return {"policy": _view(call, policy)}


async def delete(call: Call) -> None:
    await actions.delete_policy(call.service, call.params["policy_id"])


MANY = "/v3/policies"
ONE = f"{MANY}/{{policy_id}}"
ROUTES = (
    Route("POST", MANY, create, policy="identity:create_policy", body=CreateBody, status=201),
    Route("GET", MANY, list_all, policy="identity:list_policies"),
    Route("GET", ONE, show, policy="identity:get_policy"),
    Route("PATCH", ONE, update, policy="identity:update_policy", body=UpdateBody),
    Route("DELETE", ONE, delete, policy="identity:delete_policy", status=204),
)
