"""Routers: made, changed and deleted. What they are plugged into has files of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.policy import Caller
from unkai.network.actions.create_network import check_zones
from unkai.network.actions.create_subnet import HostRoutes, read_routes
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.find import may_create_for, must_own, router_of
from unkai.network.actions.quotas import check_quota
from unkai.network.actions.router_gateway import (
    GatewayRequest,
    holds,
    router_subnets,
    set_gateway,
)
from unkai.network.drivers.base import Ref
from unkai.network.fields import ProjectId, Text, given, project_of
from unkai.network.model import Route, Router
from unkai.network.service import NetworkService
from unkai.network.store import ports
from unkai.network.store import routers as store

MAX_ROUTES = 30


class RouterRequest(Struct, kw_only=True, frozen=True):
    name: Text = ""
    description: Text = ""
    admin_state_up: bool = True
    external_gateway_info: GatewayRequest | None = None
    distributed: bool | None = None
    ha: bool | None = None
    flavor_id: None = None
    availability_zone_hints: Annotated[tuple[Text, ...], Meta(max_length=10)] = ()
    project_id: ProjectId | UnsetType = UNSET
    tenant_id: ProjectId | UnsetType = UNSET


class RouterChange(Struct, kw_only=True, frozen=True):
    name: Text | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    admin_state_up: bool | UnsetType = UNSET
    external_gateway_info: GatewayRequest | UnsetType | None = UNSET
    routes: HostRoutes | UnsetType | None = UNSET
    distributed: bool | UnsetType = UNSET
    ha: bool | UnsetType = UNSET


class ExtraRoutes(Struct, kw_only=True, frozen=True):
    """The body of add_extraroutes and remove_extraroutes."""

    routes: HostRoutes


async def create_router(
    network: NetworkService, tx: Tx, caller: Caller, request: RouterRequest
) -> Router:
    """Raises QuotaExceeded, and what `set_gateway` raises."""
    project_id = project_of(request.project_id, request.tenant_id, caller.project_id)
    may_create_for(caller, project_id)
    await check_quota(tx, "router", project_id)
    _check_kind(distributed=request.distributed, ha=request.ha)
    now = network.kit.clock.now()
    made = Router(
        id=network.kit.chance.uuid(),
        project_id=project_id,
        name=request.name,
        description=request.description,
        admin_state_up=request.admin_state_up,
        availability_zone_hints=check_zones(request.availability_zone_hints),
        created_at=now,
        updated_at=now,
    )
    await store.insert_router(tx, made, None)
    if request.external_gateway_info is not None:
        gateway, port_id = await set_gateway(
            network, tx, caller, made, request.external_gateway_info
        )
        made = replace(made, external_gateway_info=gateway)
        await store.save_router(tx, made, port_id)
    await network.changed(tx, Ref("router", made.id))
    return made


async def update_router(
    network: NetworkService, tx: Tx, caller: Caller, router_id: str, change: RouterChange
) -> Router:
    before = await router_of(tx, caller, router_id)
    must_own(caller, before.project_id, f"Router {router_id}")
    asked = given(change)
    _check_kind(distributed=asked.get("distributed"), ha=asked.get("ha"))
    plain = {n: asked[n] for n in ("name", "description", "admin_state_up") if n in asked}
    after = replace(
        before,
        **plain,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    port_id = (await store.gateway_port_ids(tx, [router_id])).get(router_id)
    if "external_gateway_info" in asked:
        wanted: GatewayRequest | None = asked["external_gateway_info"]
        gateway, port_id = await set_gateway(network, tx, caller, before, wanted)
        after = replace(after, external_gateway_info=gateway)
        await store.save_router(tx, after, port_id)
    if "routes" in asked:
        routes = read_routes(asked["routes"] or (), "routes", MAX_ROUTES)
        after = replace(after, routes=routes)
    if "routes" in asked or "external_gateway_info" in asked:
        await _check_routes(tx, after)
    await store.save_router(tx, after, port_id)
    await network.changed(tx, Ref("router", after.id))
    return after


async def add_extraroutes(
    network: NetworkService, tx: Tx, caller: Caller, router_id: str, request: ExtraRoutes
) -> Router:
    """Add routes; those that are there stay as they are."""
    named = read_routes(request.routes, "routes", MAX_ROUTES)
    return await _reroute(network, tx, caller, router_id, added=named)


async def remove_extraroutes(
    network: NetworkService, tx: Tx, caller: Caller, router_id: str, request: ExtraRoutes
) -> Router:
    """Remove routes; those that are not there are no trouble."""
    named = read_routes(request.routes, "routes", MAX_ROUTES)
    return await _reroute(network, tx, caller, router_id, removed=named)


async def _reroute(
    network: NetworkService,
    tx: Tx,
    caller: Caller,
    router_id: str,
    *,
    added: Sequence[Route] = (),
    removed: Sequence[Route] = (),
) -> Router:
    before = await router_of(tx, caller, router_id)
    must_own(caller, before.project_id, f"Router {router_id}")
    kept = [route for route in before.routes if route not in removed]
    routes = tuple(dict.fromkeys([*kept, *added]))
    if len(routes) > MAX_ROUTES:
        raise BadRequest(
            f"Unable to complete operation for {router_id}. The number of routes exceeds the "
            f"maximum {MAX_ROUTES}.",
            code="routes-exhausted",
        )
    after = replace(
        before,
        routes=routes,
        updated_at=network.kit.clock.now(),
        revision_number=before.revision_number + 1,
    )
    await _check_routes(tx, after)
    port_id = (await store.gateway_port_ids(tx, [router_id])).get(router_id)
    await store.save_router(tx, after, port_id)
    await network.changed(tx, Ref("router", after.id))
    return after


async def delete_router(network: NetworkService, tx: Tx, caller: Caller, router_id: str) -> None:
    """Raises Conflict (code "router-in-use") while it has interfaces."""
    router = await router_of(tx, caller, router_id)
    must_own(caller, router.project_id, f"Router {router_id}")
    if (await store.interface_port_ids(tx, [router_id])).get(router_id):
        raise Conflict(
            f"Router {router_id} still has ports.",
            code="router-in-use",
            remedy="Remove its interfaces first.",
        )
    gateway = (await store.gateway_port_ids(tx, [router_id])).get(router_id)
    await store.delete_router(tx, router_id)
    if gateway is not None:
        await remove_ports(network, tx, [gateway])
    await network.changed(tx, Ref("router", router_id))


def _check_kind(*, distributed: bool | None, ha: bool | None) -> None:
    """The wire makes each router distributed and available by itself; there is no other kind."""
    if distributed or ha:
        raise BadRequest(
            "Routers of another kind than the usual one are not supported.", code="invalid-input"
        )


async def _check_routes(tx: Tx, router: Router) -> None:
    """BadRequest where a next hop is not reached directly, or is the router itself."""
    if not router.routes:
        return
    connected = await router_subnets(tx, router.id)
    own = await _own_addresses(tx, router.id)
    for route in router.routes:
        if not any(holds(subnet, route.nexthop) for subnet in connected):
            raise BadRequest(
                f"Invalid format for routes: {route.destination} via {route.nexthop}, the nexthop "
                "is not connected with router.",
                code="invalid-routes",
            )
        if route.nexthop in own:
            raise BadRequest(
                f"Invalid format for routes: {route.destination} via {route.nexthop}, the nexthop "
                "is used by router.",
                code="invalid-routes",
            )


async def _own_addresses(tx: Tx, router_id: str) -> set[str]:
    wanted = (await store.interface_port_ids(tx, [router_id])).get(router_id, [])
    gateway = (await store.gateway_port_ids(tx, [router_id])).get(router_id)
    found = await ports.get_ports(tx, [*wanted, gateway] if gateway else wanted)
    return {fixed.ip_address for port in found.values() for fixed in port.fixed_ips}
