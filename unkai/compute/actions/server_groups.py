"""Server groups: which servers want to be together, and which apart."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions.check_quota import check_quota
from unkai.compute.model import ServerGroup
from unkai.compute.service import Compute
from unkai.compute.store import server_groups
from unkai.kit.db import Session, Tx
from unkai.kit.errors import NotFound
from unkai.kit.policy import Caller


async def find_server_group(session: Session, caller: Caller, group_id: str) -> ServerGroup:
    """A group the caller may see; NotFound else."""
    group = await server_groups.get_server_group(session, group_id)
    if group is None or not caller.may_see(group.project_id):
        raise NotFound(f"Instance group {group_id} could not be found.", code="group-not-found")
    return group


async def create_server_group(
    compute: Compute, tx: Tx, caller: Caller, *, name: str, policy: str, rules: dict[str, Any]
) -> ServerGroup:
    """QuotaExceeded if the project has as many as it may."""
    project_id = caller.project_id or ""
    await check_quota(compute, tx, project_id, {"server_groups": 1})
    group = ServerGroup(
        id=compute.kit.chance.uuid(),
        project_id=project_id,
        user_id=caller.user_id,
        name=name,
        policy=policy,
        rules=rules,
        created_at=compute.kit.clock.now(),
    )
    await server_groups.add_server_group(tx, group)
    return group


async def delete_server_group(compute: Compute, tx: Tx, caller: Caller, group_id: str) -> None:
    group = await find_server_group(tx, caller, group_id)
    await server_groups.delete_server_group(tx, group.id)
