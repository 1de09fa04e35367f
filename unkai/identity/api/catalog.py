"""/services, /endpoints and /regions."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from unkai.identity.actions import catalog_entries as actions
from unkai.identity.api.bodies import Name, changed_fields, own_attributes
from unkai.identity.api.queries import read_page
from unkai.identity.api.views import collection, endpoint_view, region_view, service_view
from unkai.identity.model import CatalogService, Endpoint, Region
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

Interface = Literal["public", "internal", "admin"]


class ServiceCreate(msgspec.Struct):
    type: Name
    name: Name | None = None
    description: str | None = None
    enabled: bool = True


class ServiceCreateBody(msgspec.Struct):
    service: ServiceCreate


class ServiceUpdate(msgspec.Struct):
    type: Name | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class ServiceUpdateBody(msgspec.Struct):
    service: ServiceUpdate


class EndpointCreate(msgspec.Struct):
    """`region` is the older name of `region_id`; it makes the region."""

    service_id: str
    interface: Interface
    url: str
    region_id: str | None = None
    region: Name | None = None
    enabled: bool = True


class EndpointCreateBody(msgspec.Struct):
    endpoint: EndpointCreate


class EndpointUpdate(msgspec.Struct):
    service_id: str | UnsetType = UNSET
    interface: Interface | UnsetType = UNSET
    url: str | UnsetType = UNSET
    region_id: str | UnsetType | None = UNSET
    region: Name | UnsetType | None = UNSET
    enabled: bool | UnsetType = UNSET


class EndpointUpdateBody(msgspec.Struct):
    endpoint: EndpointUpdate


class RegionCreate(msgspec.Struct):
    id: str | None = None
    description: str | None = None
    parent_region_id: str | None = None


class RegionCreateBody(msgspec.Struct):
    region: RegionCreate


class RegionUpdate(msgspec.Struct):
    description: str | UnsetType | None = UNSET
    parent_region_id: str | UnsetType | None = UNSET


class RegionUpdateBody(msgspec.Struct):
    region: RegionUpdate


async def create_service(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    given: ServiceCreate = call.body.service
    service = CatalogService(
        id=identity.new_id(),
        type=given.type,
        name=given.name,
        description=given.description,
        enabled=given.enabled,
        extra=own_attributes(call, "service"),
    )
    return {"service": service_view(call, await actions.create_service(identity, service))}


async def list_services(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("type", "name"))
    found = await rows.find(identity.kit.database.reader, schema.services, CatalogService, page)
    return collection(call, "services", [service_view(call, one) for one in found], page)


async def show_service(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    service = await actions.find_service(reader, call.params["service_id"])
    return {"service": service_view(call, service)}


async def update_service(call: Call) -> dict[str, Any]:
    given: ServiceUpdate = call.body.service
    extra = own_attributes(call, "service")
    service = await actions.update_service(
        call.service, call.params["service_id"], changed_fields(given), extra
    )
    return {"service": service_view(call, service)}


async def delete_service(call: Call) -> None:
    await actions.delete_service(call.service, call.params["service_id"])


async def create_endpoint(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    given: EndpointCreate = call.body.endpoint
    endpoint = Endpoint(
        id=identity.new_id(),
        service_id=given.service_id,
        interface=given.interface,
        url=given.url,
        region_id=given.region_id or given.region,
        enabled=given.enabled,
        extra=own_attributes(call, "endpoint"),
    )
    make_region = given.region_id is None and given.region is not None
    made = await actions.create_endpoint(identity, endpoint, make_region=make_region)
    return {"endpoint": endpoint_view(call, made)}


async def list_endpoints(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("interface", "service_id", "region_id"))
    found = await rows.find(identity.kit.database.reader, schema.endpoints, Endpoint, page)
    return collection(call, "endpoints", [endpoint_view(call, one) for one in found], page)


async def show_endpoint(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    reader = identity.kit.database.reader
    endpoint = await actions.find_endpoint(reader, call.params["endpoint_id"])
    return {"endpoint": endpoint_view(call, endpoint)}


async def update_endpoint(call: Call) -> dict[str, Any]:
    given: EndpointUpdate = call.body.endpoint
    changes = changed_fields(given)
    older = changes.pop("region", None)
    make_region = older is not None and "region_id" not in changes
    if make_region:
        changes["region_id"] = older
    endpoint = await actions.update_endpoint(
        call.service,
        call.params["endpoint_id"],
        changes,
        own_attributes(call, "endpoint"),
        make_region=make_region,
    )
    return {"endpoint": endpoint_view(call, endpoint)}


async def delete_endpoint(call: Call) -> None:
    await actions.delete_endpoint(call.service, call.params["endpoint_id"])


async def create_region(call: Call) -> dict[str, Any]:
    """By POST with an id or without, or by PUT to the id."""
    identity: Identity = call.service
    given: RegionCreate = call.body.region
    named = call.params.get("region_id")
    if named is not None and given.id not in (None, named):
        raise BadRequest(f"The region's id is {given.id!r} in the body and {named!r} in the path.")
    region_id = named or given.id or identity.new_id()
    if len(region_id) > 255:
        raise BadRequest("A region's id has at most 255 characters.")
    region = Region(
        id=region_id,
        description=given.description or "",
        parent_region_id=given.parent_region_id,
        extra=own_attributes(call, "region"),
    )
    return {"region": region_view(call, await actions.create_region(identity, region))}


async def list_regions(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    page = read_page(call, ("parent_region_id",))
    found = await rows.find(identity.kit.database.reader, schema.regions, Region, page)
    return collection(call, "regions", [region_view(call, one) for one in found], page)


async def show_region(call: Call) -> dict[str, Any]:
    identity: Identity = call.service
    region = await actions.find_region(identity.kit.database.reader, call.params["region_id"])
    return {"region": region_view(call, region)}


async def update_region(call: Call) -> dict[str, Any]:
    given: RegionUpdate = call.body.region
    extra = own_attributes(call, "region")
    region = await actions.update_region(
        call.service, call.params["region_id"], changed_fields(given), extra
    )
    return {"region": region_view(call, region)}


async def delete_region(call: Call) -> None:
    await actions.delete_region(call.service, call.params["region_id"])


def _crud(kind: str, create: Any, bodies: tuple[type, type], rest: tuple[Any, ...]) -> list[Route]:
    """The five routes of one kind of entry."""
    listing, show, update, delete = rest
    many, one = f"/v3/{kind}s", f"/v3/{kind}s/{{{kind}_id}}"
    return [
        Route("POST", many, create, policy=f"identity:create_{kind}", body=bodies[0], status=201),
        Route("GET", many, listing, policy=f"identity:list_{kind}s"),
        Route("GET", one, show, policy=f"identity:get_{kind}"),
        Route("PATCH", one, update, policy=f"identity:update_{kind}", body=bodies[1]),
        Route("DELETE", one, delete, policy=f"identity:delete_{kind}", status=204),
    ]


ROUTES = (
    *_crud(
        "service",
        create_service,
        (ServiceCreateBody, ServiceUpdateBody),
        (list_services, show_service, update_service, delete_service),
    ),
    *_crud(
        "endpoint",
        create_endpoint,
        (EndpointCreateBody, EndpointUpdateBody),
        (list_endpoints, show_endpoint, update_endpoint, delete_endpoint),
    ),
    *_crud(
        "region",
        create_region,
        (RegionCreateBody, RegionUpdateBody),
        (list_regions, show_region, update_region, delete_region),
    ),
    Route(
        "PUT",
        "/v3/regions/{region_id}",
        create_region,
        policy="identity:create_region",
        body=RegionCreateBody,
        status=201,
    ),
)
