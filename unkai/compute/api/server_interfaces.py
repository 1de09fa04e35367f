"""/servers/{id}/os-interface: the NICs of a server."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct

from unkai.compute.actions import server_ports
from unkai.compute.actions.attach_interface import attach_interface, detach_interface
from unkai.compute.actions.find_server import find_server
from unkai.compute.api import shapes
from unkai.compute.model import NetworkRequest, Server
from unkai.compute.service import Compute
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route, since
from unkai.network.model import Port

PATH = "/servers/{server_id}/os-interface"


class FixedIpItem(Struct, forbid_unknown_fields=True):
    ip_address: str


class NewInterface(Struct, forbid_unknown_fields=True):
    net_id: shapes.Uuid | None = None
    port_id: shapes.Uuid | None = None
    fixed_ips: list[FixedIpItem] = []
    tag: Annotated[shapes.Tag | None, since("2.49")] = None


class AttachInterface(Struct, forbid_unknown_fields=True):
    interfaceAttachment: NewInterface | None = None  # noqa: N815


def _view(call: Call, server: Server, port: Port) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "net_id": port.network_id,
        "port_id": port.id,
        "mac_addr": port.mac_address,
        "port_state": port.status,
        "fixed_ips": [
            {"subnet_id": fixed.subnet_id, "ip_address": fixed.ip_address}
            for fixed in port.fixed_ips
        ],
    }
    if call.at_least("2.70"):
        tags = {nic.port_id: nic.tag for nic in server.nics}
        shown["tag"] = tags.get(port.id)
    return shown


async def _server(call: Call) -> Server:
    compute: Compute = call.service
    return await find_server(compute.kit.database.reader, call.caller, call.params["server_id"])


async def list_interfaces(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    server = await _server(call)
    ports = await server_ports.ports_of(compute, compute.kit.database.reader, server)
    return {"interfaceAttachments": [_view(call, server, port) for port in ports]}


async def show_interface(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    server = await _server(call)
    port_id = call.params["port_id"]
    for port in await server_ports.ports_of(compute, compute.kit.database.reader, server):
        if port.id == port_id:
            return {"interfaceAttachment": _view(call, server, port)}
    raise NotFound(f"Instance {server.id} does not have a port with id {port_id}")


async def create_interface(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    asked = call.body.interfaceAttachment or NewInterface()
    if asked.net_id and asked.port_id:
        raise BadRequest("Must not input both network_id and port_id")
    if asked.fixed_ips and not asked.net_id:
        raise BadRequest("Must input network_id when request IP address")
    if len(asked.fixed_ips) > 1:
        raise BadRequest("Only one fixed IP can be given.")
    request = NetworkRequest(
        network_id=asked.net_id,
        port_id=asked.port_id,
        fixed_ip=asked.fixed_ips[0].ip_address if asked.fixed_ips else None,
        tag=asked.tag,
    )
    server, port = await attach_interface(
        compute, call.caller, call.params["server_id"], request, request_id=call.request_id
    )
    return {"interfaceAttachment": _view(call, server, port)}


async def delete_interface(call: Call) -> None:
    await detach_interface(
        call.service,
        call.caller,
        call.params["server_id"],
        call.params["port_id"],
        request_id=call.request_id,
    )


_RULE = "os_compute_api:os-attach-interfaces:"

ROUTES = (
    Route("GET", PATH, list_interfaces, policy=f"{_RULE}list", summary="List a server's NICs"),
    Route("POST", PATH, create_interface, policy=f"{_RULE}create", body=AttachInterface),
    Route("GET", f"{PATH}/{{port_id}}", show_interface, policy=f"{_RULE}show"),
    Route("DELETE", f"{PATH}/{{port_id}}", delete_interface, policy=f"{_RULE}delete", status=202),
)
