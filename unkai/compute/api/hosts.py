"""/os-hosts: the older view of services and of what hosts have; gone from 2.43 on."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from unkai.compute.actions import hosts as actions
from unkai.compute.api.services import all_services
from unkai.compute.model import ComputeHost
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route
from unkai.placement.actions.usage import stocks_of

Turn = Literal["enable", "disable"]


class UpdateHost(Struct, forbid_unknown_fields=True):
    status: Turn | UnsetType = UNSET
    maintenance_mode: Turn | UnsetType = UNSET


async def list_hosts(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    zone = call.request.query_params.get("zone")
    return {
        "hosts": [
            {
                "host_name": one.hostname,
                "service": one.binary.removeprefix("nova-"),
                "zone": one.zone,
            }
            for one in await all_services(compute, compute.kit.database.reader)
            if not zone or one.zone == zone
        ]
    }


async def _host(call: Call) -> ComputeHost:
    compute: Compute = call.service
    name = call.params["host_name"]
    host = await hosts.get_host(compute.kit.database.reader, name)
    if host is None:
        raise NotFound(f"Compute host {name} could not be found.", code="host-unknown")
    return host


async def show_host(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    host = await _host(call)
    stocks = (await stocks_of(compute.kit.database.reader, [host.id])).get(host.id, {})
    used = {name: stock.used for name, stock in stocks.items()}
    total = {name: stock.inventory.total for name, stock in stocks.items()}
    return {
        "host": [
            {
                "resource": {
                    "host": host.hostname,
                    "project": project,
                    "cpu": amounts.get("VCPU", 0),
                    "memory_mb": amounts.get("MEMORY_MB", 0),
                    "disk_gb": amounts.get("DISK_GB", 0),
                }
            }
            for project, amounts in (("(total)", total), ("(used_now)", used), ("(used_max)", used))
        ]
    }


async def update_host(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: UpdateHost = call.body
    status = body.status
    if isinstance(status, UnsetType) and body.maintenance_mode is UNSET:
        raise BadRequest("status or maintenance_mode is needed.")
    host = await _host(call)
    if body.maintenance_mode is not UNSET:
        raise BadRequest("Compute hosts have no maintenance mode; disable the service instead.")
    disabled = status == "disable"
    await compute.kit.database.transact(
        lambda tx: actions.set_host_disabled(
            compute, tx, host.hostname, disabled=disabled, reason=None
        )
    )
    return {"host": host.hostname, "status": "disabled" if disabled else "enabled"}


async def power_host(call: Call) -> None:
    host = await _host(call)
    raise BadRequest(f"The power of compute host {host.hostname} is not the cloud's to switch.")


_ONE = "/os-hosts/{host_name}"
_P = "os_compute_api:os-hosts"
ROUTES = (
    Route("GET", "/os-hosts", list_hosts, policy=f"{_P}:list", until="2.42"),
    Route("GET", _ONE, show_host, policy=f"{_P}:show", until="2.42"),
    Route("PUT", _ONE, update_host, policy=f"{_P}:update", body=UpdateHost, until="2.42"),
    *(
        Route("GET", f"{_ONE}/{verb}", power_host, policy=f"{_P}:{verb}", until="2.42")
        for verb in ("reboot", "shutdown", "startup")
    ),
)
