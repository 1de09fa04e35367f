"""/os-services, /os-hosts, /scheduler-stats/get_pools, /capabilities, /os-availability-zone."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.block_storage.actions.service_hosts import change_host, list_hosts
from unkai.block_storage.api.listing import truth
from unkai.block_storage.api.shapes import Name
from unkai.block_storage.api.views import at
from unkai.block_storage.drivers.base import Capacity
from unkai.block_storage.model import GIB, VENDOR, ZONE, Host
from unkai.block_storage.service import Backend, BlockStorage
from unkai.block_storage.store import quotas, volumes
from unkai.kit.errors import BadRequest, Fault, NotFound
from unkai.kit.http import Call, Route
from unkai.kit.log import log

VERSION = "1.0"


class Switched(Struct, forbid_unknown_fields=True):
    host: Name
    binary: Name | None = None
    service: Name | None = None
    disabled_reason: Name | None = None
    cluster: Name | None = None


class Frozen(Struct, forbid_unknown_fields=True):
    host: Name
    cluster: Name | None = None


async def list_services(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    params = call.request.query_params
    binary, host = params.get("binary"), params.get("host")
    found = await list_hosts(block, block.kit.database.reader)
    return {
        "services": [
            _service(call, one)
            for one in found
            if binary in (None, one.binary) and (host is None or _is_on(one, host))
        ]
    }


def _is_on(one: Host, host: str) -> bool:
    return host in (one.host, one.host.partition("@")[0])


def _service(call: Call, one: Host) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "binary": one.binary,
        "host": one.host,
        "zone": ZONE,
        "status": "disabled" if one.disabled else "enabled",
        "state": "up",
        "updated_at": at(one.updated_at),
        "disabled_reason": one.disabled_reason,
    }
    if one.binary == "cinder-volume":
        shown |= {"frozen": one.frozen, "replication_status": "disabled", "active_backend_id": None}
        if call.at_least("3.49"):
            shown["backend_state"] = "up"
    if call.at_least("3.7"):
        shown["cluster"] = None
    return shown


async def enable(call: Call) -> dict[str, Any]:
    return await _switch(call, disabled=False, reason=None)


async def disable(call: Call) -> dict[str, Any]:
    answer = await _switch(call, disabled=True, reason=None)
    del answer["disabled_reason"]
    return answer


async def disable_with_reason(call: Call) -> dict[str, Any]:
    reason: str | None = call.body.disabled_reason
    if reason is None or not reason.strip():
        raise BadRequest("Missing required element 'disabled_reason' in request body.")
    return await _switch(call, disabled=True, reason=reason.strip())


async def _switch(call: Call, *, disabled: bool, reason: str | None) -> dict[str, Any]:
    body: Switched = call.body
    binary = body.binary or body.service or ""
    made = await change_host(
        call.service, binary, body.host, disabled=disabled, disabled_reason=reason
    )
    return {
        "host": made.host,
        "service": binary,
        "binary": binary,
        "disabled": made.disabled,
        "status": "disabled" if made.disabled else "enabled",
        "disabled_reason": made.disabled_reason,
    }


async def freeze(call: Call) -> None:
    await _freeze(call, frozen=True)


async def thaw(call: Call) -> None:
    await _freeze(call, frozen=False)


async def _freeze(call: Call, *, frozen: bool) -> None:
    block: BlockStorage = call.service
    host: str = call.body.host
    if host not in [one.host for one in block.backends]:
        raise BadRequest(f"Host {host[:80]} could not be found.")
    await change_host(block, "cinder-volume", host, frozen=frozen)


async def list_service_hosts(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await list_hosts(block, block.kit.database.reader)
    return {
        "hosts": [
            {
                "host_name": one.host,
                "service": one.binary,
                "zone": ZONE,
                "service-status": "available",
                "service-state": "disabled" if one.disabled else "enabled",
                "last-update": at(one.updated_at),
            }
            for one in found
        ]
    }


async def show_host(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    host = call.params["host_name"]
    backend = next((one for one in block.backends if one.host == host), None)
    if backend is None:
        raise NotFound(f"Host {host[:80]} could not be found.")
    session = block.kit.database.reader
    count, size = _on(block, backend, await volumes.amounts(session))
    snapshots, snapshot_size = _on(block, backend, await quotas.snapshots_by_host(session))
    resource = {
        "host": host,
        "project": "(total)",
        "volume_count": str(count),
        "total_volume_gb": str(size),
        "snapshot_count": str(snapshots),
        "total_snapshot_gb": str(snapshot_size),
    }
    return {"host": [{"resource": resource}]}


def _on(
    block: BlockStorage, backend: Backend, amounts: dict[str | None, tuple[int, int]]
) -> tuple[int, int]:
    """What of these counts and GiB is on the backend."""
    there = [one for host, one in amounts.items() if block.place_of(host) == backend.name]
    return sum(count for count, _ in there), sum(size for _, size in there)


async def list_pools(call: Call) -> dict[str, Any]:
    detail = truth(call.request.query_params.get("detail", "false"))
    block: BlockStorage = call.service
    return {"pools": [await _pool(block, one, detail=detail) for one in block.backends]}


async def _pool(block: BlockStorage, backend: Backend, *, detail: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": backend.pool}
    if detail:
        room = await _room(backend)
        amounts = await volumes.amounts(block.kit.database.reader)
        _, allocated = _on(block, backend, amounts)
        shown["capabilities"] = {
            "volume_backend_name": backend.name,
            "vendor_name": VENDOR,
            "driver_version": VERSION,
            "storage_protocol": backend.driver.name,
            "total_capacity_gb": round(room.total / GIB, 2) if room else 0,
            "free_capacity_gb": round(room.free / GIB, 2) if room else 0,
            "allocated_capacity_gb": allocated,
            "reserved_percentage": 0,
            "QoS_support": True,
            "thin_provisioning_support": True,
            "multiattach": True,
            "backend_state": "up" if room else "down",
            "timestamp": at(block.kit.clock.now()),
        }
    return shown


async def _room(backend: Backend) -> Capacity | None:
    """None where the backend does not answer: the others are told of nevertheless."""
    try:
        return await backend.driver.capacity()
    except Fault as fault:
        log.warning("a backend does not answer", backend=backend.name, why=fault.message)
        return None


async def show_capabilities(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    host = call.params["host_name"]
    backend = block.named(host)
    if backend is None:
        raise NotFound(f"Backend {host[:80]} could not be found.")
    told = {"title": "Thin Provisioning", "description": "Sets thin provisioning."}
    return {
        "namespace": f"OS::Storage::Capabilities::{backend.host}",
        "vendor_name": VENDOR,
        "volume_backend_name": backend.name,
        "pool_name": None,
        "driver_version": VERSION,
        "storage_protocol": backend.driver.name,
        "display_name": None,
        "description": None,
        "visibility": None,
        "replication_targets": [],
        "properties": {"thin_provisioning": {**told, "type": "boolean"}},
    }


async def list_zones(call: Call) -> dict[str, Any]:
    return {"availabilityZoneInfo": [{"zoneName": ZONE, "zoneState": {"available": True}}]}


async def list_clusters(call: Call) -> dict[str, Any]:
    """There are none: replicas of the process are no cluster of Cinder's."""
    return {"clusters": []}


