"""Change limits, of a project, of a user in it, or of every project that has none of its own."""

from __future__ import annotations

from collections.abc import Mapping

from unkai.compute.service import Compute
from unkai.compute.store import quotas
from unkai.identity.actions.get_project import get_project
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest


async def check_project(compute: Compute, session: Session, project_id: str) -> None:
    """BadRequest for a project that does not exist."""
    if await get_project(compute.identity, session, project_id) is None:
        raise BadRequest(f"Project ID {project_id} is not a valid project.")


async def set_quotas(
    compute: Compute,
    tx: Tx,
    project_id: str,
    limits: Mapping[str, int],
    *,
    user_id: str | None = None,
    force: bool = False,
) -> dict[str, int]:
    """All limits as they are then; BadRequest below what is used, unless forced."""
    used = await quotas.used_by(tx, project_id, user_id)
    for name, limit in limits.items():
        if not force and 0 <= limit < used.get(name, 0):
            raise BadRequest(
                f"Quota limit {limit} for {name} must be greater than or equal to already used and"
                f" reserved {used[name]}.",
                remedy="Delete some first, or set force.",
            )
    await quotas.set_limits(tx, quotas.owner_of(project_id, user_id), limits)
    return await quotas.limits_of(tx, project_id, user_id)


async def delete_quotas(
    compute: Compute, tx: Tx, project_id: str, user_id: str | None = None
) -> None:
    await quotas.drop_limits(tx, project_id, user_id)


async def set_class_quotas(compute: Compute, tx: Tx, limits: Mapping[str, int]) -> dict[str, int]:
    """The limits of every project that has none of its own."""
    await quotas.set_limits(tx, quotas.DEFAULT_PROJECT, limits)
    return await quotas.limits_of(tx, quotas.DEFAULT_PROJECT)
