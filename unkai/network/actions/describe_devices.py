"""What compute wants to know beside a device's ports: their subnets, and groups by name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unkai.kit.db import Session
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.network.fields import is_uuid
from unkai.network.model import Port, SecurityGroup, Subnet
from unkai.network.service import NetworkService
from unkai.network.store import security_groups, server_ports, subnets


async def subnets_of_ports(
    network: NetworkService, session: Session, ports: Iterable[Port]
) -> dict[str, Subnet]:
    """The subnets of the ports' fixed addresses, by id."""
    ids = {fixed.subnet_id for port in ports for fixed in port.fixed_ips}
    return await subnets.get_subnets(session, ids)


async def groups_of_ports(
    network: NetworkService, session: Session, ports: Iterable[Port]
) -> list[SecurityGroup]:
    """The ports' security groups, by name."""
    ids = {group_id for port in ports for group_id in port.security_group_ids}
    found = await security_groups.get_groups(session, ids)
    return sorted(found.values(), key=lambda group: group.name)


async def groups_for_device(
    network: NetworkService, session: Session, caller: Caller, named: Sequence[str]
) -> tuple[str, ...]:
    """Ids of the caller's security groups, each named by its id or its name.

    NotFound for one that is not there, Conflict for a name that several have.
    """
    found: list[str] = []
    for name in named:
        if is_uuid(name) and await security_groups.find_group(session, name.lower(), caller):
            found.append(name.lower())
            continue
        ids = await security_groups.groups_named(session, caller.project_id or "", name)
        if not ids:
            raise NotFound(
                f"Security group {name} not found for project {caller.project_id}.",
                code="security-group-not-found",
            )
        if len(ids) > 1:
            raise Conflict(
                f"Multiple security groups found matching '{name}'. Use an ID to be more specific.",
                code="security-group-ambiguous",
            )
        found.append(ids[0])
    return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class DevicePort:
    """A port that a device holds; `host` is "" while it is bound to none."""

    port_id: str
    device_id: str
    host: str


async def compute_ports(network: NetworkService, session: Session) -> list[DevicePort]:
    """Every port that says of itself that it is a server's."""
    rows = await server_ports.ports_of_servers(session)
    return [DevicePort(row.id, row.device_id, row.binding_host_id) for row in rows]


@dataclass(frozen=True, slots=True)
class DeviceAddress:
    """An address of a device. kind: fixed or floating."""

    network: str
    mac_address: str
    address: str
    kind: str


async def addresses_of_devices(
    network: NetworkService, session: Session, device_ids: Sequence[str]
) -> tuple[dict[str, list[DeviceAddress]], dict[str, list[str]]]:
    """(addresses, names of security groups) by device: three statements, however many devices."""
    floating: dict[str, list[str]] = {}
    for row in await server_ports.floating_of_devices(session, device_ids):
        floating.setdefault(row.port_id, []).append(row.address)
    rows = await server_ports.addresses_of_devices(session, device_ids)
    addresses: dict[str, list[DeviceAddress]] = {}
    for at, (device_id, port_id, mac, name, address) in enumerate(rows):
        found = addresses.setdefault(device_id, [])
        if address is not None:
            found.append(DeviceAddress(name, mac, address, "fixed"))
        last = at + 1 == len(rows) or rows[at + 1].port_id != port_id
        if last and port_id in floating:
            found.extend(DeviceAddress(name, mac, one, "floating") for one in floating[port_id])
    groups: dict[str, list[str]] = {}
    for row in await server_ports.groups_of_devices(session, device_ids):
        groups.setdefault(row.device_id, []).append(row.name)
    return addresses, groups
