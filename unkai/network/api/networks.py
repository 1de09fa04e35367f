"""/networks"""

from __future__ import annotations

from typing import Any

from unkai.kit.db import Session
from unkai.kit.http import Call, Route
from unkai.network.actions.create_network import NetworkRequest, create_network
from unkai.network.actions.delete_network import delete_network
from unkai.network.actions.find import network_of
from unkai.network.actions.update_network import NetworkChange, update_network
from unkai.network.api import bodies
from unkai.network.api.listing import answer, only_fields, read_listing
from unkai.network.api.views import View, network_view
from unkai.network.model import Network
from unkai.network.service import NetworkService
from unkai.network.store import networks as store
from unkai.network.store import rbac_policies


async def _views(call: Call, session: Session, found: list[Network]) -> list[View]:
    """With `shared` as the caller's own project sees it."""
    shared: set[str] = set()
    foreign = [one.id for one in found if one.project_id != call.caller.project_id]
    if foreign and call.caller.project_id:
        shared = await rbac_policies.shared_ids(session, "network", foreign, call.caller.project_id)
    return [network_view(one, call.caller, shared=one.id in shared) for one in found]


async def list_networks(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    listing = read_listing(call, store.NETWORKS, DERIVED)
    session = service.kit.database.reader
    found = await store.list_networks(session, listing, call.caller)
    return answer(call, "networks", await _views(call, session, found), listing)


async def show_network(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    session = service.kit.database.reader
    found = await network_of(session, call.caller, call.params["network_id"])
    return {"network": only_fields(call, await _views(call, session, [found]))[0]}


async def create(call: Call) -> dict[str, Any]:
    made, many = await bodies.create_all(
        call, NetworkRequest, "network", "networks", create_network
    )
    views = [network_view(one, call.caller) for one in made]
    return bodies.made(views, "network", "networks", many=many)


async def update(call: Call) -> dict[str, Any]:
    after = await bodies.update_one(call, NetworkChange, "network", update_network)
    return {"network": network_view(after, call.caller)}


async def delete(call: Call) -> None:
    await bodies.delete_one(call, delete_network)


DERIVED = (
    "availability_zone_hints",
    "availability_zones",
    "ipv4_address_scope",
    "ipv6_address_scope",
    "subnets",
    "vlan_transparent",
    "qos_policy_id",
)
NEW_NETWORK = bodies.described(NetworkRequest, "network", "networks")
CHANGED_NETWORK = bodies.described(NetworkChange, "network")

ROUTES = (
    Route("GET", "/v2.0/networks", list_networks, policy="get_network"),
    Route(
        "POST",
        "/v2.0/networks",
        create,
        policy="create_network",
        body=bodies.Body,
        shape=NEW_NETWORK,
        status=201,
    ),
    Route("GET", "/v2.0/networks/{network_id}", show_network, policy="get_network"),
    Route(
        "PUT",
        "/v2.0/networks/{network_id}",
        update,
        policy="update_network",
        body=bodies.Body,
        shape=CHANGED_NETWORK,
    ),
    Route("DELETE", "/v2.0/networks/{network_id}", delete, policy="delete_network", status=204),
)
