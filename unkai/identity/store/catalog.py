"""The catalog in two statements."""

from __future__ import annotations

from sqlalchemy import select

from unkai.identity.model import CatalogService, Endpoint
from unkai.identity.store.rows import as_model, read
from unkai.identity.store.schema import endpoints, regions, services
from unkai.kit.db import Session


async def enabled_endpoints(session: Session) -> list[tuple[CatalogService, list[Endpoint]]]:
    """Enabled services that have enabled endpoints, by type and name."""
    found: dict[str, list[Endpoint]] = {}
    for row in await read(session, select(endpoints).where(endpoints.c.enabled)):
        found.setdefault(row["service_id"], []).append(as_model(Endpoint, row))
    order = (services.c.type, services.c.name, services.c.id)
    rows = await read(session, select(services).where(services.c.enabled).order_by(*order))
    known = [as_model(CatalogService, row) for row in rows]
    return [(service, found[service.id]) for service in known if service.id in found]


async def has_endpoints_in(session: Session, region_id: str) -> bool:
    statement = select(endpoints.c.id).where(endpoints.c.region_id == region_id).limit(1)
    return await session.scalar(statement) is not None


async def has_regions_in(session: Session, region_id: str) -> bool:
    statement = select(regions.c.id).where(regions.c.parent_region_id == region_id).limit(1)
    return await session.scalar(statement) is not None
