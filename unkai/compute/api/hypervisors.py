"""/os-hypervisors: what compute hosts have and how full they are, for administrators.

Totals are what the host said of itself, usage is placement's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from unkai.compute.actions import hosts as actions
from unkai.compute.api.paging import check_known, next_links, page_limit
from unkai.compute.api.shapes import switch
from unkai.compute.model import ComputeHost
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.kit.clock import iso
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route
from unkai.placement.actions.usage import stocks_of

PARAMETERS = ("limit", "marker", "hypervisor_hostname_pattern", "with_servers")
Servers = dict[str, list[tuple[str, str]]]


def _brief(call: Call, host: ComputeHost) -> dict[str, Any]:
    compute: Compute = call.service
    up = actions.is_up(host, compute.kit.clock.now())
    return {
        "id": host.id if call.at_least("2.53") else host.number,
        "hypervisor_hostname": host.hostname,
        "state": "up" if up else "down",
        "status": "disabled" if host.disabled else "enabled",
    }


def _uptime(call: Call, host: ComputeHost) -> str:
    """How long the cloud has known the host, in the words of uptime(1)."""
    compute: Compute = call.service
    now = compute.kit.clock.now()
    minutes = int(now - host.created_at) // 60
    days, rest = divmod(minutes, 24 * 60)
    clock = iso(now)[11:19]
    load = "0 users,  load average: 0.00, 0.00, 0.00"
    return f" {clock} up {days} days, {rest // 60}:{rest % 60:02},  {load}"


def _cpu(call: Call, host: ComputeHost) -> Any:
    facts = host.facts
    info: dict[str, Any] = {
        "arch": facts.get("cpu_arch", ""),
        "model": facts.get("cpu_model", ""),
        "vendor": "",
        "topology": {"sockets": 1, "cores": facts.get("vcpus", 1), "threads": 1},
        "features": [],
    }
    return info if call.at_least("2.28") else msgspec.json.encode(info).decode()


def _version(host: ComputeHost) -> int:
    """QEMU's `8.2.1` as 8002001."""
    parts = [
        int(one) for one in str(host.facts.get("qemu_version", "0")).split(".") if one.isdigit()
    ]
    major, minor, micro = (*parts, 0, 0, 0)[:3]
    return major * 1_000_000 + minor * 1_000 + micro


def _servers(call: Call, host: ComputeHost, servers: Servers | None) -> dict[str, Any]:
    if servers is None:
        return {}
    found = [{"uuid": id, "name": name} for id, name in servers.get(host.hostname, [])]
    return {"servers": found} if found or call.at_least("2.75") else {}


async def _usage(call: Call, found: Sequence[ComputeHost]) -> dict[str, dict[str, int]]:
    """The counters by host, as they were shown until 2.87."""
    compute: Compute = call.service
    session = compute.kit.database.reader
    stocks = await stocks_of(session, [host.id for host in found])
    on = await hosts.servers_on(session, [host.hostname for host in found])
    busy = await hosts.busy_by_host(session)
    usage: dict[str, dict[str, int]] = {}
    for host in found:
        used = {name: stock.used for name, stock in stocks.get(host.id, {}).items()}
        facts = host.facts
        vcpus, memory_mb = facts.get("vcpus", 0), facts.get("memory_mib", 0)
        disk_gb = facts.get("disk_gib", 0)
        usage[host.hostname] = {
            "vcpus": vcpus,
            "vcpus_used": used.get("VCPU", 0),
            "memory_mb": memory_mb,
            "memory_mb_used": used.get("MEMORY_MB", 0),
            "free_ram_mb": memory_mb - used.get("MEMORY_MB", 0),
            "local_gb": disk_gb,
            "local_gb_used": used.get("DISK_GB", 0),
            "free_disk_gb": disk_gb - used.get("DISK_GB", 0),
            "disk_available_least": disk_gb - used.get("DISK_GB", 0),
            "running_vms": len(on.get(host.hostname, [])),
            "current_workload": busy.get(host.hostname, 0),
        }
    return usage


def _view(call: Call, host: ComputeHost, usage: dict[str, Any]) -> dict[str, Any]:
    shown = {
        **_brief(call, host),
        "hypervisor_type": "QEMU",
        "hypervisor_version": _version(host),
        "host_ip": "127.0.0.1",
        "service": {
            "id": host.service_id if call.at_least("2.53") else host.number + 2,
            "host": host.hostname,
            "disabled_reason": host.disabled_reason,
        },
    }
    if call.at_least("2.88"):
        return {**shown, "uptime": _uptime(call, host)}
    return {**shown, **usage, "cpu_info": _cpu(call, host)}


