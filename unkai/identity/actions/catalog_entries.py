"""Services, endpoints and regions: what the catalog is made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from unkai.identity.actions.guard import missing
from unkai.identity.actions.show_catalog import check_url
from unkai.identity.model import CatalogService, Endpoint, Region
from unkai.identity.service import Identity
from unkai.identity.store import catalog, rows, schema
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict


def with_extra(
    changes: dict[str, Any], present: dict[str, Any], extra: dict[str, Any]
) -> dict[str, Any]:
    """The changes of an update, with the client's own attributes merged into the present ones."""
    return {**changes, "extra": {**present, **extra}} if extra else dict(changes)


async def find_service(session: Session, service_id: str) -> CatalogService:
    service = await rows.get(session, schema.services, CatalogService, service_id)
    if service is None:
        raise missing("service", service_id)
    return service


async def find_endpoint(session: Session, endpoint_id: str) -> Endpoint:
    endpoint = await rows.get(session, schema.endpoints, Endpoint, endpoint_id)
    if endpoint is None:
        raise missing("endpoint", endpoint_id)
    return endpoint


async def find_region(session: Session, region_id: str) -> Region:
    region = await rows.get(session, schema.regions, Region, region_id)
    if region is None:
        raise missing("region", region_id)
    return region


async def create_service(identity: Identity, service: CatalogService) -> CatalogService:
    async def write(tx: Tx) -> CatalogService:
        await rows.add(tx, schema.services, service)
        await identity.changed(tx)
        return service

    return await identity.kit.database.transact(write)


async def update_service(
    identity: Identity, service_id: str, changes: dict[str, Any], extra: dict[str, Any]
) -> CatalogService:
    async def write(tx: Tx) -> CatalogService:
        present = await find_service(tx, service_id)
        values = with_extra(changes, present.extra, extra)
        await rows.change(tx, schema.services, service_id, values)
        await identity.changed(tx)
        return await find_service(tx, service_id)

    return await identity.kit.database.transact(write)


async def delete_service(identity: Identity, service_id: str) -> None:
    """With its endpoints."""

    async def write(tx: Tx) -> None:
        if not await rows.remove(tx, schema.services, service_id):
            raise missing("service", service_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def _check_endpoint(tx: Tx, endpoint: Endpoint) -> None:
    """BadRequest if it names a service or region that is not there."""
    check_url(endpoint.url)
    if await rows.get(tx, schema.services, CatalogService, endpoint.service_id) is None:
        raise BadRequest(f"There is no service {endpoint.service_id}.")
    region_id = endpoint.region_id
    if region_id is not None and await rows.get(tx, schema.regions, Region, region_id) is None:
        raise BadRequest(f"There is no region {region_id}.")


async def create_endpoint(
    identity: Identity, endpoint: Endpoint, *, make_region: bool = False
) -> Endpoint:
    """make_region: the older attribute `region` makes the region if it is not there."""

    async def write(tx: Tx) -> Endpoint:
        if make_region and endpoint.region_id is not None:
            await _ensure_region(tx, endpoint.region_id)
        await _check_endpoint(tx, endpoint)
        await rows.add(tx, schema.endpoints, endpoint)
        await identity.changed(tx)
        return endpoint

    return await identity.kit.database.transact(write)


async def update_endpoint(
    identity: Identity,
    endpoint_id: str,
    changes: dict[str, Any],
    extra: dict[str, Any],
    *,
    make_region: bool = False,
) -> Endpoint:
    async def write(tx: Tx) -> Endpoint:
        present = await find_endpoint(tx, endpoint_id)
        values = with_extra(changes, present.extra, extra)
        if make_region and values.get("region_id") is not None:
            await _ensure_region(tx, values["region_id"])
        changed = replace(present, **values)
        await _check_endpoint(tx, changed)
        await rows.change(tx, schema.endpoints, endpoint_id, values)
        await identity.changed(tx)
        return changed

    return await identity.kit.database.transact(write)


async def delete_endpoint(identity: Identity, endpoint_id: str) -> None:
    async def write(tx: Tx) -> None:
        if not await rows.remove(tx, schema.endpoints, endpoint_id):
            raise missing("endpoint", endpoint_id)
        await identity.changed(tx)

    await identity.kit.database.transact(write)


async def _ensure_region(tx: Tx, region_id: str) -> None:
    if await rows.get(tx, schema.regions, Region, region_id) is None:
        await rows.add(tx, schema.regions, Region(id=region_id))


async def create_region(identity: Identity, region: Region) -> Region:
    """Conflict if the id is in use."""

    async def write(tx: Tx) -> Region:
        if await rows.get(tx, schema.regions, Region, region.id) is not None:
            raise Conflict(f"The region id {region.id!r} is in use.", code="id-in-use")
        if region.parent_region_id is not None:
            await find_region(tx, region.parent_region_id)
        await rows.add(tx, schema.regions, region)
        return region

    return await identity.kit.database.transact(write)


async def update_region(
    identity: Identity, region_id: str, changes: dict[str, Any], extra: dict[str, Any]
) -> Region:
    """BadRequest for a region that would be its own ancestor."""

    async def write(tx: Tx) -> Region:
        present = await find_region(tx, region_id)
        values = with_extra(changes, present.extra, extra)
        if values.get("description", "") is None:
            values["description"] = ""
        above = values.get("parent_region_id")
        while above is not None:
            if above == region_id:
                raise BadRequest(f"Region {region_id} cannot be inside itself.")
            above = (await find_region(tx, above)).parent_region_id
        await rows.change(tx, schema.regions, region_id, values)
        return await find_region(tx, region_id)

    return await identity.kit.database.transact(write)


async def delete_region(identity: Identity, region_id: str) -> None:
    """Conflict while it has endpoints or regions in it."""

    async def write(tx: Tx) -> None:
        await find_region(tx, region_id)
        if await catalog.has_endpoints_in(tx, region_id):
            raise Conflict(f"Region {region_id} has endpoints.", code="region-in-use")
        if await catalog.has_regions_in(tx, region_id):
            raise Conflict(f"Region {region_id} has regions in it.", code="region-in-use")
        await rows.remove(tx, schema.regions, region_id)

    await identity.kit.database.transact(write)
