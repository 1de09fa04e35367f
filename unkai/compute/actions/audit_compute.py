"""Is anything left over? Both sides are read: what hosts have, and what the tables say."""

from __future__ import annotations

from collections.abc import Iterable

from unkai.baremetal.actions.reserve_node import nodes_by_instance
from unkai.compute.actions.audit_server_volumes import audit_server_volumes
from unkai.compute.actions.busy_servers import busy_servers
from unkai.compute.actions.lose_guest import is_lost
from unkai.compute.actions.match_nodes import homeless_servers, strange_nodes
from unkai.compute.actions.take_back import lost_claims, lost_ports
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.compute.store import servers
from unkai.hypervisor.model import Census, LeftoverKind
from unkai.kit.db import Session
from unkai.kit.errors import Fault
from unkai.kit.leftovers import Leftover
from unkai.network.actions.describe_devices import DevicePort, compute_ports
from unkai.placement.actions.consumers import instance_claims

KINDS: dict[LeftoverKind, str] = {
    "folder": "folder-without-server",
    "process": "process-without-server",
    "port": "plug-without-server",
    "tap": "tap-without-plug",
    "file": "file-without-server",
    "image": "file-without-image",
}
"""What is found on hosts, as the audit calls it."""


async def audit_compute(compute: Compute) -> list[Leftover]:
    """Empty where nothing is left over. Servers with an operation under way are passed over."""
    reader = compute.kit.database.reader
    busy = await busy_servers(compute, reader)
    alive = {one.id: one for one in await servers.list_all(reader)}
    ports = await compute_ports(compute.network, reader)
    found: list[Leftover] = []
    censuses: dict[str, Census] = {}
    for name in sorted(compute.agents):
        try:
            censuses[name] = await compute.agent(name).list()
        except Fault as fault:
            found.append(_finding("host-silent", name, fault.message))
    busy |= await busy_servers(compute, reader)
    for name, census in censuses.items():
        placed = {one.id for one in alive.values() if one.host == name}
        lost = {one.id for one in alive.values() if is_lost(one)}
        found += _guests(name, census, placed, lost, busy)
        found += _files_and_plugs(name, census, ports, busy)
    found += await _nodes(compute, alive, busy)
    found += await _held(compute, reader, busy)
    found += await audit_server_volumes(compute, alive, censuses, busy)
    found += _idle(alive.values(), busy)
    return found


def _finding(kind: str, what: str, detail: str) -> Leftover:
    return Leftover("compute", kind, what, detail)


def _guests(
    name: str, census: Census, placed: set[str], lost: set[str], busy: set[str]
) -> list[Leftover]:
    """Machines against rows. A server that is shown as lost is known to have none."""
    present = {status.server_id for status in census.machines}
    return [
        *(
            _finding("guest-without-server", server_id, f"A machine on host {name}.")
            for server_id in sorted(present - placed - busy)
        ),
        *(
            _finding("server-without-guest", server_id, f"Host {name} has no machine of it.")
            for server_id in sorted(placed - present - lost - busy)
        ),
    ]


def _files_and_plugs(
    name: str, census: Census, ports: list[DevicePort], busy: set[str]
) -> list[Leftover]:
    """What is no machine's, and interfaces of ports that no table has any more."""
    known = {port.port_id for port in ports}
    left = [one for one in census.leftovers if one.server_id not in busy]
    named = {one.detail for one in left if one.kind == "port"}
    return [
        *(
            _finding(KINDS[one.kind], one.server_id or one.detail, f"{one.detail} on host {name}.")
            for one in left
        ),
        *(
            _finding("plug-without-port", port_id, f"On host {name}, of server {server_id}.")
            for port_id, server_id in sorted(census.ports.items())
            if port_id not in known and port_id not in named and server_id not in busy
        ),
    ]


async def _nodes(compute: Compute, alive: dict[str, Server], busy: set[str]) -> list[Leftover]:
    """Physical machines against rows. What a node carries that never was a server is not ours."""
    reader = compute.kit.database.reader
    carried = await nodes_by_instance(reader)
    strange = await strange_nodes(compute, reader, carried, busy)
    homeless = homeless_servers(alive.values(), carried)
    return [
        *(
            _finding("node-without-server", node, f"It carries server {server_id}, which is gone.")
            for server_id, node in sorted(strange.items())
        ),
        *(
            _finding("server-without-node", one.id, f"Node {one.host} does not carry it.")
            for one in homeless
            if one.id not in busy and not is_lost(one)
        ),
    ]


async def _held(compute: Compute, session: Session, busy: set[str]) -> list[Leftover]:
    """Claims and ports against rows."""
    claims = await instance_claims(compute.placement, session)
    placed = await servers.placed_ids(session)
    return [
        *(
            _finding("claim-without-server", consumer, "Placement holds resources for it.")
            for consumer in sorted(await lost_claims(compute, session, busy))
        ),
        *(
            _finding("server-without-claim", server_id, "It has a host, but holds no resources.")
            for server_id in sorted(placed - set(claims) - busy)
        ),
        *(
            _finding("port-without-server", port.port_id, f"It names server {port.device_id}.")
            for port in sorted(
                await lost_ports(compute, session, busy), key=lambda one: one.port_id
            )
        ),
    ]


def _idle(alive: Iterable[Server], busy: set[str]) -> list[Leftover]:
    """Servers in the middle of something that nobody does."""
    stuck = [one for one in alive if one.task_state or one.vm_state == VmState.BUILDING]
    return [
        _finding("server-without-operation", one.id, f"It is {one.task_state or one.vm_state}.")
        for one in stuck
        if one.id not in busy
    ]
