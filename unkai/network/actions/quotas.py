"""Quotas: how many of each thing a project may have. -1 is without limit."""

from __future__ import annotations

from collections.abc import Mapping

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, QuotaExceeded
from unkai.network.service import NetworkService
from unkai.network.store import quotas as store

DEFAULTS: Mapping[str, int] = {
    "network": 100,
    "subnet": 100,
    "subnetpool": -1,
    "port": 500,
    "router": 10,
    "floatingip": 50,
    "security_group": 10,
    "security_group_rule": 100,
    "rbac_policy": 10,
}
UNLIMITED = -1


async def check_quota(session: Session, resource: str, project_id: str, adding: int = 1) -> None:
    """QuotaExceeded unless the project may have `adding` more; counted in this transaction."""
    if not project_id:
        return
    limit = await store.own_limit(session, resource, project_id)
    if limit is None:
        limit = DEFAULTS[resource]
    if limit < 0:
        return
    used = await store.count_used(session, resource, project_id)
    if used + adding > limit:
        raise QuotaExceeded(
            f"Quota exceeded for resources: ['{resource}'].",
            code="over-quota",
            remedy=f"The project has {used} of {limit}; delete some, or ask for a larger quota.",
        )


async def quota_of(session: Session, project_id: str) -> dict[str, int]:
    own = await store.own_limits(session, project_id)
    return {**DEFAULTS, **own.get(project_id, {})}


async def quota_usage(session: Session, project_id: str) -> dict[str, dict[str, int]]:
    limits = await quota_of(session, project_id)
    return {
        name: {
            "limit": limit,
            "used": await store.count_used(session, name, project_id),
            "reserved": 0,
        }
        for name, limit in limits.items()
    }


async def update_quota(
    network: NetworkService, project_id: str, limits: Mapping[str, int]
) -> dict[str, int]:
    """Set the named limits. Raises BadRequest for a resource that has none."""
    for name, amount in limits.items():
        if name not in DEFAULTS:
            raise BadRequest(f"Unrecognized attribute(s) '{name}'.")
        if not UNLIMITED <= amount <= 2**31 - 1:
            raise BadRequest(
                f"Invalid input for {name}. Reason: '{amount}' is not between -1 and 2147483647."
            )

    async def write(tx: Tx) -> dict[str, int]:
        await store.set_limits(tx, project_id, limits)
        return await quota_of(tx, project_id)

    return await network.kit.database.transact(write)


async def reset_quota(network: NetworkService, project_id: str) -> None:
    async def write(tx: Tx) -> None:
        await store.delete_limits(tx, project_id)

    await network.kit.database.transact(write)
