"""What belongs to a node, listed under it: ports, port groups."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.api import portgroups, ports
from unkai.baremetal.api.asked import ident
from unkai.kit.http import Call, Route


async def list_ports(call: Call) -> dict[str, Any]:
    return await ports.list_ports(call, node=ident(call))


async def list_ports_detail(call: Call) -> dict[str, Any]:
    return await ports.list_ports_detail(call, node=ident(call))


async def list_portgroups(call: Call) -> dict[str, Any]:
    return await portgroups.list_portgroups(call, node=ident(call))


async def list_portgroups_detail(call: Call) -> dict[str, Any]:
    return await portgroups.list_portgroups_detail(call, node=ident(call))


_PORTS = "/nodes/{node_ident}/ports"
_GROUPS = "/nodes/{node_ident}/portgroups"
_LIST = "baremetal:portgroup:list"
ROUTES = (
    Route("GET", _PORTS, list_ports, policy="baremetal:port:list"),
    Route("GET", f"{_PORTS}/detail", list_ports_detail, policy="baremetal:port:list"),
    Route("GET", _GROUPS, list_portgroups, policy=_LIST, since="1.24"),
    Route("GET", f"{_GROUPS}/detail", list_portgroups_detail, policy=_LIST, since="1.24"),
)
