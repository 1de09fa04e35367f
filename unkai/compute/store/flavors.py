"""Flavors."""

from __future__ import annotations

from sqlalchemy import select

from unkai.compute.model import Flavor
from unkai.compute.store.schema import flavor_access, flavors
from unkai.kit.db import AnyRow, Session


def of_row(row: AnyRow) -> Flavor:
    return Flavor(**row._asdict())


async def get_flavor(session: Session, flavor_id: str) -> Flavor | None:
    row = await session.first(select(flavors).where(flavors.c.id == flavor_id))
    return of_row(row) if row else None


async def has_access(session: Session, flavor_id: str, project_id: str) -> bool:
    """Whether a private flavor was opened to the project."""
    return (
        await session.first(
            select(flavor_access.c.flavor_id).where(
                flavor_access.c.flavor_id == flavor_id, flavor_access.c.project_id == project_id
            )
        )
    ) is not None