_S = "volume_extension:services"
ROUTES = (
    Route("GET", "/os-services", list_services, f"{_S}:index"),
    Route("PUT", "/os-services/enable", enable, f"{_S}:update", body=Switched),
    Route("PUT", "/os-services/disable", disable, f"{_S}:update", body=Switched),
    Route(
        "PUT",
        "/os-services/disable-log-reason",
        disable_with_reason,
        f"{_S}:update",
        body=Switched,
    ),
    Route("PUT", "/os-services/freeze", freeze, "volume:freeze_host", body=Frozen),
    Route("PUT", "/os-services/thaw", thaw, "volume:thaw_host", body=Frozen),
    Route("GET", "/os-hosts", list_service_hosts, "volume_extension:hosts"),
    Route("GET", "/os-hosts/{host_name}", show_host, "volume_extension:hosts"),
    Route(
        "GET",
        "/scheduler-stats/get_pools",
        list_pools,
        "scheduler_extension:scheduler_stats:get_pools",
    ),
    Route("GET", "/capabilities/{host_name}", show_capabilities, "volume_extension:capabilities"),
    Route("GET", "/os-availability-zone", list_zones, "volume:availability_zone_list"),
    Route("GET", "/clusters", list_clusters, "clusters:get_all", since="3.7"),
    Route("GET", "/clusters/detail", list_clusters, "clusters:get_all", since="3.7"),
)
