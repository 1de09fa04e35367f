"""Which ports belong to servers, for the audit."""

from __future__ import annotations

from sqlalchemy import select

from unkai.kit.db import Session
from unkai.network.store.schema import ports


async def ports_of_servers(session: Session) -> dict[str, str]:
    """The device of every port whose owner is compute, by port."""
    rows = await session.all(
        select(ports.c.id, ports.c.device_id).where(ports.c.device_owner.like("compute:%"))
    )
    return {row.id: row.device_id for row in rows}
