"""What servers that are gone still hold in other services: found for the audit, and taken back.

A claim is a server's if it is of a compute host, or if its holder was a server once; a port, if it
is bound to a host, or its device was a server once. Anybody may write any device into a port of
their own: what was never on a host is theirs to keep.
"""

from __future__ import annotations

from unkai.compute.service import Compute
from unkai.compute.store import hosts, servers
from unkai.kit.db import Session, Tx
from unkai.kit.log import log
from unkai.network.actions.bind_port import unbind_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.describe_devices import DevicePort, compute_ports
from unkai.placement.actions.claim import release
from unkai.placement.actions.consumers import instance_claims


async def lost_claims(compute: Compute, session: Session, busy: set[str]) -> set[str]:
    """Holders of resources that are no server with a host; `busy` ones are passed over."""
    claims = await instance_claims(compute.placement, session)
    strange = set(claims) - await servers.placed_ids(session) - busy
    if not strange:
        return set()
    providers = {host.id for host in await hosts.list_hosts(session)}
    known = await servers.known_ids(session, strange)
    return {one for one in strange if one in known or claims[one] & providers}


async def lost_ports(compute: Compute, session: Session, busy: set[str]) -> list[DevicePort]:
    """Ports of servers that are no more; those of `busy` ones are passed over."""
    held = await compute_ports(compute.network, session)
    devices = {port.device_id for port in held}
    known = await servers.known_ids(session, devices)
    gone = devices - await servers.living_ids(session, devices) - busy
    return [
        port for port in held if port.device_id in gone and (port.host or port.device_id in known)
    ]


async def take_back_claim(compute: Compute, consumer_id: str) -> bool:
    """Whether it was released: not where its server is there after all, or is being worked on."""

    async def write(tx: Tx) -> bool:
        if await _in_hand(compute, tx, consumer_id):
            return False
        server = await servers.get_server(tx, consumer_id)
        if server is not None and server.deleted_at is None and server.host is not None:
            return False
        return await release(compute.placement, tx, consumer_id)

    done = await compute.kit.database.transact(write)
    if done:
        log.warning("a claim without a server was taken back", consumer=consumer_id)
    return done


async def take_back_port(compute: Compute, port: DevicePort) -> bool:
    """Delete a port that compute made, unbind one that nobody says it did."""

    async def write(tx: Tx) -> bool:
        if await _in_hand(compute, tx, port.device_id):
            return False
        if await servers.living_ids(tx, {port.device_id}):
            return False
        held = {one.port_id: one.device_id for one in await compute_ports(compute.network, tx)}
        if held.get(port.port_id) != port.device_id:
            return False
        server = await servers.get_server(tx, port.device_id)
        nics = [] if server is None else server.nics
        if any(nic.created for nic in nics if nic.port_id == port.port_id):
            await remove_ports(compute.network, tx, [port.port_id])
        else:
            await unbind_port(compute.network, tx, port.port_id)
        return True

    done = await compute.kit.database.transact(write)
    if done:
        log.warning("a port without a server was taken back", port=port.port_id)
    return done


async def _in_hand(compute: Compute, tx: Tx, server_id: str) -> bool:
    return await compute.kit.operations.busy(tx, f"server/{server_id}") is not None
