"""What the scheduler chooses from: every host, with what placement and its own state say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import structs

from unkai.baremetal.actions.list_schedulable import Candidate, list_schedulable
from unkai.compute.actions.choose_host import Offer
from unkai.compute.actions.hosts import is_up
from unkai.compute.model import ComputeHost, Flavor
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, hosts, servers
from unkai.compute.store.aggregates import DEFAULT_ZONE
from unkai.kit.db import Session
from unkai.placement.actions.find_candidates import find_candidates
from unkai.placement.model import CandidateRequest, Stock

_REQUIRED = "trait:"
EITHER = "unkai:either"


def resources_of(flavor: Flavor) -> dict[str, int]:
    """What a server of this flavor takes; `resources:CLASS` of its extra specs changes it."""
    disk = flavor.disk + flavor.ephemeral + (flavor.swap + 1023) // 1024
    wanted = {"VCPU": flavor.vcpus, "MEMORY_MB": flavor.ram, "DISK_GB": disk}
    for key, value in flavor.extra_specs.items():
        if key.startswith("resources:") and value.isdigit():
            wanted[key.removeprefix("resources:")] = int(value)
    return {name: amount for name, amount in wanted.items() if amount > 0}


def request_of(flavor: Flavor) -> CandidateRequest:
    """The question to placement for one server of the flavor."""
    required = {k for k, v in flavor.extra_specs.items() if v == "required"}
    forbidden = {k for k, v in flavor.extra_specs.items() if v == "forbidden"}
    return CandidateRequest(
        resources=resources_of(flavor),
        required_traits=_traits(required),
        forbidden_traits=_traits(forbidden),
        explain=True,
    )


def _traits(keys: set[str]) -> frozenset[str]:
    return frozenset(key.removeprefix(_REQUIRED) for key in keys if key.startswith(_REQUIRED))


def why_not(host: ComputeHost, now: float, *, connected: bool) -> str | None:
    """Why a host takes no new servers, whatever room it has; None if it does."""
    if host.disabled:
        reason = f": {host.disabled_reason}" if host.disabled_reason else ""
        return f"It is disabled{reason}."
    if host.forced_down:
        return "It is forced down."
    if not is_up(host, now) or not connected:
        return f"It is down: not heard of for {max(0, int(now - host.seen_at))} s."
    return None


def machine_flavor(flavor: Flavor) -> Flavor | None:
    """The flavor as a physical machine's, where it says that either kind will do.

    `unkai:either` names the resource class of the nodes that will do as well.
    """
    resource_class = flavor.extra_specs.get(EITHER)
    if resource_class is None:
        return None
    rest = {name: value for name, value in flavor.extra_specs.items() if name != EITHER}
    nothing = {f"resources:{name}": "0" for name in ("VCPU", "MEMORY_MB", "DISK_GB")}
    specs = {**rest, **nothing, f"resources:{resource_class}": "1"}
    return structs.replace(flavor, extra_specs=specs)


async def find_offers(
    compute: Compute,
    session: Session,
    flavor: Flavor,
    group_id: str | None,
    *,
    with_volumes: bool = False,
) -> list[Offer]:
    """Every host of the cloud, with a refusal where one is known already.

    Nodes are among them where the flavor asks for a resource class of its own. with_volumes: only
    nodes will do that can have volumes.
    """
    found = await find_candidates(compute.placement, session, request_of(flavor))
    nodes: Sequence[Candidate] = ()
    if any(name.startswith("CUSTOM_") for name in resources_of(flavor)):
        nodes = await list_schedulable(compute.baremetal, session, with_volumes=with_volumes)
    zones = await aggregates.zones_of_hosts(session)
    building = await servers.building_by_host(session)
    members: dict[str, int] = {}
    if group_id is not None:
        for host in await servers.hosts_of_group(session, group_id):
            members[host] = members.get(host, 0) + 1
    now = compute.kit.clock.now()
    stocks = {one.provider_id: one.summary.resources for one in found.candidates}
    refusals = {one.provider_id: one.reason for one in found.refusals}
    return [
        _offer(
            host,
            stocks.get(host.id),
            refusals.get(host.id, "Placement does not know it."),
            refusal=why_not(host, now, connected=host.hostname in compute.agents),
            zone=zones.get(host.hostname, DEFAULT_ZONE),
            building=building.get(host.hostname, 0),
            members=members.get(host.hostname, 0),
        )
        for host in await hosts.list_hosts(session)
    ] + [
        _of_node(
            node,
            stocks.get(node.uuid),
            refusals.get(node.uuid, "Placement does not know it."),
            with_volumes=with_volumes,
        )
        for node in nodes
    ]


def _of_node(
    node: Candidate, stocks: Mapping[str, Stock] | None, said: str, *, with_volumes: bool
) -> Offer:
    refusal = node.refusal or (node.no_volumes if with_volumes else None)
    if stocks is None or refusal is not None:
        return Offer(node.uuid, node.uuid, DEFAULT_ZONE, refusal or _sentence(said))
    return Offer(
        host=node.uuid,
        provider_id=node.uuid,
        zone=DEFAULT_ZONE,
        capacity={name: stock.inventory.capacity for name, stock in stocks.items()},
        used={name: stock.used for name, stock in stocks.items()},
    )


def _offer(
    host: ComputeHost,
    stocks: Mapping[str, Stock] | None,
    said: str,
    *,
    refusal: str | None,
    zone: str,
    building: int,
    members: int,
) -> Offer:
    if stocks is None:
        refusal, stocks = refusal or _sentence(said), {}
    return Offer(
        host=host.hostname,
        provider_id=host.id,
        zone=zone,
        refusal=refusal,
        capacity={name: stock.inventory.capacity for name, stock in stocks.items()},
        used={name: stock.used for name, stock in stocks.items()},
        building=building,
        members=members,
    )


def _sentence(reason: str) -> str:
    text = reason[:1].upper() + reason[1:]
    return text if text.endswith(".") else f"{text}."
