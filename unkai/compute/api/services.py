"""/os-services and the older /os-hosts: what runs where, for administrators.

One program is everything that Nova runs as several: scheduler and conductor are shown once, beside
a compute service for each host.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from unkai.compute.actions import hosts as actions
from unkai.compute.api.paging import check_known
from unkai.compute.api.shapes import Switch, switch
from unkai.compute.model import ComputeHost
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, hosts
from unkai.compute.store.aggregates import DEFAULT_ZONE
from unkai.kit.clock import iso
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

COMPUTE = "nova-compute"
INTERNAL_ZONE = "internal"
CONTROLLER = "controller"
OWN = (
    (1, "nova-scheduler", "5d0f6f6a-51f6-4b4e-9c5c-1f6d7f6b0001"),
    (2, "nova-conductor", "5d0f6f6a-51f6-4b4e-9c5c-1f6d7f6b0002"),
)
Text = Annotated[str, Meta(min_length=1, max_length=255)]


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it is shown; `host` is None for the program's own."""

    number: int
    id: str
    binary: str
    hostname: str
    zone: str
    up: bool
    updated_at: float
    host: ComputeHost | None = None


class Named(Struct, forbid_unknown_fields=True):
    host: Text
    binary: Text


class Disable(Named, forbid_unknown_fields=True):
    disabled_reason: Text


class ForceDown(Named, forbid_unknown_fields=True):
    forced_down: Switch


class UpdateService(Struct, forbid_unknown_fields=True):
    status: Literal["enabled", "disabled"] | None = None
    disabled_reason: Text | None = None
    forced_down: Switch | None = None


async def all_services(compute: Compute, session: Session) -> list[Service]:
    now = compute.kit.clock.now()
    zones = await aggregates.zones_of_hosts(session)
    own = [
        Service(number, id, binary, CONTROLLER, INTERNAL_ZONE, up=True, updated_at=now)
        for number, id, binary in ((number, id, binary) for number, binary, id in OWN)
    ]
    return own + [
        _service(host, zones.get(host.hostname, DEFAULT_ZONE), now)
        for host in await hosts.list_hosts(session)
    ]


def _service(host: ComputeHost, zone: str, now: float) -> Service:
    return Service(
        host.number + len(OWN),
        host.service_id,
        COMPUTE,
        host.hostname,
        zone,
        actions.is_up(host, now),
        host.seen_at,
        host,
    )


def _view(call: Call, one: Service) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id if call.at_least("2.53") else one.number,
        "binary": one.binary,
        "host": one.hostname,
        "zone": one.zone,
        "status": "disabled" if one.host and one.host.disabled else "enabled",
        "state": "up" if one.up else "down",
        "updated_at": iso(one.updated_at, micro=True),
        "disabled_reason": one.host.disabled_reason if one.host else None,
    }
    if call.at_least("2.11"):
        shown["forced_down"] = one.host is not None and one.host.forced_down
    return shown


