"""Is anything left over? Both sides are read: what hosts have, and what the tables say."""

from __future__ import annotations

from msgspec import Struct

from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.hypervisor.model import Census
from unkai.kit.db import Session
from unkai.kit.errors import Fault
from unkai.network.actions.describe_devices import compute_ports
from unkai.placement.actions.consumers import instance_consumers


class Finding(Struct, frozen=True):
    """What is left over: `what` is its id, `detail` a sentence.

    kind: guest-without-server, server-without-guest, claim-without-server, server-without-claim,
    port-without-server, host-silent.
    """

    kind: str
    what: str
    detail: str


async def audit_compute(compute: Compute) -> list[Finding]:
    """Empty where nothing is left over. Servers with an operation under way are passed over."""
    reader = compute.kit.database.reader
    busy = {
        view.subject.removeprefix("server/")
        for view in await compute.kit.operations.list(reader, active=True)
    }
    alive = {one.id: one for one in await servers.list_all(reader)}
    findings: list[Finding] = []
    for name in sorted(compute.agents):
        try:
            census = await compute.agent(name).list()
        except Fault as fault:
            findings.append(Finding("host-silent", name, fault.message))
            continue
        placed = {one.id for one in alive.values() if one.host == name}
        findings += _of_host(name, census, placed, busy)
    findings += await _of_tables(compute, reader, set(alive), busy)
    return findings


def _of_host(name: str, census: Census, placed: set[str], busy: set[str]) -> list[Finding]:
    present = {status.server_id for status in census.machines}
    findings = [
        Finding("guest-without-server", server_id, f"A machine on host {name}.")
        for server_id in sorted(present - placed - busy)
    ]
    findings += [
        Finding("guest-without-server", left.server_id, f"{left.kind} on {name}: {left.detail}")
        for left in census.leftovers
        if left.server_id not in busy
    ]
    findings += [
        Finding("server-without-guest", server_id, f"Host {name} has no machine of it.")
        for server_id in sorted(placed - present - busy)
    ]
    return findings


async def _of_tables(
    compute: Compute, session: Session, alive: set[str], busy: set[str]
) -> list[Finding]:
    claims = await instance_consumers(compute.placement, session)
    ports = await compute_ports(compute.network, session)
    placed = await servers.placed_ids(session)
    return [
        *(
            Finding("claim-without-server", consumer, "Placement holds resources for it.")
            for consumer in sorted(claims - placed - busy)
        ),
        *(
            Finding("server-without-claim", server_id, "It has a host, but holds no resources.")
            for server_id in sorted(placed - claims - busy)
        ),
        *(
            Finding("port-without-server", port_id, f"It belongs to server {server_id}.")
            for port_id, server_id in sorted(ports.items())
            if server_id not in alive and server_id not in busy
        ),
    ]
