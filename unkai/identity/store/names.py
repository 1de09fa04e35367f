"""Names are unique within a domain; domains and global roles are unique among themselves."""

from __future__ import annotations

from sqlalchemy import Table, select

from unkai.kit.db import Session


async def id_of(session: Session, table: Table, domain_id: str, name: str) -> str | None:
    """Id of the user, group, role or project of this name; ROOT for domains and global roles."""
    where = (table.c.domain_id == domain_id, table.c.name == name)
    return await session.scalar(select(table.c.id).where(*where))
