"""What the wire shall look like, read from the tables in bulk.

A thing that has no row is to be taken away. Statements do not grow with the number of things.

The tables may change between two statements. What is half there is left out: the write that made or
removed the other half has left a mark, and the thing is read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from unkai.kit.db import Session
from unkai.network.drivers.base import (
    Desired,
    DesiredFloatingIP,
    DesiredNetwork,
    DesiredPort,
    DesiredRouter,
    DesiredSecurityGroup,
    DesiredSubnet,
    Kind,
    Ref,
    RouterPort,
    has_wire,
)
from unkai.network.model import Network, Port, Subnet
from unkai.network.store import (
    floating_ips,
    networks,
    ports,
    routers,
    security_groups,
    segments,
    subnets,
    wire,
)


@dataclass(frozen=True, slots=True)
class Around:
    """What several kinds of things are shown with."""

    networks: Mapping[str, Network]
    subnets: Mapping[str, Subnet]
    metadata_ips: Mapping[str, str]
    """Address of the metadata port, by subnet."""
    dns_servers: tuple[str, ...]

    def desired_subnet(self, subnet: Subnet) -> DesiredSubnet:
        return DesiredSubnet(
            subnet,
            self.networks[subnet.network_id],
            self.metadata_ips.get(subnet.id),
            subnet.dns_nameservers or self.dns_servers,
        )

    def subnets_of_port(self, port: Port) -> tuple[Subnet, ...]:
        ids = dict.fromkeys(fixed.subnet_id for fixed in port.fixed_ips)
        return self.subnets_of(ids)

    def subnets_of(self, ids: Iterable[str]) -> tuple[Subnet, ...]:
        found = (self.subnets[subnet_id] for subnet_id in ids if subnet_id in self.subnets)
        return tuple(subnet for subnet in found if subnet.network_id in self.networks)

    def router_port(self, port: Port) -> RouterPort:
        return RouterPort(port, self.networks[port.network_id], self.subnets_of_port(port))


async def load_desired(
    session: Session, refs: Iterable[Ref], dns_servers: tuple[str, ...]
) -> tuple[list[Desired], list[Ref]]:
    """(things as they shall be, things that are no more)."""
    asked = list(dict.fromkeys(refs))
    by_kind: dict[str, list[str]] = {}
    for ref in asked:
        by_kind.setdefault(ref.kind, []).append(ref.id)
    found_ports = await ports.get_ports(session, by_kind.get("port", ()))
    found_networks = await networks.get_networks(session, by_kind.get("network", ()))
    found_subnets = await subnets.get_subnets(session, by_kind.get("subnet", ()))
    found_routers = await routers.get_routers(session, by_kind.get("router", ()))
    plugged = await _ports_of_routers(session, found_routers)
    around = await _around(
        session,
        [*found_ports.values(), *plugged.ports.values()],
        found_networks.values(),
        found_subnets.values(),
        dns_servers,
    )
    reached = await segments.segments_of(session, found_networks)
    groups = await security_groups.get_groups(session, by_kind.get("security_group", ()))
    floating = await floating_ips.get_floating_ips(session, by_kind.get("floating_ip", ()))
    objects: list[Desired] = [
        DesiredNetwork(
            network, around.subnets_of(network.subnet_ids), tuple(reached.get(network.id, ()))
        )
        for network in found_networks.values()
    ]
    whole = around.subnets_of(found_subnets)
    objects.extend(around.desired_subnet(subnet) for subnet in whole)
    objects.extend(DesiredSecurityGroup(group) for group in groups.values())
    there = [port for port in found_ports.values() if port.network_id in around.networks]
    objects.extend(_desired_port(around, port) for port in there)
    for router in found_routers.values():
        gateway = [around.router_port(port) for port in plugged.gateway(router.id, around)]
        own = [around.router_port(port) for port in plugged.interfaces(router.id, around)]
        objects.append(DesiredRouter(router, tuple(own), gateway[0] if gateway else None))
    objects.extend(DesiredFloatingIP(one) for one in floating.values())
    present = {wanted.ref for wanted in objects}
    return objects, [ref for ref in asked if ref not in present]


def _desired_port(around: Around, port: Port) -> DesiredPort:
    own = tuple(around.desired_subnet(subnet) for subnet in around.subnets_of_port(port))
    return DesiredPort(port, around.networks[port.network_id], own)


@dataclass(frozen=True, slots=True)
class Plugged:
    """The ports of some routers: by their id, and whose they are."""

    ports: Mapping[str, Port]
    interface_ids: Mapping[str, Sequence[str]]
    gateway_ids: Mapping[str, str]

    def interfaces(self, router_id: str, around: Around) -> list[Port]:
        return self._there(self.interface_ids.get(router_id, ()), around)

    def gateway(self, router_id: str, around: Around) -> list[Port]:
        """One port, or none."""
        gateway = self.gateway_ids.get(router_id)
        return self._there([gateway] if gateway else [], around)

    def _there(self, ids: Iterable[str], around: Around) -> list[Port]:
        found = (self.ports[port_id] for port_id in ids if port_id in self.ports)
        return [port for port in found if port.network_id in around.networks]


async def _ports_of_routers(session: Session, router_ids: Iterable[str]) -> Plugged:
    ids = list(router_ids)
    gateways = await routers.gateway_port_ids(session, ids)
    interfaces = await routers.interface_port_ids(session, ids)
    wanted = [*gateways.values(), *(one for many in interfaces.values() for one in many)]
    return Plugged(await ports.get_ports(session, wanted), interfaces, gateways)


async def _around(
    session: Session,
    some_ports: Sequence[Port],
    some_networks: Iterable[Network],
    some_subnets: Iterable[Subnet],
    dns_servers: tuple[str, ...],
) -> Around:
    known_networks = {network.id: network for network in some_networks}
    known_subnets = {subnet.id: subnet for subnet in some_subnets}
    wanted = {fixed.subnet_id for port in some_ports for fixed in port.fixed_ips}
    wanted |= {i for network in known_networks.values() for i in network.subnet_ids}
    known_subnets |= await subnets.get_subnets(session, wanted - set(known_subnets))
    needed = {port.network_id for port in some_ports}
    needed |= {subnet.network_id for subnet in known_subnets.values()}
    known_networks |= await networks.get_networks(session, needed - set(known_networks))
    addresses = await wire.metadata_ips(session, known_networks)
    return Around(known_networks, known_subnets, addresses, dns_servers)


async def everything(session: Session) -> set[Ref]:
    """Everything that shall have something on the wire."""
    refs: set[Ref] = set()
    for kind, ids in (await wire.ids_by_kind(session)).items():
        refs |= {Ref(cast("Kind", kind), id) for id in ids}
    owners = await wire.owners_of_ports(session)
    return refs | {Ref("port", id) for id, owner in owners.items() if owner_has_wire(owner)}


def owner_has_wire(device_owner: str) -> bool:
    port = Port(id="", project_id="", network_id="", mac_address="", device_owner=device_owner)
    return has_wire(port)
