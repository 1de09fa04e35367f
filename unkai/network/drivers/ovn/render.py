"""What the network's objects are as rows of OVN's northbound database. Pure functions.

Each object owns its rows; what it leans on and belongs to others (a port's switch, a rule's remote
group) comes along as a skeleton, so that objects may be applied in any order.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from unkai.network.drivers.base import (
    Desired,
    DesiredFloatingIP,
    DesiredNetwork,
    DesiredPort,
    DesiredRouter,
    DesiredSubnet,
    has_wire,
    is_machine,
)
from unkai.network.drivers.ovn import render_dhcp, render_groups, render_routers
from unkai.network.drivers.ovn.rows import BASE, Key, RowSpec
from unkai.network.model import (
    OWNER_METADATA,
    OWNER_ROUTER_GATEWAY,
    OWNER_ROUTER_INTERFACE,
    FixedIP,
    Network,
    Port,
    Subnet,
)

METADATA_ADDRESS: Final = "169.254.169.254"
GATEWAYS_ID: Final = "unkai-gateways"
PHYSNET_ID: Final = "unkai-physnet"
NETWORK_ID: Final = "unkai-network"
ADDRESSES_ID: Final = "unkai-addresses"
GATEWAY_GROUP: Final = Key(*BASE, "gateways")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where gateways may live, and whether ports are pinned to the host they are bound to."""

    gateways: tuple[str, ...]
    several: bool = False


def render(wanted: Desired, hosts: Hosts) -> Iterator[RowSpec]:
    """The rows of one object."""
    if isinstance(wanted, DesiredNetwork):
        yield from _network(wanted)
    elif isinstance(wanted, DesiredSubnet):
        yield from render_dhcp.subnet(wanted)
    elif isinstance(wanted, DesiredPort):
        yield from _port(wanted, hosts)
    elif isinstance(wanted, DesiredRouter):
        yield from render_routers.router(wanted, hosts.gateways)
    elif isinstance(wanted, DesiredFloatingIP):
        yield from render_routers.floating_ip(wanted.floating_ip)
    else:
        yield from render_groups.security_group(wanted.group)


def switch_key(network_id: str) -> Key:
    return Key("network", network_id, "switch")


def _network(wanted: DesiredNetwork) -> Iterator[RowSpec]:
    network = wanted.network
    yield _switch(network, wanted.subnets)
    if (physical := network.provider_physical_network) is not None:
        tag = network.provider_segmentation_id if network.provider_network_type == "vlan" else None
        yield _localnet(network.id, "localnet", f"provnet-{network.id}", physical, tag)
    for segment in wanted.segments:
        part = f"segment:{segment.physical_network}"
        name = f"segment-{network.id}-{segment.vlan}"
        yield _localnet(network.id, part, name, segment.physical_network, segment.vlan)


def _localnet(network_id: str, part: str, name: str, physical: str, tag: int | None) -> RowSpec:
    """The way from a logical switch to a physical network."""
    return RowSpec(
        key=Key("network", network_id, part),
        table="Logical_Switch_Port",
        columns={
            "name": name,
            "type": "localnet",
            "addresses": ["unknown"],
            "options": {"network_name": physical},
            "tag": tag,
        },
        parent=(switch_key(network_id), "ports"),
    )


def _switch(
    network: Network, subnets: tuple[Subnet, ...] = (), *, skeleton: bool = False
) -> RowSpec:
    ids: dict[str, str] = {}
    is_flat = network.provider_network_type == "flat" and network.provider_physical_network
    gateways = [f"{s.gateway_ip}/{_prefix(s)}" for s in subnets if s.gateway_ip is not None]
    if network.router_external and is_flat and gateways:
        ids[GATEWAYS_ID] = " ".join(sorted(gateways))
        ids[PHYSNET_ID] = network.provider_physical_network or ""
    return RowSpec(
        key=switch_key(network.id),
        table="Logical_Switch",
        columns={"name": f"net-{network.id}"},
        skeleton=skeleton,
        extra_ids=ids,
    )


