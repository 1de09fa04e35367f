"""Limits per project and what is used of them; -1 is unlimited.

A volume type has limits of its own beside those of all volumes: `volumes_NAME`, `gigabytes_NAME`
and `snapshots_NAME`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update

from unkai.block_storage.store.schema import (
    backups,
    groups,
    quotas,
    snapshots,
    volume_types,
    volumes,
)
from unkai.kit.db import Session, Tx, among

DEFAULT_PROJECT: Final = "default"
DEFAULT_LIMITS: Final = {
    "volumes": 10,
    "snapshots": 10,
    "gigabytes": 1000,
    "per_volume_gigabytes": -1,
    "backups": 10,
    "backup_gigabytes": 1000,
    "groups": 10,
}
OF_TYPES: Final = ("volumes", "gigabytes", "snapshots")
_OF_OWNERS = select(quotas).where(among(quotas.c.project_id))


def _total(sizes: Any) -> Any:
    return func.coalesce(func.sum(sizes), 0).label("total")


async def resources(session: Session) -> list[str]:
    """Every limit there is now."""
    names = await session.scalars(select(volume_types.c.name).order_by(volume_types.c.name))
    return [*DEFAULT_LIMITS, *(f"{of}_{name}" for name in names for of in OF_TYPES)]


async def limits_of(session: Session, project_id: str) -> dict[str, int]:
    """The project's, else the class's, else the built-in one."""
    limits = dict.fromkeys(await resources(session), -1) | DEFAULT_LIMITS
    rows = await session.all(_OF_OWNERS, {"ids": [DEFAULT_PROJECT, project_id]})
    for owner in (DEFAULT_PROJECT, project_id):
        limits |= {
            row.resource: row.hard_limit
            for row in rows
            if row.project_id == owner and row.resource in limits
        }
    return limits


async def set_limits(tx: Tx, project_id: str, limits: Mapping[str, int]) -> None:
    for resource, limit in limits.items():
        mine = (quotas.c.project_id == project_id) & (quotas.c.resource == resource)
        if not await tx.count(update(quotas).where(mine).values(hard_limit=limit)):
            row = {"project_id": project_id, "resource": resource, "hard_limit": limit}
            await tx.execute(insert(quotas), row)


async def drop_limits(tx: Tx, project_id: str) -> None:
    await tx.execute(delete(quotas).where(quotas.c.project_id == project_id))


async def used_by(session: Session, project_id: str) -> dict[str, int]:
    """What a project uses of each limit; snapshots count among gigabytes."""
    used = dict.fromkeys(await resources(session), 0)
    type_name, number = volume_types.c.name.label("type_name"), func.count().label("number")
    of_volumes = (
        select(type_name, number, _total(volumes.c.size))
        .select_from(volumes.outerjoin(volume_types))
        .where(volumes.c.project_id == project_id, volumes.c.consumes_quota)
        .group_by(type_name)
    )
    of_snapshots = (
        select(type_name, number, _total(snapshots.c.size))
        .select_from(snapshots.join(volumes).outerjoin(volume_types))
        .where(snapshots.c.project_id == project_id, snapshots.c.consumes_quota)
        .group_by(type_name)
    )
    for kind, statement in (("volumes", of_volumes), ("snapshots", of_snapshots)):
        for row in await session.all(statement):
            for resource in (kind, f"{kind}_{row.type_name}"):
                used[resource] = used.get(resource, 0) + int(row.number)
            for resource in ("gigabytes", f"gigabytes_{row.type_name}"):
                used[resource] = used.get(resource, 0) + int(row.total)
    row = await session.first(
        select(number, _total(backups.c.size))
        .select_from(backups)
        .where(backups.c.project_id == project_id)
    )
    assert row is not None
    used |= {"backups": int(row.number), "backup_gigabytes": int(row.total)}
    mine = select(func.count()).where(groups.c.project_id == project_id)
    used["groups"] = await session.scalar(mine)
    return used


async def snapshots_by_host(session: Session) -> dict[str | None, tuple[int, int]]:
    """How many snapshots, and GiB, by what their volumes say of their host."""
    statement = select(volumes.c.host, func.count().label("number"), _total(snapshots.c.size))
    joined = statement.join(volumes, volumes.c.id == snapshots.c.volume_id)
    rows = await session.all(joined.group_by(volumes.c.host))
    return {row.host: (int(row.number), int(row.total)) for row in rows}
