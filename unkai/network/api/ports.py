"""/ports"""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.delete_port import delete_port
from unkai.network.actions.find import port_of
from unkai.network.actions.update_port import PortChange, update_port
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import port_view
from unkai.network.service import NetworkService
from unkai.network.store import ports as store

DERIVED = ("binding:profile", "binding:vif_details", "allowed_address_pairs", "qos_policy_id")


async def list_ports(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.PORTS, DERIVED)
    found = await store.list_ports(service.kit.database.reader, listing, call.caller)
    return answer(call, "ports", [port_view(one, call.caller) for one in found], listing)


async def show_port(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await port_of(service.kit.database.reader, call.caller, call.params["port_id"])
    return {"port": only_fields(call, [port_view(found, call.caller)])[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(call, PortRequest, "port", "ports", create_port)
    views = [port_view(one, call.caller) for one in made]
    return bodies.made(views, "port", "ports", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, PortChange, "port", update_port)
    return {"port": port_view(after, call.caller)}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_port)


NEW_PORT = bodies.described(PortRequest, "port", "ports")
CHANGED_PORT = bodies.described(PortChange, "port")

ROUTES = (
    Route("GET", "/v2.0/ports", list_ports, policy="get_port"),
    Route(
        "POST",
        "/v2.0/ports",
        create,
        policy="create_port",
        body=bodies.Body,
        shape=NEW_PORT,
        status=201,
    ),
    Route("GET", "/v2.0/ports/{port_id}", show_port, policy="get_port"),
    Route(
        "PUT",
        "/v2.0/ports/{port_id}",
        update,
        policy="update_port",
        body=bodies.Body,
        shape=CHANGED_PORT,
    ),
    Route("DELETE", "/v2.0/ports/{port_id}", delete, policy="delete_port", status=204),
)
