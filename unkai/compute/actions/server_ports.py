"""A server's ports: those it brings, those made for it, and how both go back.

The network service owns ports; a server's row keeps only which NIC is which port, in the order the
guest sees them, and whether the port is the server's own or its user's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from msgspec import structs

from unkai.baremetal.actions.list_schedulable import macs_of
from unkai.compute.model import NetworkRequest, Server, ServerNic, ServerRequest
from unkai.compute.service import Compute, is_node
from unkai.compute.store.aggregates import DEFAULT_ZONE
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network.actions.allocate_addresses import FixedIPRequest
from unkai.network.actions.auto_topology import check_requirements, ensure_topology
from unkai.network.actions.bind_port import bind_port, unbind_port
from unkai.network.actions.create_port import PortRequest, create_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.describe_devices import (
    addresses_of_devices,
    groups_for_device,
    subnets_of_ports,
)
from unkai.network.actions.list_ports import get_ports, ports_of_devices
from unkai.network.actions.resolve_networks import NetworkWish, ResolvedNetwork, resolve_networks
from unkai.network.model import VNIC_MACHINE, Port

ACTIVE = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Wish:
    """A NIC to be, with the security groups its new port gets (none named: the default one)."""

    resolved: ResolvedNetwork
    group_ids: tuple[str, ...]


def owner_of(server: Server) -> str:
    return f"compute:{server.availability_zone or DEFAULT_ZONE}"


def check_many(requested: list[NetworkRequest] | str | None) -> None:
    """What one server may ask for and several at once may not."""
    if not isinstance(requested, list):
        return
    for one in requested:
        if one.port_id is not None:
            raise BadRequest(
                "Unable to launch multiple instances with a single configured port ID. Please "
                "launch your instance one by one with different ports.",
                code="port-for-many",
            )
        if one.fixed_ip is not None:
            raise BadRequest(
                "max_count cannot be greater than 1 if an fixed_ip is specified.",
                code="address-for-many",
            )


async def resolve(
    compute: Compute, caller: Caller, asked: ServerRequest, *, writing: bool = True
) -> tuple[Wish, ...]:
    """The NICs asked for; BadRequest, Forbidden or Conflict in Nova's words.

    writing: an "auto" network that is not there is made; else it is only looked whether it can be,
    and there is no NIC for it.
    """
    session = compute.kit.database.reader
    requested: Any = asked.networks
    if isinstance(asked.networks, list):
        requested = [
            NetworkWish(uuid=one.network_id, port=one.port_id, fixed_ip=one.fixed_ip, tag=one.tag)
            for one in asked.networks
        ]
    try:
        resolved = await resolve_networks(compute.network, session, caller, requested)
    except BadRequest as none_there:
        if none_there.code != "unable-to-auto-allocate-network":
            raise
        if not writing:
            await check_requirements(session)
            return ()
        project_id = caller.project_id or ""
        await compute.kit.database.transact(
            lambda tx: ensure_topology(compute.network, tx, caller, project_id)
        )
        resolved = await resolve_networks(compute.network, session, caller, requested)
    groups = await group_ids(compute, session, caller, asked.security_groups)
    return tuple(Wish(one, groups) for one in resolved)


async def group_ids(
    compute: Compute, session: Session, caller: Caller, names: Sequence[str]
) -> tuple[str, ...]:
    """Security groups by name or id; BadRequest for one that is not there or is ambiguous."""
    if not names or list(names) == ["default"]:
        return ()
    try:
        return await groups_for_device(compute.network, session, caller, names)
    except (NotFound, Conflict) as error:
        raise BadRequest(error.message, code=error.code) from error


async def make_ports(
    compute: Compute, tx: Tx, caller: Caller, server: Server, wishes: Sequence[Wish]
) -> list[ServerNic]:
    """Take or make the server's ports and bind them to its host."""
    macs: list[str] = []
    if server.host and is_node(server.host):
        macs = await macs_of(tx, server.host)
        if len(macs) < len(wishes):
            raise BadRequest(
                f"Node {server.host} has {len(macs)} NICs; {len(wishes)} networks were asked for.",
                code="too-few-nics",
            )
    return [
        await make_port(compute, tx, caller, server, wish, mac=mac)
        for wish, mac in zip_longest(wishes, macs[: len(wishes)])
    ]


