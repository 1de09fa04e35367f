"""Addresses of consoles: /servers/{id}/remote-consoles, the actions before it, and their tokens.

A `novnc` console's address is a page of the dashboard whose query says where its WebSocket is, as
noVNC's own pages read it; a `serial` console's address is the WebSocket. Either opens once.
"""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from unkai.compute.actions.create_console import (
    ConsoleType,
    create_console,
    show_console_ticket,
    unavailable,
)
from unkai.compute.actions.find_server import own_server
from unkai.compute.service import Compute
from unkai.kit.errors import BadRequest, Unauthorized
from unkai.kit.http import Call, Route
from unkai.kit.http.stream_door import PATH, stream_url

PAGE = "/dashboard/console.html"
TYPES: dict[str, tuple[str, ...]] = {
    "vnc": ("novnc", "xvpvnc"),
    "serial": ("serial",),
    "spice": ("spice-html5",),
    "rdp": ("rdp-html5",),
    "mks": ("webmks",),
}
"""What each protocol may be shown by."""
HAVE: dict[str, ConsoleType] = {"novnc": "novnc", "serial": "serial"}
REMEDY = "This cloud has novnc and serial."


class RemoteConsole(Struct, forbid_unknown_fields=True):
    protocol: Literal["vnc", "serial", "spice", "rdp", "mks"]
    type: Literal["novnc", "xvpvnc", "serial", "spice-html5", "rdp-html5", "webmks"]


class CreateConsole(Struct, forbid_unknown_fields=True):
    remote_console: RemoteConsole


class RemoteConsoleView(Struct):
    protocol: str
    type: str
    url: str


class CreatedConsole(Struct):
    remote_console: RemoteConsoleView


class VncConsole(Struct, forbid_unknown_fields=True):
    type: Literal["novnc", "xvpvnc"]


class SerialConsole(Struct, forbid_unknown_fields=True):
    type: Literal["serial"]


class SpiceConsole(Struct, forbid_unknown_fields=True):
    type: Literal["spice-html5"]


class RdpConsole(Struct, forbid_unknown_fields=True):
    type: Literal["rdp-html5"]


def console_url(base_url: str, kind: ConsoleType, secret: str) -> str:
    """base_url: where the client reached us."""
    if kind == "serial":
        return stream_url(base_url, secret)
    path = f"{PATH.removeprefix('/')}?token={secret}"
    return f"{base_url}{PAGE}?path={quote(path, safe='')}"


async def _address(call: Call, kind: str) -> str:
    compute: Compute = call.service
    server_id = call.params["server_id"]
    if kind not in HAVE:
        await own_server(compute.kit.database.reader, call.caller, server_id)
        raise unavailable(kind, REMEDY)
    secret = await create_console(compute, call.caller, server_id, HAVE[kind])
    return console_url(call.base_url, HAVE[kind], secret)


async def create(call: Call) -> CreatedConsole:
    asked: RemoteConsole = call.body.remote_console
    if asked.protocol == "mks" and not call.at_least("2.8"):
        raise BadRequest("Invalid input for field/attribute protocol. Value: mks.")
    if asked.type not in TYPES[asked.protocol]:
        raise BadRequest(f"Invalid console type {asked.type}", code="console-type")
    url = await _address(call, asked.type)
    return CreatedConsole(RemoteConsoleView(asked.protocol, asked.type, url))


async def by_action(call: Call) -> dict[str, Any]:
    kind: str = call.body.type
    return {"console": {"type": kind, "url": await _address(call, kind)}}


async def show_token(call: Call) -> dict[str, Any]:
    """Where a token leads, without using it. There is no TCP port: hosts have UNIX sockets."""
    access = await show_console_ticket(call.service, call.params["console_token"])
    if not call.at_least("2.31"):
        raise Unauthorized("The requested console type details are not accessible")
    return {
        "console": {
            "instance_uuid": access.server_id,
            "host": access.host,
            "port": None,
            "internal_access_path": access.path,
        }
    }


def _action(name: str, body: type[Struct]) -> Route:
    return Route(
        "POST",
        "/servers/{server_id}/action",
        by_action,
        policy="os_compute_api:os-remote-consoles",
        action=name,
        body=body,
        until="2.5",
    )


ROUTES = (
    Route(
        "POST",
        "/servers/{server_id}/remote-consoles",
        create,
        policy="os_compute_api:os-remote-consoles",
        body=CreateConsole,
        response=CreatedConsole,
        since="2.6",
        summary="An address that opens one connection, soon",
    ),
    _action("os-getVNCConsole", VncConsole),
    _action("os-getSerialConsole", SerialConsole),
    _action("os-getSPICEConsole", SpiceConsole),
    _action("os-getRDPConsole", RdpConsole),
    Route(
        "GET",
        "/os-console-auth-tokens/{console_token}",
        show_token,
        policy="os_compute_api:os-console-auth-tokens",
        summary="Where the address of a console leads",
    ),
)
