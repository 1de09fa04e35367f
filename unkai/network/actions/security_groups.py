"""Security groups: who may talk to a port. Rules only ever allow."""

from __future__ import annotations

from dataclasses import replace

from msgspec import UNSET, Struct, UnsetType

from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.default_group import DEFAULT, default_group_id, egress_rules
from unkai.network.actions.find import may_create_for, must_own, security_group_of
from unkai.network.actions.quotas import check_quota
from unkai.network.drivers.base import Ref
from unkai.network.fields import ProjectId, Text, given, project_of
from unkai.network.model import SecurityGroup
from unkai.network.service import NetworkService
from unkai.network.store import rbac_policies
from unkai.network.store import security_groups as store


class SecurityGroupRequest(Struct, kw_only=True, frozen=True):
    name: Text = ""
    description: Text = ""
    stateful: bool = True
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class SecurityGroupChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    stateful: bool | UnsetType = UNSET


async def create_security_group(
    network: NetworkService, tx: Tx, caller: Caller, request: SecurityGroupRequest
) -> SecurityGroup:
    """Raises QuotaExceeded; Conflict for a second group called `default`."""
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    if request.name.lower() == DEFAULT:
        raise Conflict(
            "Default security group already exists.", code="security-group-default-already-exists"
        )
    await default_group_id(network, tx, project_id)
    await check_quota(tx, "security_group", project_id)
    await check_quota(tx, "security_group_rule", project_id, adding=2)
    now = network.kit.clock.now()
    group_id = network.kit.chance.uuid()
    group = SecurityGroup(
        id=group_id,
        project_id=project_id,
        name=request.name,
        description=request.description,
        stateful=request.stateful,
        rules=egress_rules(network, project_id, group_id),
        created_at=now,
        updated_at=now,
    )
    await store.insert_group(tx, group, default=False)
    await network.changed(tx, Ref("security_group", group_id))
    return group


async def update_security_group(
    network: NetworkService, tx: Tx, caller: Caller, group_id: str, change: SecurityGroupChange
) -> SecurityGroup:
    """Raises Conflict where `default` is taken as a name, or given up."""
    before = await security_group_of(tx, caller, group_id)
    must_own(caller, before.project_id, f"Security group {group_id}")
    changes = given(change)
    if "name" in changes and changes["name"] != before.name:
        if changes["name"].lower() == DEFAULT:
            raise Conflict(
                "Default security group already exists.",
                code="security-group-default-already-exists",
            )
        if await store.is_default(tx, group_id):
            raise Conflict(
                "Updating the name of the default security group is not allowed.",
                code="security-group-cannot-update-default",
            )
    if changes.get("stateful", before.stateful) != before.stateful and await store.in_use(
        tx, group_id
    ):
        raise Conflict(
            f"Security group {group_id} is in use: stateful cannot be changed.",
            code="security-group-in-use",
        )
    after = replace(
        before,
        **changes,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await store.save_group(tx, after)
    await network.changed(tx, Ref("security_group", group_id))
    return after


async def delete_security_group(
    network: NetworkService, tx: Tx, caller: Caller, group_id: str
) -> None:
    """Rules of other groups that name this one go with it. Raises Conflict while it is used."""
    group = await security_group_of(tx, caller, group_id)
    must_own(caller, group.project_id, f"Security group {group_id}")
    if await store.in_use(tx, group_id):
        raise Conflict(f"Security Group {group_id} in use.", code="security-group-in-use")
    if await store.is_default(tx, group_id) and not caller.is_admin:
        raise Conflict(
            "Removing default security group not allowed.",
            code="security-group-cannot-remove-default",
        )
    naming = await store.groups_naming(tx, group_id)
    await store.delete_group(tx, group_id)
    await rbac_policies.delete_policies_of(tx, "security_group", group_id)
    await network.changed(tx, Ref("security_group", group_id), ("security_group", naming))
