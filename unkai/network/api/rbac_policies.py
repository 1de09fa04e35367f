"""/rbac-policies"""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route
from unkai.network.actions.rbac_policies import (
    RbacPolicyChange,
    RbacPolicyRequest,
    create_rbac_policy,
    delete_rbac_policy,
    policy_of,
    update_rbac_policy,
)
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.model import RbacPolicy
from unkai.network.service import NetworkService
from unkai.network.store import rbac_policies as store


def _view(policy: RbacPolicy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "project_id": policy.project_id,
        "tenant_id": policy.project_id,
        "object_type": policy.object_type,
        "object_id": policy.object_id,
        "action": policy.action,
        "target_tenant": policy.target_project,
    }


async def list_policies(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.RBAC_POLICIES)
    found = await store.list_policies(service.kit.database.reader, listing, call.caller)
    return answer(call, "rbac_policies", [_view(one) for one in found], listing)


async def show_policy(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await policy_of(service.kit.database.reader, call.caller, call.params["policy_id"])
    return {"rbac_policy": only_fields(call, [_view(found)])[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, RbacPolicyRequest, "rbac_policy", "rbac_policies", create_rbac_policy
    )
    return bodies.made([_view(one) for one in made], "rbac_policy", "rbac_policies", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, RbacPolicyChange, "rbac_policy", update_rbac_policy)
    return {"rbac_policy": _view(after)}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_rbac_policy)


ALL = "/v2.0/rbac-policies"
ONE = "/v2.0/rbac-policies/{policy_id}"
BODY = bodies.Body
NEW_RBAC_POLICY = bodies.described(RbacPolicyRequest, "rbac_policy", "rbac_policies")
CHANGED_RBAC_POLICY = bodies.described(RbacPolicyChange, "rbac_policy")

ROUTES = (
    Route("GET", ALL, list_policies, policy="get_rbac_policy"),
    Route(
        "POST",
        ALL,
        create,
        policy="create_rbac_policy",
        body=BODY,
        shape=NEW_RBAC_POLICY,
        status=201,
    ),
    Route("GET", ONE, show_policy, policy="get_rbac_policy"),
    Route("PUT", ONE, update, policy="update_rbac_policy", body=BODY, shape=CHANGED_RBAC_POLICY),
    Route("DELETE", ONE, delete, policy="delete_rbac_policy", status=204),
)
