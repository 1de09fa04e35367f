"""Limits per project and what is used of them; -1 is unlimited."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, insert, literal, select, update

from unkai.compute.store.schema import keypairs, quotas, server_groups, servers
from unkai.kit.db import Session, Tx, among

DEFAULT_PROJECT = "default"
"""The row whose limits hold where a project has none of its own (the quota class)."""

DEFAULT_LIMITS = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}
OLD_LIMITS = {
    "injected_files": 5,
    "injected_file_content_bytes": 10240,
    "injected_file_path_bytes": 255,
    "fixed_ips": -1,
    "floating_ips": -1,
    "security_groups": -1,
    "security_group_rules": -1,
}
"""What old microversions still speak of: kept and shown, and without effect."""
COUNTED = ("instances", "cores", "ram", "server_groups", "key_pairs")
_OF_OWNERS = select(quotas).where(among(quotas.c.project_id))


async def limits_of(
    session: Session, project_id: str, user_id: str | None = None
) -> dict[str, int]:
    """Every limit: the user's in the project, else the project's, the class's, the built-in one."""
    owners = [DEFAULT_PROJECT, project_id]
    if user_id is not None:
        owners.append(owner_of(project_id, user_id))
    rows = await session.all(_OF_OWNERS, {"ids": owners})
    by_owner: dict[str, dict[str, int]] = {owner: {} for owner in owners}
    for row in rows:
        by_owner[row.project_id][row.resource] = row.hard_limit
    limits = {**DEFAULT_LIMITS, **OLD_LIMITS}
    for owner in owners:
        limits |= by_owner[owner]
    return limits


def owner_of(project_id: str, user_id: str | None) -> str:
    """Whose row it is: a project's, or a user's in it."""
    return project_id if user_id is None else f"{project_id}/{user_id}"


async def set_limits(tx: Tx, owner: str, limits: Mapping[str, int]) -> None:
    for resource, limit in limits.items():
        mine = (quotas.c.project_id == owner) & (quotas.c.resource == resource)
        if not await tx.count(update(quotas).where(mine).values(hard_limit=limit)):
            await tx.execute(
                insert(quotas).values(project_id=owner, resource=resource, hard_limit=limit)
            )


async def drop_limits(tx: Tx, project_id: str, user_id: str | None = None) -> None:
    """Back to the class's limits; of a project with those of its users."""
    owner = owner_of(project_id, user_id)
    mine = quotas.c.project_id == owner
    if user_id is None:
        mine |= quotas.c.project_id.startswith(f"{owner}/", autoescape=True)
    await tx.execute(delete(quotas).where(mine))


async def used_by(session: Session, project_id: str, user_id: str | None = None) -> dict[str, int]:
    """What a project uses of each limit that counts, and a user of keypairs: one statement."""
    groups = select(func.count()).where(server_groups.c.project_id == project_id)
    keys = select(func.count()).where(keypairs.c.user_id == user_id)
    row = await session.first(
        select(
            func.count().label("instances"),
            func.coalesce(func.sum(servers.c.vcpus), 0).label("cores"),
            func.coalesce(func.sum(servers.c.memory_mib), 0).label("ram"),
            groups.scalar_subquery().label("server_groups"),
            (literal(0) if user_id is None else keys.scalar_subquery()).label("key_pairs"),
        ).where(servers.c.project_id == project_id, servers.c.deleted_at.is_(None))
    )
    assert row is not None
    return {name: int(getattr(row, name)) for name in COUNTED}
