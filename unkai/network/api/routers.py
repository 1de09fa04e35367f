"""/routers"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from unkai.kit.db import Tx
from unkai.kit.http import Call, Route
from unkai.kit.policy import Caller
from unkai.network.actions.find import router_of
from unkai.network.actions.router_interfaces import (
    Interface,
    InterfaceRequest,
    add_router_interface,
    remove_router_interface,
)
from unkai.network.actions.routers import (
    ExtraRoutes,
    RouterChange,
    RouterRequest,
    add_extraroutes,
    create_router,
    delete_router,
    remove_extraroutes,
    update_router,
)
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import router_view
from unkai.network.fields import read
from unkai.network.service import NetworkService
from unkai.network.store import routers as store

DERIVED = ("flavor_id", "routes", "external_gateway_info", "availability_zone_hints")


async def list_routers(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.ROUTERS, DERIVED)
    found = await store.list_routers(service.kit.database.reader, listing, call.caller)
    return answer(call, "routers", [router_view(one, call.caller) for one in found], listing)


async def show_router(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await router_of(service.kit.database.reader, call.caller, call.params["router_id"])
    return {"router": only_fields(call, [router_view(found, call.caller)])[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(call, RouterRequest, "router", "routers", create_router)
    views = [router_view(one, call.caller) for one in made]
    return bodies.made(views, "router", "routers", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, RouterChange, "router", update_router)
    return {"router": router_view(after, call.caller)}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_router)


async def add_interface(call: Call) -> dict[str, Any]:
    return await _interface(call, add_router_interface)


async def remove_interface(call: Call) -> dict[str, Any]:
    return await _interface(call, remove_router_interface)


async def _interface(
    call: Call,
    act: Callable[[NetworkService, Tx, Caller, str, InterfaceRequest], Awaitable[Interface]],
) -> dict[str, Any]:
    service: NetworkService = call.service
    request = read(InterfaceRequest, call.body, "router")

    async def write(tx: Tx) -> Interface:
        return await act(service, tx, call.caller, call.params["router_id"], request)

    found = await service.kit.database.transact(write)
    return {
        "id": found.router.id,
        "project_id": found.router.project_id,
        "tenant_id": found.router.project_id,
        "port_id": found.port.id,
        "network_id": found.port.network_id,
        "subnet_id": found.subnet_ids[0],
        "subnet_ids": list(found.subnet_ids),
        "tags": list(found.router.tags),
    }


async def add_routes(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, ExtraRoutes, "router", add_extraroutes)
    return {"router": router_view(after, call.caller)}


async def remove_routes(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, ExtraRoutes, "router", remove_extraroutes)
    return {"router": router_view(after, call.caller)}


ROUTERS = "/v2.0/routers"
ROUTER = "/v2.0/routers/{router_id}"
BODY = bodies.Body
NEW_ROUTER = bodies.described(RouterRequest, "router", "routers")
CHANGED_ROUTER = bodies.described(RouterChange, "router")
SOME_ROUTES = bodies.described(ExtraRoutes, "router")

ROUTES = (
    Route("GET", ROUTERS, list_routers, policy="get_router"),
    Route("POST", ROUTERS, create, policy="create_router", body=BODY, shape=NEW_ROUTER, status=201),
    Route("GET", ROUTER, show_router, policy="get_router"),
    Route("PUT", ROUTER, update, policy="update_router", body=BODY, shape=CHANGED_ROUTER),
    Route("DELETE", ROUTER, delete, policy="delete_router", status=204),
    Route(
        "PUT",
        f"{ROUTER}/add_router_interface",
        add_interface,
        policy="add_router_interface",
        body=BODY,
        shape=InterfaceRequest,
    ),
    Route(
        "PUT",
        f"{ROUTER}/remove_router_interface",
        remove_interface,
        policy="remove_router_interface",
        body=BODY,
        shape=InterfaceRequest,
    ),
    Route(
        "PUT",
        f"{ROUTER}/add_extraroutes",
        add_routes,
        policy="add_extraroutes",
        body=BODY,
        shape=SOME_ROUTES,
    ),
    Route(
        "PUT",
        f"{ROUTER}/remove_extraroutes",
        remove_routes,
        policy="remove_extraroutes",
        body=BODY,
        shape=SOME_ROUTES,
    ),
)
