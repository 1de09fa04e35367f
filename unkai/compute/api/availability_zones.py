"""/os-availability-zone: the zones that aggregates make of the hosts."""

from __future__ import annotations

from typing import Any

from unkai.compute.api.services import INTERNAL_ZONE, Service, all_services
from unkai.compute.service import Compute
from unkai.kit.clock import iso
from unkai.kit.http import Call, Route


async def _zones(call: Call) -> dict[str, list[Service]]:
    compute: Compute = call.service
    zones: dict[str, list[Service]] = {}
    for one in await all_services(compute, compute.kit.database.reader):
        zones.setdefault(one.zone, []).append(one)
    return zones


def _enabled(service: Service) -> bool:
    return service.host is None or not service.host.disabled


def _zone(name: str, services: list[Service], hosts: Any) -> dict[str, Any]:
    """A zone is there for servers while one of its hosts is enabled."""
    available = any(_enabled(one) for one in services)
    return {"zoneName": name, "zoneState": {"available": available}, "hosts": hosts}


async def list_availability_zones(call: Call) -> dict[str, Any]:
    zones = (await _zones(call)).items()
    shown = [_zone(name, services, None) for name, services in zones if name != INTERNAL_ZONE]
    return {"availabilityZoneInfo": shown}


async def list_availability_zones_detail(call: Call) -> dict[str, Any]:
    shown: list[dict[str, Any]] = []
    for name, services in (await _zones(call)).items():
        hosts: dict[str, dict[str, Any]] = {}
        for one in services:
            hosts.setdefault(one.hostname, {})[one.binary] = {
                "available": one.up,
                "active": _enabled(one),
                "updated_at": iso(one.updated_at, micro=True),
            }
        shown.append(_zone(name, services, hosts))
    return {"availabilityZoneInfo": shown}


_PATH = "/os-availability-zone"
_P = "os_compute_api:os-availability-zone"
ROUTES = (
    Route("GET", _PATH, list_availability_zones, policy=f"{_P}:list"),
    Route("GET", f"{_PATH}/detail", list_availability_zones_detail, policy=f"{_P}:detail"),
)