async def make_port(
    compute: Compute, tx: Tx, caller: Caller, server: Server, wish: Wish, *, mac: str | None = None
) -> ServerNic:
    """mac: of the machine's NIC that it is for; such a port is bound when the machine is wired."""
    resolved = wish.resolved
    host = "" if mac else server.host or ""
    if resolved.port is not None:
        port = await bind_port(
            compute.network, tx, resolved.port.id, server.id, owner_of(server), host
        )
    else:
        request = PortRequest(
            network_id=resolved.network.id,
            device_id=server.id,
            device_owner=owner_of(server),
            binding_host_id=host,
            project_id=server.project_id,
        )
        if mac:
            request = _with(request, binding_vnic_type=VNIC_MACHINE, mac_address=mac)
        if resolved.fixed_ip is not None:
            fixed = FixedIPRequest(ip_address=resolved.fixed_ip)
            request = _with(request, fixed_ips=(fixed,))
        if wish.group_ids and resolved.network.port_security_enabled:
            request = _with(request, security_groups=wish.group_ids)
        port = await create_port(compute.network, tx, caller, request)
    return ServerNic(
        port_id=port.id,
        network_id=port.network_id,
        mac=mac or port.mac_address,
        mtu=resolved.network.mtu,
        created=resolved.port is None,
        tag=resolved.tag,
    )


def _with(request: PortRequest, **values: Any) -> PortRequest:
    return structs.replace(request, **values)


async def unbind_ports(compute: Compute, tx: Tx, server: Server) -> None:
    """Off the host; they stay the server's."""
    for nic in server.nics:
        port = await get_ports(compute.network, tx, [nic.port_id])
        if nic.port_id in port:
            await bind_port(compute.network, tx, nic.port_id, server.id, owner_of(server), "")


async def release_ports(compute: Compute, tx: Tx, server: Server) -> None:
    """Delete the ports made for the server, give back those its user brought. Idempotent."""
    made = [nic.port_id for nic in server.nics if nic.created]
    present = await get_ports(compute.network, tx, made)
    mine = [port_id for port_id, port in present.items() if port.device_id == server.id]
    if mine:
        await remove_ports(compute.network, tx, mine)
    for nic in server.nics:
        if not nic.created:
            await unbind_port(compute.network, tx, nic.port_id)


async def first_port_down(compute: Compute, port_ids: Sequence[str]) -> str | None:
    """A port whose packets do not move yet; None if those of all do (or it has gone)."""
    found = await get_ports(compute.network, compute.kit.database.reader, port_ids)
    for port_id in port_ids:
        port = found.get(port_id)
        bound = port is not None and port.binding_host_id
        if port is not None and bound and port.status != ACTIVE and port.admin_state_up:
            return port_id
    return None


Addresses = dict[str, dict[str, list[dict[str, Any]]]]
"""Server id to network name to what the API shows of each address."""


async def addresses_of(
    compute: Compute, session: Session, server_ids: Sequence[str]
) -> tuple[Addresses, dict[str, list[str]]]:
    """(addresses, names of security groups) by server."""
    if not server_ids:
        return {}, {}
    found, groups = await addresses_of_devices(compute.network, session, server_ids)
    addresses: Addresses = {}
    for server_id, each in found.items():
        shown = addresses[server_id] = {}
        for one in each:
            shown.setdefault(one.network, []).append(
                {
                    "version": 6 if ":" in one.address else 4,
                    "addr": one.address,
                    "OS-EXT-IPS:type": one.kind,
                    "OS-EXT-IPS-MAC:mac_addr": one.mac_address,
                }
            )
    return addresses, groups


@dataclass(frozen=True, slots=True)
class FixedAddress:
    address: str
    version: int
    cidr: str
    gateway: str | None
    dhcp: bool
    dns: tuple[str, ...]
    floating: str | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """A NIC with all that a guest may want to know of it."""

    port_id: str
    network_id: str
    mac: str
    mtu: int
    groups: tuple[str, ...]
    fixed: tuple[FixedAddress, ...]


async def wires_of(compute: Compute, session: Session, server: Server) -> list[Wire]:
    """The server's NICs in the order its guest sees them."""
    found = (await ports_of_devices(compute.network, session, [server.id])).get(server.id, [])
    subnets = await subnets_of_ports(compute.network, session, [one.port for one in found])
    by_id = {one.id: one for one in found}
    wires: list[Wire] = []
    for nic in server.nics:
        one = by_id.get(nic.port_id)
        if one is None:
            continue
        floating = dict(one.floating_ips)
        fixed = tuple(
            FixedAddress(
                address.ip_address,
                ipaddress.ip_address(address.ip_address).version,
                subnet.cidr,
                subnet.gateway_ip,
                subnet.enable_dhcp,
                subnet.dns_nameservers,
                floating.get(address.ip_address),
            )
            for address in one.fixed_ips
            if (subnet := subnets.get(address.subnet_id)) is not None
        )
        wires.append(
            Wire(
                one.id,
                one.port.network_id,
                one.mac_address,
                one.mtu,
                one.security_group_names,
                fixed,
            )
        )
    return wires


async def ports_of(compute: Compute, session: Session, server: Server) -> list[Port]:
    found = await ports_of_devices(compute.network, session, [server.id])
    return [one.port for one in found.get(server.id, [])]