def _port(wanted: DesiredPort, hosts: Hosts) -> Iterator[RowSpec]:
    port, network = wanted.port, wanted.network
    if not has_wire(port):
        return
    yield _switch(network, skeleton=True)
    columns: dict[str, object] = {
        "name": port.id,
        "type": "",
        "enabled": port.admin_state_up and network.admin_state_up,
        "options": {},
        "port_security": [],
        "dhcpv4_options": None,
        "dhcpv6_options": None,
        "ha_chassis_group": None,
    }
    groups: frozenset[Key] | None = frozenset()
    ids: dict[str, str] = {NETWORK_ID: network.id}
    if port.device_owner in (OWNER_ROUTER_INTERFACE, OWNER_ROUTER_GATEWAY):
        options = {"router-port": render_routers.port_name(port.id)}
        if port.device_owner == OWNER_ROUTER_GATEWAY:
            options["nat-addresses"] = "router"
        columns |= {"type": "router", "addresses": ["router"], "options": options}
    elif port.device_owner == OWNER_METADATA:
        columns |= {"type": "localport", "addresses": [_metadata_addresses(port)]}
        ids[ADDRESSES_ID] = " ".join(_with_prefixes(port, wanted.subnets))
    elif is_machine(port):
        yield from _machine_port(wanted, columns)
    else:
        yield from _guest_port(wanted, hosts, columns)
        if port.port_security_enabled:
            members = [render_groups.key(group) for group in port.security_group_ids]
            groups = frozenset({render_groups.DROP, *members})
            for group in port.security_group_ids:
                yield render_groups.group_row(group, skeleton=True)
    yield RowSpec(
        key=Key("port", port.id, "port"),
        table="Logical_Switch_Port",
        columns=columns,
        parent=(switch_key(network.id), "ports"),
        groups=groups,
        extra_ids=ids,
    )


def _guest_port(wanted: DesiredPort, hosts: Hosts, columns: dict[str, object]) -> Iterator[RowSpec]:
    """Fill in a guest's port: its addresses, what it may send, its DHCP (whose rows it yields)."""
    port = wanted.port
    own = " ".join([port.mac_address, *(fixed.ip_address for fixed in port.fixed_ips)])
    pairs = [
        f"{(pair.mac_address or port.mac_address).lower()} {pair.ip_address}"
        for pair in port.allowed_address_pairs
    ]
    foreign = [pair for pair in pairs if not pair.startswith(port.mac_address.lower())]
    if port.port_security_enabled:
        columns["port_security"] = sorted({own, *pairs})
        columns["addresses"] = [own, *sorted({pair.split(" ")[0] for pair in foreign})]
    else:
        columns["addresses"] = [own, "unknown"]
    if hosts.several and port.binding_host_id:
        columns["options"] = {"requested-chassis": port.binding_host_id}
    yield from _dhcp(wanted, columns)


def _machine_port(wanted: DesiredPort, columns: dict[str, object]) -> Iterator[RowSpec]:
    """A physical machine's: it stands behind the localnet port, where nothing can be filtered.

    One gateway host answers its DHCP and metadata.
    """
    port = wanted.port
    addresses = [port.mac_address, *(fixed.ip_address for fixed in port.fixed_ips)]
    columns |= {
        "type": "external",
        "addresses": [" ".join(addresses)],
        "ha_chassis_group": GATEWAY_GROUP,
    }
    yield from _dhcp(wanted, columns)


def gateway_group(hosts: Hosts) -> Iterator[RowSpec]:
    """The hosts that answer for physical machines, the first of those alive."""
    yield RowSpec(key=GATEWAY_GROUP, table="HA_Chassis_Group", columns={"name": "unkai_gateways"})
    for rank, host in enumerate(hosts.gateways):
        yield RowSpec(
            key=Key(*BASE, f"gateway:{host}"),
            table="HA_Chassis",
            columns={"chassis_name": host, "priority": 100 - rank},
            parent=(GATEWAY_GROUP, "ha_chassis"),
        )


def _dhcp(wanted: DesiredPort, columns: dict[str, object]) -> Iterator[RowSpec]:
    port = wanted.port
    for version, column in ((4, "dhcpv4_options"), (6, "dhcpv6_options")):
        for subnet in wanted.subnets:
            if subnet.subnet.ip_version == version:
                specs = list(render_dhcp.port(port, subnet))
                yield from specs
                columns[column] = specs[0].key if specs else None
                break


def _metadata_addresses(port: Port) -> str:
    own = [fixed.ip_address for fixed in port.fixed_ips]
    return " ".join([port.mac_address, *own, METADATA_ADDRESS])


def _with_prefixes(port: Port, subnets: tuple[DesiredSubnet, ...]) -> list[str]:
    known = {wanted.subnet.id: wanted.subnet for wanted in subnets}
    return [f"{f.ip_address}/{_prefix(known[f.subnet_id])}" for f in _known(port, known)]


def _prefix(subnet: Subnet) -> int:
    return ipaddress.ip_network(subnet.cidr).prefixlen


T = TypeVar("T")


def _known(port: Port, subnets: dict[str, T]) -> list[FixedIP]:
    return [fixed for fixed in port.fixed_ips if fixed.subnet_id in subnets]
