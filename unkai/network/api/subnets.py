"""/subnets"""

from __future__ import annotations

from typing import Any

from unkai.kit.http import Call, Route
from unkai.network.actions.create_subnet import SubnetRequest, create_subnet
from unkai.network.actions.delete_subnet import delete_subnet
from unkai.network.actions.find import subnet_of
from unkai.network.actions.update_subnet import SubnetChange, update_subnet
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import subnet_view
from unkai.network.service import NetworkService
from unkai.network.store import subnets as store


async def list_subnets(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.SUBNETS, ("use_default_subnetpool",))
    found = await store.list_subnets(service.kit.database.reader, listing, call.caller)
    return answer(call, "subnets", [subnet_view(one, call.caller) for one in found], listing)


async def show_subnet(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await subnet_of(service.kit.database.reader, call.caller, call.params["subnet_id"])
    return {"subnet": only_fields(call, [subnet_view(found, call.caller)])[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(call, SubnetRequest, "subnet", "subnets", create_subnet)
    views = [subnet_view(one, call.caller) for one in made]
    return bodies.made(views, "subnet", "subnets", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, SubnetChange, "subnet", update_subnet)
    return {"subnet": subnet_view(after, call.caller)}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_subnet)


NEW_SUBNET = bodies.described(SubnetRequest, "subnet", "subnets")
CHANGED_SUBNET = bodies.described(SubnetChange, "subnet")

ROUTES = (
    Route("GET", "/v2.0/subnets", list_subnets, policy="get_subnet"),
    Route(
        "POST",
        "/v2.0/subnets",
        create,
        policy="create_subnet",
        body=bodies.Body,
        shape=NEW_SUBNET,
        status=201,
    ),
    Route("GET", "/v2.0/subnets/{subnet_id}", show_subnet, policy="get_subnet"),
    Route(
        "PUT",
        "/v2.0/subnets/{subnet_id}",
        update,
        policy="update_subnet",
        body=bodies.Body,
        shape=CHANGED_SUBNET,
    ),
    Route("DELETE", "/v2.0/subnets/{subnet_id}", delete, policy="delete_subnet", status=204),
)
