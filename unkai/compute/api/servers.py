"""GET, POST, PUT and DELETE of /servers."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from starlette.responses import JSONResponse, Response

from unkai.compute.actions import server_ports
from unkai.compute.actions.create_server import create_servers
from unkai.compute.actions.delete_server import delete_server
from unkai.compute.actions.find_server import find_server
from unkai.compute.actions.hosts import is_up
from unkai.compute.actions.update_server import update_server
from unkai.compute.api import shapes
from unkai.compute.api.server_bodies import (
    ChangedServer,
    CreateServer,
    UpdateServer,
    check_hostname,
    requested,
)
from unkai.compute.api.server_queries import MAX_LIMIT, ServersQuery, filters_of, sort_of
from unkai.compute.api.server_views import (
    Beside,
    ServerEnvelope,
    ServersEnvelope,
    bare_addresses,
    links,
    page_links,
    short_view,
    view,
)
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, hosts, servers, tags
from unkai.compute.store.aggregates import DEFAULT_ZONE
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route

PASSWORD_LENGTH = 12
_LETTERS = string.ascii_letters + string.digits


async def beside(call: Call, shown: Sequence[Server]) -> Beside:
    """One query a table, however many servers."""
    compute: Compute = call.service
    session = compute.kit.database.reader
    ids = [server.id for server in shown if server.deleted_at is None]
    addresses, groups = await server_ports.addresses_of(compute, session, ids)
    made = Beside(
        addresses=addresses,
        groups=groups,
        zones=await aggregates.zones_of_hosts(session),
        default_zone=DEFAULT_ZONE,
    )
    if call.at_least("2.26"):
        made.tags = await tags.tags_of(session, [server.id for server in shown])
    if call.at_least("2.16") and call.caller.reads_all:
        now = compute.kit.clock.now()
        made.host_status = {
            host.hostname: _host_status(disabled=host.disabled, up=is_up(host, now))
            for host in await hosts.list_hosts(session)
        }
    return made


def _host_status(*, disabled: bool, up: bool) -> str:
    if disabled:
        return "MAINTENANCE"
    return "UP" if up else "DOWN"


async def show_one(call: Call, server: Server) -> ServerEnvelope:
    around = await beside(call, [server])
    return ServerEnvelope(view(call, server, around, admin=call.caller.reads_all, one=True))


async def list_servers(call: Call) -> Any:
    found, limit = await _page(call)
    shown = [
        {"id": server.id, "name": server.name, "links": links(call, server.id)} for server in found
    ]
    return _envelope(call, shown, found, limit)


async def list_servers_detail(call: Call) -> Any:
    found, limit = await _page(call)
    around = await beside(call, found)
    admin = call.caller.reads_all
    shown = [view(call, server, around, admin=admin, one=False) for server in found]
    more = page_links(call, found, limit, (server.id for server in found))
    return ServersEnvelope(shown, more)


def _envelope(call: Call, shown: Any, found: Sequence[Server], limit: int) -> dict[str, Any]:
    more = page_links(call, found, limit, (server.id for server in found))
    return {"servers": shown} if more is UNSET else {"servers": shown, "servers_links": more}


async def _page(call: Call) -> tuple[list[Server], int]:
    compute: Compute = call.service
    query = call.query(ServersQuery)
    filters = filters_of(call, query)
    limit = min(query.limit if query.limit is not None else MAX_LIMIT, MAX_LIMIT)
    if filters is None or limit == 0:
        return [], limit
    session = compute.kit.database.reader
    if query.marker is not None:
        marker = await servers.get_server(session, query.marker)
        if marker is None or not call.caller.may_see(marker.project_id):
            raise BadRequest(f"marker [{query.marker}] not found", code="marker-unknown")
    if query.ip or query.ip6:
        limit_rows, pattern = MAX_LIMIT, query.ip or query.ip6 or ""
        found = await servers.list_servers(
            session, filters, sort=sort_of(query), limit=limit_rows, marker=query.marker
        )
        return await _with_address(compute, found, pattern, 4 if query.ip else 6, limit), limit
    found = await servers.list_servers(
        session, filters, sort=sort_of(query), limit=limit, marker=query.marker
    )
    return found, limit


async def _with_address(
    compute: Compute, found: list[Server], pattern: str, version: int, limit: int
) -> list[Server]:
    """Servers with an address that the expression finds; they are few enough to look through."""
    plain = pattern.replace("\\.", ".")
    if not re.fullmatch(r"\^?[0-9a-fA-F.:]*(\.\*)?\$?", plain):
        raise BadRequest("Invalid filter ip: only the beginning or a part of an address is known.")
    start, end = plain.startswith("^"), plain.endswith("$") and not plain.endswith(".*$")
    text = plain.strip("^$").removesuffix(".*")
    session = compute.kit.database.reader
    addresses, _ = await server_ports.addresses_of(compute, session, [s.id for s in found])

    def fits(address: str) -> bool:
        if start and end:
            return address == text
        if start:
            return address.startswith(text)
        return address.endswith(text) if end else text in address

    return [
        server
        for server in found
        if any(
            one["version"] == version and fits(one["addr"])
            for network in addresses.get(server.id, {}).values()
            for one in network
        )
    ][:limit]


async def show_server(call: Call) -> ServerEnvelope:
    compute: Compute = call.service
    session = compute.kit.database.reader
    return await show_one(call, await find_server(session, call.caller, call.params["server_id"]))


async def create_server(call: Call) -> Response:
    compute: Compute = call.service
    asked_at = compute.kit.clock.now()
    asked = requested(call)
    body: CreateServer = call.body
    made = await create_servers(
        compute, call.caller, asked, request_id=call.request_id, asked_at=asked_at
    )
    if shapes.switch(body.server.return_reservation_id, "return_reservation_id"):
        return JSONResponse({"reservation_id": made[0].reservation_id}, status_code=202)
    first = made[0]
    names = [{"name": name} for name in asked.security_groups or ["default"]]
    shown = {
        "id": first.id,
        "links": links(call, first.id),
        "OS-DCF:diskConfig": first.disk_config,
        "security_groups": names,
        "adminPass": body.server.adminPass or new_password(compute),
    }
    headers = {"Location": f"{call.url}/servers/{first.id}"}
    return JSONResponse({"server": shown}, status_code=202, headers=headers)


def new_password(compute: Compute) -> str:
    drawn = compute.kit.chance.token_bytes(PASSWORD_LENGTH)
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in drawn)


async def change_server(call: Call) -> ServerEnvelope:
    compute: Compute = call.service
    body: UpdateServer = call.body
    check_hostname(call, body.server.hostname)
    server = await update_server(
        compute, call.caller, call.params["server_id"], changed_values(body.server)
    )
    return await changed_view(call, server)


def changed_values(change: ChangedServer | Any) -> dict[str, Any]:
    """The columns that a PUT or rebuild changes."""
    values: dict[str, Any] = {}
    for name in ("name", "description", "hostname", "disk_config"):
        if getattr(change, name) is not UNSET:
            values[name] = getattr(change, name)
    if change.accessIPv4 is not UNSET:
        values["access_ip_v4"] = shapes.address(change.accessIPv4, "accessIPv4", 4)
    if change.accessIPv6 is not UNSET:
        values["access_ip_v6"] = shapes.address(change.accessIPv6, "accessIPv6", 6)
    return values


async def changed_view(call: Call, server: Server) -> ServerEnvelope:
    """PUT and rebuild: the same as GET from 2.75 on, a shorter form before.

    The shorter form names addresses without their kind and MAC.
    """
    if call.at_least("2.75"):
        return await show_one(call, server)
    shown = short_view(call, server, await beside(call, [server]))
    shown.addresses = bare_addresses(shown.addresses)
    shown.server_groups = [server.server_group_id] if server.server_group_id else []
    return ServerEnvelope(shown)


async def remove_server(call: Call) -> None:
    await delete_server(
        call.service, call.caller, call.params["server_id"], request_id=call.request_id
    )


ROUTES = (
    Route(
        "GET",
        "/servers",
        list_servers,
        policy="os_compute_api:servers:index",
        query=ServersQuery,
        summary="List servers",
    ),
    Route(
        "GET",
        "/servers/detail",
        list_servers_detail,
        policy="os_compute_api:servers:detail",
        query=ServersQuery,
        response=ServersEnvelope,
        summary="List servers with details",
    ),
    Route(
        "POST",
        "/servers",
        create_server,
        policy="os_compute_api:servers:create",
        body=CreateServer,
        status=202,
        summary="Create one or several servers",
    ),
    Route(
        "GET",
        "/servers/{server_id}",
        show_server,
        policy="os_compute_api:servers:show",
        response=ServerEnvelope,
        summary="Show a server",
    ),
    Route(
        "PUT",
        "/servers/{server_id}",
        change_server,
        policy="os_compute_api:servers:update",
        body=UpdateServer,
        response=ServerEnvelope,
        summary="Change a server's name, description, addresses",
    ),
    Route(
        "DELETE",
        "/servers/{server_id}",
        remove_server,
        policy="os_compute_api:servers:delete",
        status=204,
        summary="Delete a server",
    ),
)
