"""/floatingips"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.kit.http import Call, Route
from unkai.network.actions.find import floating_ip_of
from unkai.network.actions.floating_ips import (
    FloatingIPChange,
    FloatingIPRequest,
    create_floating_ip,
    delete_floating_ip,
    update_floating_ip,
)
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import View, floating_ip_view
from unkai.network.model import FloatingIP
from unkai.network.service import NetworkService
from unkai.network.store import floating_ips as store
from unkai.network.store import ports


async def _views(call: Call, found: Sequence[FloatingIP]) -> list[View]:
    service: NetworkService = call.service
    wanted = [one.port_id for one in found if one.port_id]
    targets = await ports.get_ports(service.kit.database.reader, wanted)
    return [floating_ip_view(one, targets.get(one.port_id or "")) for one in found]


async def list_floating_ips(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.FLOATING_IPS, ("qos_policy_id",))
    found = await store.list_floating_ips(service.kit.database.reader, listing, call.caller)
    return answer(call, "floatingips", await _views(call, found), listing)


async def show_floating_ip(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await floating_ip_of(
        service.kit.database.reader, call.caller, call.params["floatingip_id"]
    )
    return {"floatingip": only_fields(call, await _views(call, [found]))[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, FloatingIPRequest, "floatingip", "floatingips", create_floating_ip
    )
    return bodies.made(await _views(call, made), "floatingip", "floatingips", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, FloatingIPChange, "floatingip", update_floating_ip)
    return {"floatingip": (await _views(call, [after]))[0]}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_floating_ip)


ALL = "/v2.0/floatingips"
ONE = "/v2.0/floatingips/{floatingip_id}"
BODY = bodies.Body
NEW_FLOATINGIP = bodies.described(FloatingIPRequest, "floatingip", "floatingips")
CHANGED_FLOATINGIP = bodies.described(FloatingIPChange, "floatingip")

ROUTES = (
    Route("GET", ALL, list_floating_ips, policy="get_floatingip"),
    Route(
        "POST", ALL, create, policy="create_floatingip", body=BODY, shape=NEW_FLOATINGIP, status=201
    ),
    Route("GET", ONE, show_floating_ip, policy="get_floatingip"),
    Route("PUT", ONE, update, policy="update_floatingip", body=BODY, shape=CHANGED_FLOATINGIP),
    Route("DELETE", ONE, delete, policy="delete_floatingip", status=204),
)
