"""What a launch would be, before it is: a dry run, how long boots take, how many more fit.

The body of a dry run is that of `POST /servers` in its newest shape, so its struct is compute's.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from unkai.compute.actions.boot_times import expected_boots
from unkai.compute.actions.capacity import list_capacity
from unkai.compute.actions.rehearse_server import Rehearsal, rehearse_servers
from unkai.compute.api.server_bodies import CreateServer, requested
from unkai.compute.model import ExpectedBoot, HostVerdict
from unkai.compute.service import is_node
from unkai.compute.states import VmState
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


class DrySubject(msgspec.Struct):
    """A server as it would be.

    fits: whether a host takes it; else it would be in ERROR at once. host: the one it would take.
    runs_on: guest or node, null where nothing fits. hosts: every host with its reason, best first.
    addresses: by network, as a server shows them; the real one may get others.
    """

    name: str
    fits: bool
    host: str | None
    runs_on: str | None
    hosts: list[HostVerdict]
    addresses: dict[str, list[dict[str, Any]]]
    fault: str | None


class DryLimit(msgspec.Struct):
    """A quota with these servers counted in. limit: -1 is unlimited; left is null then."""

    limit: int
    used: int
    left: int | None


class DryRun(msgspec.Struct):
    """expected_boot: null where none like it was seen yet. quota: instances, cores, ram (MiB)."""

    servers: list[DrySubject]
    quota: dict[str, DryLimit]
    expected_boot: ExpectedBoot | None


class DryRunAnswer(msgspec.Struct):
    dry_run: DryRun


Id = Annotated[str, msgspec.Meta(max_length=255)]


class BootTimesQuery(msgspec.Struct):
    flavor: Id | None = None
    image: Id | None = None


class BootTimes(msgspec.Struct):
    boot_times: list[ExpectedBoot]


class FlavorCapacity(msgspec.Struct):
    """fits: how many more of this flavor alone the cloud has room for now, nodes among them.

    by_quota: how many more the project's quota allows, null for no limit. launchable: the smaller.
    runs_on: guest, node, or either.
    """

    id: str
    name: str
    runs_on: str
    fits: int
    free_nodes: int
    by_quota: int | None
    launchable: int


class Capacities(msgspec.Struct):
    flavors: list[FlavorCapacity]


async def dry_run(call: Call) -> DryRunAnswer:
    operator: Operator = call.service
    asked = requested(call)
    seen = await rehearse_servers(operator.compute, call.caller, asked, request_id=call.request_id)
    return DryRunAnswer(_view(seen))


def _view(seen: Rehearsal) -> DryRun:
    return DryRun(
        servers=[
            DrySubject(
                name=server.name,
                fits=server.vm_state != VmState.ERROR,
                host=server.host,
                runs_on=server.host and ("node" if is_node(server.host) else "guest"),
                hosts=decision.hosts,
                addresses=seen.addresses.get(server.id, {}),
                fault=server.fault.message if server.fault else None,
            )
            for server, decision in zip(seen.servers, seen.decisions, strict=True)
        ],
        quota={
            name: DryLimit(one.limit, one.used, None if one.limit < 0 else one.limit - one.used)
            for name, one in seen.quota.items()
        },
        expected_boot=seen.expected,
    )


async def list_boot_times(call: Call) -> BootTimes:
    operator: Operator = call.service
    wanted = call.query(BootTimesQuery)
    reader = operator.kit.database.reader
    return BootTimes(await expected_boots(reader, call.caller, wanted.flavor, wanted.image))


async def list_flavor_capacity(call: Call) -> Capacities:
    operator: Operator = call.service
    found = await list_capacity(operator.compute, call.caller)
    return Capacities(
        [
            FlavorCapacity(
                id=one.flavor.id,
                name=one.flavor.name,
                runs_on=one.runs_on,
                fits=one.fits,
                free_nodes=one.free_nodes,
                by_quota=one.by_quota,
                launchable=one.fits if one.by_quota is None else min(one.fits, one.by_quota),
            )
            for one in found
        ]
    )


ROUTES = (
    Route(
        "POST",
        "/servers/dry-run",
        dry_run,
        policy="unkai:servers:dry_run",
        body=CreateServer,
        response=DryRunAnswer,
        summary="What POST /servers would do, without doing it",
    ),
    Route(
        "GET",
        "/boot-times",
        list_boot_times,
        policy="unkai:boot_times:list",
        query=BootTimesQuery,
        response=BootTimes,
        summary="How long boots took of late, by flavor and image",
    ),
    Route(
        "GET",
        "/flavors/capacity",
        list_flavor_capacity,
        policy="unkai:capacity",
        response=Capacities,
        summary="How many more servers of each flavor fit now",
    ),
)
