"""What hangs on a node, by the node's own path: ports, port groups, volumes."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.api import portgroups, ports, volumes
from unkai.baremetal.api.asked import ident
from unkai.baremetal.service import Baremetal
from unkai.kit.http import Call, Route


async def _node(call: Call) -> str:
    baremetal: Baremetal = call.service
    return (await find_node(baremetal.kit.database.reader, call.caller, ident(call))).uuid


async def list_ports(call: Call) -> dict[str, Any]:
    return await ports.list_ports(call, node=await _node(call))


async def list_ports_detail(call: Call) -> dict[str, Any]:
    return await ports.list_ports_detail(call, node=await _node(call))


async def list_portgroups(call: Call) -> dict[str, Any]:
    return await portgroups.list_portgroups(call, node=await _node(call))


async def list_portgroups_detail(call: Call) -> dict[str, Any]:
    return await portgroups.list_portgroups_detail(call, node=await _node(call))


async def show_volume(call: Call) -> dict[str, Any]:
    return await volumes.show_volume(call, "nodes", await _node(call))


async def list_connectors(call: Call) -> dict[str, Any]:
    return await volumes.list_connectors(call, node=await _node(call))


async def list_targets(call: Call) -> dict[str, Any]:
    return await volumes.list_targets(call, node=await _node(call))


_NODE = "/nodes/{node_ident}"
_PORTS, _GROUPS, _VOLUMES = (f"baremetal:{noun}:list" for noun in ("port", "portgroup", "volume"))
_VOLUME = f"{_NODE}/volume"
ROUTES = (
    Route("GET", f"{_NODE}/ports", list_ports, policy=_PORTS),
    Route("GET", f"{_NODE}/ports/detail", list_ports_detail, policy=_PORTS),
    Route("GET", f"{_NODE}/portgroups", list_portgroups, policy=_GROUPS, since="1.24"),
    Route(
        "GET", f"{_NODE}/portgroups/detail", list_portgroups_detail, policy=_GROUPS, since="1.24"
    ),
    Route("GET", _VOLUME, show_volume, policy="baremetal:volume:get", since="1.32"),
    Route("GET", f"{_VOLUME}/connectors", list_connectors, policy=_VOLUMES, since="1.32"),
    Route("GET", f"{_VOLUME}/targets", list_targets, policy=_VOLUMES, since="1.32"),
)
