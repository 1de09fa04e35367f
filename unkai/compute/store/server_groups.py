"""Server groups; members are found by the servers' `server_group_id`."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import delete, insert, select, update

from unkai.compute.model import ServerGroup
from unkai.compute.store.schema import server_groups, servers
from unkai.kit.db import AnyRow, Session, Tx


def of_row(row: AnyRow) -> ServerGroup:
    return msgspec.convert(row, ServerGroup, from_attributes=True)


async def get_server_group(session: Session, group_id: str) -> ServerGroup | None:
    row = await session.first(select(server_groups).where(server_groups.c.id == group_id))
    return of_row(row) if row else None


async def list_server_groups(
    session: Session, project_id: str | None, *, limit: int, offset: int
) -> list[ServerGroup]:
    """Of a project, or (None) of all, in the order in which they were made."""
    statement = select(server_groups).order_by(server_groups.c.created_at, server_groups.c.id)
    if project_id is not None:
        statement = statement.where(server_groups.c.project_id == project_id)
    rows = await session.all(statement.limit(limit).offset(offset))
    return [of_row(row) for row in rows]


async def members_of(session: Session, group_ids: Collection[str]) -> dict[str, list[str]]:
    """Group to the ids of its living servers."""
    rows = await session.all(
        select(servers.c.server_group_id, servers.c.id)
        .where(servers.c.server_group_id.in_(group_ids), servers.c.deleted_at.is_(None))
        .order_by(servers.c.created_at, servers.c.id)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.server_group_id, []).append(row.id)
    return found


async def add_server_group(tx: Tx, group: ServerGroup) -> None:
    values = {name: getattr(group, name) for name in group.__struct_fields__}
    await tx.execute(insert(server_groups).values(**values))


async def delete_server_group(tx: Tx, group_id: str) -> None:
    """Forget a group; its servers stay, in none."""
    await tx.execute(
        update(servers).where(servers.c.server_group_id == group_id).values(server_group_id=None)
    )
    await tx.execute(delete(server_groups).where(server_groups.c.id == group_id))
