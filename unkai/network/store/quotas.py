"""What each project may have, where it differs from the default, and what it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select

from unkai.kit.db import Session, Tx
from unkai.network.store.schema import (
    floating_ips,
    networks,
    ports,
    quotas,
    rbac_policies,
    routers,
    security_group_rules,
    security_groups,
    subnet_pools,
    subnets,
)

COUNTED: Mapping[str, Table] = {
    "network": networks,
    "subnet": subnets,
    "subnetpool": subnet_pools,
    "port": ports,
    "router": routers,
    "floatingip": floating_ips,
    "security_group": security_groups,
    "security_group_rule": security_group_rules,
    "rbac_policy": rbac_policies,
}


OWN = select(quotas.c.amount).where(
    quotas.c.project_id == bindparam("project_id"), quotas.c.resource == bindparam("resource")
)
USED = {
    name: select(func.count())
    .select_from(table)
    .where(table.c.project_id == bindparam("project_id"))
    for name, table in COUNTED.items()
}


async def count_used(session: Session, resource: str, project_id: str) -> int:
    return await session.scalar(USED[resource], {"project_id": project_id})


async def own_limit(session: Session, resource: str, project_id: str) -> int | None:
    return await session.scalar(OWN, {"project_id": project_id, "resource": resource})


async def own_limits(session: Session, project_id: str | None = None) -> dict[str, dict[str, int]]:
    """Limits that were set, by project and resource."""
    statement = select(quotas)
    if project_id is not None:
        statement = statement.where(quotas.c.project_id == project_id)
    found: dict[str, dict[str, int]] = {}
    for row in await session.all(statement):
        found.setdefault(row.project_id, {})[row.resource] = row.amount
    return found


async def set_limits(tx: Tx, project_id: str, limits: Mapping[str, int]) -> None:
    if not limits:
        return
    await tx.execute(
        delete(quotas).where(quotas.c.project_id == project_id, quotas.c.resource.in_(limits))
    )
    rows: list[dict[str, Any]] = [
        {"project_id": project_id, "resource": name, "amount": amount}
        for name, amount in limits.items()
    ]
    await tx.execute(insert(quotas), rows)


async def delete_limits(tx: Tx, project_id: str) -> None:
    await tx.execute(delete(quotas).where(quotas.c.project_id == project_id))
