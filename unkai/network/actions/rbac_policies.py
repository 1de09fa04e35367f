"""RBAC policies, and how `shared` and `router:external` of a network are told by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, Forbidden, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.find import must_own, network_of, security_group_of
from unkai.network.actions.quotas import check_quota
from unkai.network.drivers.base import Ref
from unkai.network.fields import Id, ProjectId, Text, is_uuid, project_of
from unkai.network.model import Network, RbacPolicy
from unkai.network.service import NetworkService
from unkai.network.states import is_trusted
from unkai.network.store import networks, ports
from unkai.network.store import rbac_policies as store

EVERYONE = "*"
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "network": ("access_as_shared", "access_as_external"),
    "security_group": ("access_as_shared",),
}


async def sync_wildcards(network: NetworkService, tx: Tx, made: Network) -> None:
    """Have the two policies for everybody exactly when the network's two flags say so."""
    wanted = {"access_as_shared": made.shared, "access_as_external": made.router_external}
    present = {
        policy.action: policy.id
        for policy in await store.policies_of(tx, "network", made.id)
        if policy.target_project == EVERYONE
    }
    for action, wants in wanted.items():
        if wants and action not in present:
            await store.insert_policy(
                tx,
                RbacPolicy(
                    id=network.kit.chance.uuid(),
                    project_id=made.project_id,
                    object_type="network",
                    object_id=made.id,
                    action=action,
                    target_project=EVERYONE,
                ),
            )
        elif not wants and action in present:
            await store.delete_policy(tx, present[action])


class RbacPolicyRequest(Struct, kw_only=True, frozen=True):
    object_type: Text
    object_id: Id
    action: Text
    target_tenant: ProjectId | UnsetType = UNSET
    target_project: ProjectId | UnsetType = UNSET
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class RbacPolicyChange(Struct, kw_only=True, frozen=True):
    target_tenant: ProjectId


async def policy_of(session: Session, caller: Caller, policy_id: str) -> RbacPolicy:
    found = await store.get_policy(session, policy_id) if is_uuid(policy_id) else None
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(
            f"RBAC policy of type network with ID {policy_id} not found",
            code="rbac-policy-not-found",
        )
    return found


async def create_rbac_policy(
    network: NetworkService, tx: Tx, caller: Caller, request: RbacPolicyRequest
) -> RbacPolicy:
    """Raises NotFound or Forbidden (object), BadRequest, Conflict (there is such a policy)."""
    target = project_of(request.target_project, request.target_tenant, "")
    if not target:
        raise BadRequest("Invalid input for target_tenant. Reason: it is missing.")
    if request.action not in ACTIONS.get(request.object_type, ()):
        raise BadRequest(
            f"Invalid action '{request.action}' for object type '{request.object_type}'. Valid "
            f"actions: {', '.join(ACTIONS.get(request.object_type, ())) or 'none'}.",
            code="invalid-action-for-type",
        )
    _check_target(caller, target)
    object_id = request.object_id.lower()
    owner = await _owner(tx, caller, request.object_type, object_id)
    await check_quota(tx, "rbac_policy", owner)
    policy = RbacPolicy(
        id=network.kit.chance.uuid(),
        project_id=owner,
        object_type=request.object_type,
        object_id=object_id,
        action=request.action,
        target_project=target,
    )
    await _check_single(tx, policy)
    await store.insert_policy(tx, policy)
    await _follow(network, tx, policy)
    return policy


async def update_rbac_policy(
    network: NetworkService, tx: Tx, caller: Caller, policy_id: str, change: RbacPolicyChange
) -> RbacPolicy:
    before = await policy_of(tx, caller, policy_id)
    must_own(caller, before.project_id, f"RBAC policy {policy_id}")
    _check_target(caller, change.target_tenant)
    await _check_unused(tx, before)
    after = replace(before, target_project=change.target_tenant)
    await _check_single(tx, after)
    await store.set_target(tx, policy_id, change.target_tenant)
    await _follow(network, tx, before)
    return after


async def delete_rbac_policy(
    network: NetworkService, tx: Tx, caller: Caller, policy_id: str
) -> None:
    policy = await policy_of(tx, caller, policy_id)
    must_own(caller, policy.project_id, f"RBAC policy {policy_id}")
    await _check_unused(tx, policy)
    await store.delete_policy(tx, policy_id)
    await _follow(network, tx, policy)


async def _check_single(session: Session, policy: RbacPolicy) -> None:
    """Conflict if another policy of the object does the same for the same project."""
    for other in await store.policies_of(session, policy.object_type, policy.object_id):
        same = (other.action, other.target_project) == (policy.action, policy.target_project)
        if same and other.id != policy.id:
            raise Conflict(
                "An RBAC policy already exists with those values.", code="duplicate-policy"
            )


def _check_target(caller: Caller, target: str) -> None:
    if target == EVERYONE and not caller.is_admin:
        raise Forbidden("Only an administrator may share with every project.", code="policy")


async def _owner(session: Session, caller: Caller, object_type: str, object_id: str) -> str:
    """The project of the object, which must be the caller's."""
    if object_type == "network":
        owner = (await network_of(session, caller, object_id)).project_id
    else:
        owner = (await security_group_of(session, caller, object_id)).project_id
    must_own(caller, owner, f"{object_type} {object_id}")
    return owner


async def _check_unused(session: Session, policy: RbacPolicy) -> None:
    """Conflict while a project has ports by grace of this policy."""
    if policy.object_type != "network" or policy.action != "access_as_shared":
        return
    members = await ports.ports_of_network(session, policy.object_id)
    guests = {port.project_id for port in members if not is_trusted(port.device_owner)}
    guests -= {policy.project_id, ""}
    if policy.target_project != EVERYONE:
        guests &= {policy.target_project}
    if guests:
        raise Conflict(
            f"RBAC policy on object {policy.object_id} cannot be removed because other objects "
            "depend on it.",
            code="rbac-policy-in-use",
        )


async def _follow(network: NetworkService, tx: Tx, policy: RbacPolicy) -> None:
    """Set the network's flags to what the policies for everybody say now."""
    if policy.object_type != "network":
        return
    found = await networks.get_network(tx, policy.object_id)
    assert found is not None
    everyone = {
        one.action
        for one in await store.policies_of(tx, "network", found.id)
        if one.target_project == EVERYONE
    }
    shared, external = "access_as_shared" in everyone, "access_as_external" in everyone
    if (shared, external) != (found.shared, found.router_external):
        await networks.save_network(tx, replace(found, shared=shared, router_external=external))
        await network.changed(tx, Ref("network", found.id))
