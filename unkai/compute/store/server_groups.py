"""Server groups; members are found by the servers' `server_group_id`."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from unkai.compute.model import ServerGroup
from unkai.compute.store.schema import server_groups
from unkai.kit.db import AnyRow, Session


def of_row(row: AnyRow) -> ServerGroup:
    return msgspec.convert(row, ServerGroup, from_attributes=True)


async def get_server_group(session: Session, group_id: str) -> ServerGroup | None:
    row = await session.first(select(server_groups).where(server_groups.c.id == group_id))
    return of_row(row) if row else None
