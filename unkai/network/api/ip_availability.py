"""/network-ip-availabilities"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.kit.http import Call, Route
from unkai.network import ip
from unkai.network.actions.find import network_of
from unkai.network.api.listing import only_fields
from unkai.network.model import Network, Subnet
from unkai.network.service import NetworkService
from unkai.network.store import networks as networks_store
from unkai.network.store import subnets as subnets_store
from unkai.network.store.listing import EVERYTHING


def _size(subnet: Subnet) -> int:
    return sum(last - first + 1 for first, last in ip.spans_of(subnet.allocation_pools))


async def _views(call: Call, found: Sequence[Network]) -> list[dict[str, Any]]:
    service: NetworkService = call.service
    session = service.kit.database.reader
    of_network = await subnets_store.subnets_of(session, [one.id for one in found])
    ids = [subnet.id for many in of_network.values() for subnet in many]
    used = await subnets_store.addresses_used(session, ids)
    version = call.request.query_params.get("ip_version")
    views: list[dict[str, Any]] = []
    for network in found:
        parts: list[dict[str, Any]] = [
            {
                "subnet_id": subnet.id,
                "subnet_name": subnet.name,
                "cidr": subnet.cidr,
                "ip_version": subnet.ip_version,
                "total_ips": _size(subnet),
                "used_ips": used.get(subnet.id, 0),
            }
            for subnet in of_network.get(network.id, [])
            if version in (None, str(subnet.ip_version))
        ]
        views.append(
            {
                "network_id": network.id,
                "network_name": network.name,
                "project_id": network.project_id,
                "tenant_id": network.project_id,
                "total_ips": sum(part["total_ips"] for part in parts),
                "used_ips": sum(part["used_ips"] for part in parts),
                "subnet_ip_availability": parts,
            }
        )
    return views


async def list_availabilities(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await networks_store.list_networks(service.kit.database.reader, EVERYTHING, call.caller)
    query = call.request.query_params
    views = [
        view
        for view in await _views(call, found)
        if all(
            view[name] == query[name]
            for name in ("network_id", "network_name", "project_id", "tenant_id")
            if name in query
        )
    ]
    return {"network_ip_availabilities": only_fields(call, views)}


async def show_availability(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    found = await network_of(service.kit.database.reader, call.caller, call.params["network_id"])
    return {"network_ip_availability": only_fields(call, await _views(call, [found]))[0]}


ALL = "/v2.0/network-ip-availabilities"
POLICY = "get_network_ip_availability"

ROUTES = (
    Route("GET", ALL, list_availabilities, policy=POLICY),
    Route("GET", f"{ALL}/{{network_id}}", show_availability, policy=POLICY),
)
