"""/servers/{id}/ips: addresses by network."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions import server_ports
from unkai.compute.actions.find_server import find_server
from unkai.compute.api.server_views import Addresses, bare_addresses
from unkai.compute.service import Compute
from unkai.kit.errors import NotFound
from unkai.kit.http import Call, Route


async def _addresses(call: Call) -> Addresses:
    compute: Compute = call.service
    reader = compute.kit.database.reader
    server = await find_server(reader, call.caller, call.params["server_id"])
    found, _ = await server_ports.addresses_of(compute, reader, [server.id])
    return bare_addresses(found.get(server.id, {}))


async def list_ips(call: Call) -> dict[str, Any]:
    return {"addresses": await _addresses(call)}


async def show_network_ips(call: Call) -> Addresses:
    label = call.params["network_label"]
    found = await _addresses(call)
    if label not in found:
        raise NotFound("Instance is not a member of specified network", code="network-unknown")
    return {label: found[label]}


PATH = "/servers/{server_id}/ips"

ROUTES = (
    Route(
        "GET",
        PATH,
        list_ips,
        policy="os_compute_api:ips:index",
        summary="List a server's addresses",
    ),
    Route("GET", f"{PATH}/{{network_label}}", show_network_ips, policy="os_compute_api:ips:show"),
)
