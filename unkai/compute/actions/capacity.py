"""How many more servers of each flavor fit now: of the cloud's room, and of the project's quota.

Hosts, stocks and traits are read once for all flavors; the rest is arithmetic, in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unkai.baremetal.actions.list_schedulable import list_schedulable
from unkai.compute.actions.boot_times import GUEST, node_class
from unkai.compute.actions.find_hosts import machine_flavor, request_of, why_not
from unkai.compute.model import Flavor
from unkai.compute.service import Compute
from unkai.compute.store import flavors, hosts, quotas, servers
from unkai.compute.store.flavors import FlavorQuery
from unkai.kit.policy import Caller
from unkai.placement.actions.usage import stocks_of, traits_of_many
from unkai.placement.model import CandidateRequest, Stock


@dataclass(frozen=True, slots=True)
class Room:
    """A host or a node that takes new servers, with what is free of it."""

    stocks: Mapping[str, Stock]
    traits: frozenset[str]


@dataclass(frozen=True, slots=True)
class Capacity:
    """fits: servers of this flavor alone that the cloud has room for now.

    by_quota: how many more the project may have, None for no limit. free_nodes: physical machines
    among `fits`.
    """

    flavor: Flavor
    runs_on: str
    fits: int
    free_nodes: int
    by_quota: int | None


async def list_capacity(compute: Compute, caller: Caller) -> list[Capacity]:
    """Every flavor the caller may use; a handful of queries, whatever their number."""
    session = compute.kit.database.reader
    public = None if caller.reads_all else True
    query = FlavorQuery(public=public, open_to=caller.project_id)
    known = [one for one in await flavors.list_flavors(session, query) if not one.disabled]
    now = compute.kit.clock.now()
    up = [
        host.id
        for host in await hosts.list_hosts(session)
        if why_not(host, now, connected=host.hostname in compute.agents) is None
    ]
    nodes: list[str] = []
    if any(node_class(one) for one in known):
        found = await list_schedulable(compute.baremetal, session)
        nodes = [node.uuid for node in found if node.refusal is None]
    stocks = await stocks_of(session, [*up, *nodes])
    traits = await traits_of_many(session, [*up, *nodes])
    rooms, machines = (
        [Room(stocks.get(one, {}), frozenset(traits.get(one, ()))) for one in ids]
        for ids in (up, nodes)
    )
    project_id = caller.project_id or ""
    limits = await quotas.limits_of(session, project_id)
    used = await servers.usage_of(session, project_id)
    left = [
        None if limits[name] < 0 else max(0, limits[name] - amount)
        for name, amount in zip(("instances", "cores", "ram"), used, strict=True)
    ]
    return await asyncio.to_thread(
        lambda: [_capacity(flavor, rooms, machines, left) for flavor in known]
    )


def _capacity(
    flavor: Flavor, rooms: Sequence[Room], machines: Sequence[Room], left: Sequence[int | None]
) -> Capacity:
    as_machine = machine_flavor(flavor)
    of_nodes = node_class(flavor) != GUEST
    free_nodes = 0
    if of_nodes:
        free_nodes = count_fitting(request_of(as_machine or flavor), machines)
    guests = 0
    if not of_nodes or as_machine is not None:
        guests = count_fitting(request_of(flavor), rooms)
    runs_on = "either" if of_nodes and as_machine else "node" if of_nodes else "guest"
    needs = (1, flavor.vcpus, flavor.ram)
    allowed = [
        room // need for room, need in zip(left, needs, strict=True) if room is not None and need
    ]
    by_quota = min(allowed) if allowed else None
    return Capacity(flavor, runs_on, guests + free_nodes, free_nodes, by_quota)


def count_fitting(request: CandidateRequest, rooms: Sequence[Room]) -> int:
    """How many such requests the rooms take together."""
    return sum(
        _times(request, room.stocks)
        for room in rooms
        if request.required_traits <= room.traits and not request.forbidden_traits & room.traits
    )


def _times(request: CandidateRequest, stocks: Mapping[str, Stock]) -> int:
    times: list[int] = []
    for name, amount in request.resources.items():
        stock = stocks.get(name)
        if stock is None or not _allowed(stock, amount):
            return 0
        times.append(max(0, stock.free) // amount)
    return min(times) if times else 0


def _allowed(stock: Stock, amount: int) -> bool:
    kept = stock.inventory
    return kept.min_unit <= amount <= kept.max_unit and amount % kept.step_size == 0