async def _page(call: Call) -> tuple[list[ComputeHost], dict[str, Any]]:
    compute: Compute = call.service
    check_known(call, PARAMETERS)
    found = await hosts.list_hosts(compute.kit.database.reader)
    given = call.request.query_params
    pattern = given.get("hypervisor_hostname_pattern") if call.at_least("2.53") else None
    if not call.at_least("2.33"):
        return found, {}
    if pattern is not None:
        if "limit" in given or "marker" in given:
            raise BadRequest("Paging over hypervisors with the hostname pattern is not supported.")
        found = [host for host in found if pattern in host.hostname]
        if not found:
            raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
        return found, {}
    limit, marker = page_limit(call), given.get("marker")
    if marker is not None:
        ids = [host.id if call.at_least("2.53") else str(host.number) for host in found]
        if marker not in ids:
            raise BadRequest(f"marker [{marker}] not found")
        found = found[ids.index(marker) + 1 :]
    found = found[:limit]
    last = "" if not found else str(_brief(call, found[-1])["id"])
    links = next_links(call, call.route.path, len(found), limit, last)
    return found, {"hypervisors_links": links} if links else {}


async def _asked_servers(call: Call, found: Sequence[ComputeHost]) -> Servers | None:
    """The servers on these hosts, where the client wants to see them."""
    compute: Compute = call.service
    wanted = call.request.query_params.get("with_servers", "false")
    if not call.at_least("2.53") or not switch(wanted, "with_servers"):
        return None
    names = [host.hostname for host in found]
    return await hosts.servers_on(compute.kit.database.reader, names)


async def list_hypervisors(call: Call) -> dict[str, Any]:
    found, links = await _page(call)
    servers = await _asked_servers(call, found)
    shown = [{**_brief(call, host), **_servers(call, host, servers)} for host in found]
    return {"hypervisors": shown, **links}


async def list_hypervisors_detail(call: Call) -> dict[str, Any]:
    found, links = await _page(call)
    servers = await _asked_servers(call, found)
    usage = await _usage(call, found)
    shown = [
        {**_view(call, host, usage[host.hostname]), **_servers(call, host, servers)}
        for host in found
    ]
    return {"hypervisors": shown, **links}


async def _host(call: Call) -> ComputeHost:
    compute: Compute = call.service
    asked = call.params["hypervisor_id"]
    for host in await hosts.list_hosts(compute.kit.database.reader):
        if asked == (host.id if call.at_least("2.53") else str(host.number)):
            return host
    raise NotFound(f"Hypervisor with ID '{asked}' could not be found.", code="host-unknown")


async def show_hypervisor(call: Call) -> dict[str, Any]:
    check_known(call, ("with_servers",))
    host = await _host(call)
    usage = await _usage(call, [host])
    servers = await _asked_servers(call, [host])
    shown = {**_view(call, host, usage[host.hostname]), **_servers(call, host, servers)}
    return {"hypervisor": shown}


async def show_uptime(call: Call) -> dict[str, Any]:
    host = await _host(call)
    if _brief(call, host)["state"] == "down":
        raise BadRequest(f"Compute host {host.hostname} is down; its uptime cannot be known.")
    return {"hypervisor": {**_brief(call, host), "uptime": _uptime(call, host)}}


async def show_statistics(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    found = await hosts.list_hosts(compute.kit.database.reader)
    enabled = [host for host in found if not host.disabled]
    usage = (await _usage(call, enabled)).values()
    names = (
        "vcpus",
        "vcpus_used",
        "memory_mb",
        "memory_mb_used",
        "free_ram_mb",
        "local_gb",
        "local_gb_used",
        "free_disk_gb",
        "disk_available_least",
        "running_vms",
        "current_workload",
    )
    sums = {name: sum(one[name] for one in usage) for name in names}
    return {"hypervisor_statistics": {"count": len(enabled), **sums}}


async def _matching(call: Call) -> list[ComputeHost]:
    compute: Compute = call.service
    pattern = call.params["hypervisor_id"]
    found = await hosts.list_hosts(compute.kit.database.reader)
    matching = [host for host in found if pattern in host.hostname]
    if not matching:
        raise NotFound(f"No hypervisor matching '{pattern}' could be found.")
    return matching


async def search_hypervisors(call: Call) -> dict[str, Any]:
    return {"hypervisors": [_brief(call, host) for host in await _matching(call)]}


async def list_hypervisor_servers(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    found = await _matching(call)
    names = [host.hostname for host in found]
    servers = await hosts.servers_on(compute.kit.database.reader, names)
    return {
        "hypervisors": [{**_brief(call, host), **_servers(call, host, servers)} for host in found]
    }


_ALL = "/os-hypervisors"
_ONE = _ALL + "/{hypervisor_id}"
_P = "os_compute_api:os-hypervisors"
ROUTES = (
    Route("GET", _ALL, list_hypervisors, policy=f"{_P}:list"),
    Route("GET", f"{_ALL}/detail", list_hypervisors_detail, policy=f"{_P}:list-detail"),
    Route("GET", f"{_ALL}/statistics", show_statistics, policy=f"{_P}:statistics", until="2.87"),
    Route("GET", _ONE, show_hypervisor, policy=f"{_P}:show"),
    Route("GET", f"{_ONE}/uptime", show_uptime, policy=f"{_P}:uptime", until="2.87"),
    Route("GET", f"{_ONE}/search", search_hypervisors, policy=f"{_P}:search", until="2.52"),
    Route("GET", f"{_ONE}/servers", list_hypervisor_servers, policy=f"{_P}:servers", until="2.52"),
)
