"""/auto-allocated-topology"""

from __future__ import annotations

from typing import Any

from unkai.kit.db import Tx
from unkai.kit.errors import Forbidden
from unkai.kit.http import Call, Route
from unkai.network.actions.auto_topology import (
    auto_network_of,
    check_requirements,
    ensure_topology,
)
from unkai.network.actions.delete_network import delete_network
from unkai.network.actions.router_interfaces import InterfaceRequest, remove_router_interface
from unkai.network.actions.routers import delete_router
from unkai.network.model import OWNER_ROUTER_INTERFACE
from unkai.network.service import NetworkService
from unkai.network.store import ports


def _project(call: Call) -> str:
    """The project of the path; "None" is the caller's own."""
    project_id = call.params["project_id"]
    if project_id in ("None", "null"):
        return call.caller.project_id or ""
    if not call.caller.may_touch(project_id):
        raise Forbidden("Another project's topology is not yours.", code="policy")
    return project_id


async def show_topology(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    project_id = _project(call)
    if "dry-run" in call.request.query_params.getlist("fields"):
        await check_requirements(service.kit.database.reader)
        return _view("dry-run=pass", project_id)

    async def write(tx: Tx) -> str:
        return await ensure_topology(service, tx, call.caller, project_id)

    return _view(await service.kit.database.transact(write), project_id)


def _view(id: str, project_id: str) -> dict[str, Any]:
    return {
        "auto_allocated_topology": {"id": id, "project_id": project_id, "tenant_id": project_id}
    }


async def delete_topology(call: Call) -> None:
    service: NetworkService = call.service
    project_id = _project(call)

    async def write(tx: Tx) -> None:
        network_id = await auto_network_of(tx, project_id)
        for port in await ports.ports_of_network(tx, network_id, OWNER_ROUTER_INTERFACE):
            request = InterfaceRequest(port_id=port.id)
            await remove_router_interface(service, tx, call.caller, port.device_id, request)
            await delete_router(service, tx, call.caller, port.device_id)
        await delete_network(service, tx, call.caller, network_id)

    await service.kit.database.transact(write)


ONE = "/v2.0/auto-allocated-topology/{project_id}"

ROUTES = (
    Route("GET", ONE, show_topology, policy="get_auto_allocated_topology"),
    Route("DELETE", ONE, delete_topology, policy="delete_auto_allocated_topology", status=204),
)
