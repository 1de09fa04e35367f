"""Drop what belonged to a project or user that is gone."""

from __future__ import annotations

from unkai.compute.service import Compute
from unkai.compute.store import flavors, keypairs, quotas, server_groups
from unkai.kit.db import Tx


async def forget_project(compute: Compute, tx: Tx, project_id: str) -> None:
    """Its limits, its access to private flavors, its empty server groups."""
    await quotas.drop_limits(tx, project_id)
    await flavors.close_all_to(tx, project_id)
    groups = await server_groups.list_server_groups(tx, project_id, limit=10_000, offset=0)
    members = await server_groups.members_of(tx, [group.id for group in groups])
    for group in groups:
        if group.id not in members:
            await server_groups.delete_server_group(tx, group.id)


async def forget_user(compute: Compute, tx: Tx, user_id: str) -> None:
    """Its keypairs; servers keep the keys they were made with."""
    await keypairs.delete_keypairs_of(tx, user_id)