async def list_services(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    check_known(call, ("host", "binary"))
    given = call.request.query_params
    host, binary = given.get("host"), given.get("binary")
    found = await all_services(compute, compute.kit.database.reader)
    shown = [
        _view(call, one)
        for one in found
        if (not host or one.hostname == host) and (not binary or one.binary == binary)
    ]
    return {"services": shown}


async def _named(compute: Compute, tx: Tx, host: str, binary: str) -> str:
    """The host whose compute service is meant."""
    for one in await all_services(compute, tx):
        if (one.hostname, one.binary) == (host, binary):
            if one.host is None:
                raise BadRequest(f"Service {binary} cannot be disabled: it is the cloud itself.")
            return one.hostname
    raise NotFound(f"Could not find binary {binary} on host {host}.", code="service-not-found")


async def _set_disabled(call: Call, *, disabled: bool, reason: str | None) -> ComputeHost:
    compute: Compute = call.service
    body: Named = call.body

    async def write(tx: Tx) -> ComputeHost:
        hostname = await _named(compute, tx, body.host, body.binary)
        return await actions.set_host_disabled(
            compute, tx, hostname, disabled=disabled, reason=reason
        )

    return await compute.kit.database.transact(write)


async def enable_service(call: Call) -> dict[str, Any]:
    await _set_disabled(call, disabled=False, reason=None)
    body: Named = call.body
    return {"service": {"host": body.host, "binary": body.binary, "status": "enabled"}}


async def disable_service(call: Call) -> dict[str, Any]:
    await _set_disabled(call, disabled=True, reason=None)
    body: Named = call.body
    return {"service": {"host": body.host, "binary": body.binary, "status": "disabled"}}


async def disable_service_log_reason(call: Call) -> dict[str, Any]:
    body: Disable = call.body
    await _set_disabled(call, disabled=True, reason=body.disabled_reason)
    return {
        "service": {
            "host": body.host,
            "binary": body.binary,
            "status": "disabled",
            "disabled_reason": body.disabled_reason,
        }
    }


async def force_service_down(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: ForceDown = call.body
    down = switch(body.forced_down, "forced_down")

    async def write(tx: Tx) -> None:
        hostname = await _named(compute, tx, body.host, body.binary)
        await actions.set_host_forced_down(compute, tx, hostname, forced_down=down)

    await compute.kit.database.transact(write)
    return {"service": {"host": body.host, "binary": body.binary, "forced_down": down}}


async def _by_id(session: Session, service_id: str) -> ComputeHost:
    host = await hosts.find_by_service(session, service_id)
    if host is None:
        if any(service_id == own for _, _, own in OWN):
            raise BadRequest("Only compute services can be changed.")
        raise NotFound(f"Service {service_id} could not be found.", code="service-not-found")
    return host


async def update_service(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: UpdateService = call.body
    if body.status is None and body.forced_down is None:
        raise BadRequest("No updates were requested. Fields 'status' or 'forced_down' is needed.")
    if body.disabled_reason is not None and body.status != "disabled":
        raise BadRequest("Specifying disabled_reason requires that status is 'disabled'.")
    down = None if body.forced_down is None else switch(body.forced_down, "forced_down")

    async def write(tx: Tx) -> Service:
        host = await _by_id(tx, call.params["service_id"])
        if body.status is not None:
            host = await actions.set_host_disabled(
                compute,
                tx,
                host.hostname,
                disabled=body.status == "disabled",
                reason=body.disabled_reason,
            )
        if down is not None:
            host = await actions.set_host_forced_down(compute, tx, host.hostname, forced_down=down)
        zones = await aggregates.zones_of_hosts(tx)
        zone = zones.get(host.hostname, DEFAULT_ZONE)
        return _service(host, zone, compute.kit.clock.now())

    return {"service": _view(call, await compute.kit.database.transact(write))}


async def delete_service(call: Call) -> None:
    compute: Compute = call.service
    service_id = call.params["service_id"]

    async def write(tx: Tx) -> None:
        if call.at_least("2.53"):
            host = await _by_id(tx, service_id)
        else:
            numbered = {str(one.number): one.host for one in await all_services(compute, tx)}
            found = numbered.get(service_id)
            if found is None:
                raise NotFound(f"Service {service_id} could not be found.")
            host = found
        await actions.delete_host(compute, tx, host)

    await compute.kit.database.transact(write)


_ALL = "/os-services"
_P = "os_compute_api:os-services"
_OLD = (
    ("enable", enable_service, Named, "2.1"),
    ("disable", disable_service, Named, "2.1"),
    ("disable-log-reason", disable_service_log_reason, Disable, "2.1"),
    ("force-down", force_service_down, ForceDown, "2.11"),
)
ROUTES = (
    Route("GET", _ALL, list_services, policy=f"{_P}:list"),
    *(
        Route(
            "PUT",
            f"{_ALL}/{name}",
            handler,
            policy=f"{_P}:update",
            body=body,
            since=first,
            until="2.52",
        )
        for name, handler, body, first in _OLD
    ),
    Route(
        "PUT",
        _ALL + "/{service_id}",
        update_service,
        policy=f"{_P}:update",
        body=UpdateService,
        since="2.53",
    ),
    Route("DELETE", _ALL + "/{service_id}", delete_service, policy=f"{_P}:delete", status=204),
)
