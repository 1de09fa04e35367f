"""Routers with their interfaces, gateway, routes and SNAT, and floating IPs.

A router's side of a port is a logical router port; the switch's side belongs to the port. The
gateway is bound to the gateway hosts, which do SNAT and floating IPs centrally.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from unkai.network.drivers.base import DesiredRouter, RouterPort
from unkai.network.drivers.ovn.rows import Key, RowSpec
from unkai.network.model import FloatingIP, Port, Subnet

_RA_MODES = {
    "slaac": "slaac",
    "dhcpv6-stateful": "dhcpv6_stateful",
    "dhcpv6-stateless": "dhcpv6_stateless",
}


def port_name(port_id: str) -> str:
    return f"lrp-{port_id}"


def router_key(router_id: str) -> Key:
    return Key("router", router_id, "router")


def router(wanted: DesiredRouter, gateway_hosts: tuple[str, ...]) -> Iterator[RowSpec]:
    router = wanted.router
    yield RowSpec(
        key=router_key(router.id),
        table="Logical_Router",
        columns={
            "name": f"router-{router.id}",
            "enabled": router.admin_state_up,
            # Learn neighbours from their answers alone: what a request claims may be forged.
            "options": {"always_learn_from_arp_request": "false", "dynamic_neigh_routers": "true"},
        },
    )
    for interface in wanted.interfaces:
        yield _router_port(router.id, interface)
    for route in router.routes:
        part = f"route:{route.destination}:{route.nexthop}"
        yield _route(router.id, part, route.destination, route.nexthop)
    if wanted.gateway is not None:
        yield from _gateway(wanted, wanted.gateway, gateway_hosts)


def floating_ip(floating_ip: FloatingIP) -> Iterator[RowSpec]:
    """One NAT of the router; nothing while it is not associated."""
    if floating_ip.router_id is None or floating_ip.fixed_ip_address is None:
        return
    router_id = floating_ip.router_id
    yield RowSpec(
        key=router_key(router_id),
        table="Logical_Router",
        columns={"name": f"router-{router_id}"},
        skeleton=True,
    )
    yield _nat(
        router_id,
        Key("floating_ip", floating_ip.id, "nat"),
        "dnat_and_snat",
        floating_ip.floating_ip_address,
        floating_ip.fixed_ip_address,
    )


def _gateway(
    wanted: DesiredRouter, gateway: RouterPort, gateway_hosts: tuple[str, ...]
) -> Iterator[RowSpec]:
    router = wanted.router
    yield _router_port(router.id, gateway)
    name = port_name(gateway.port.id)
    for rank, host in enumerate(gateway_hosts):
        yield RowSpec(
            key=Key("router", router.id, f"host:{host}"),
            table="Gateway_Chassis",
            columns={"name": f"{name}_{host}", "chassis_name": host, "priority": 100 - rank},
            parent=(_port_key(router.id, gateway.port), "gateway_chassis"),
        )
    for subnet in gateway.subnets:
        if subnet.gateway_ip is not None:
            everywhere = "0.0.0.0/0" if subnet.ip_version == 4 else "::/0"
            yield _route(router.id, f"default:{subnet.id}", everywhere, subnet.gateway_ip)
    info = router.external_gateway_info
    address = _first_address(gateway.port)
    if info is None or not info.enable_snat or address is None:
        return
    inside = {s.cidr for port in wanted.interfaces for s in port.subnets if s.ip_version == 4}
    for cidr in sorted(inside):
        yield _nat(router.id, Key("router", router.id, f"snat:{cidr}"), "snat", address, cidr)


def _router_port(router_id: str, interface: RouterPort) -> RowSpec:
    port = interface.port
    known = {subnet.id: subnet for subnet in interface.subnets}
    networks = [
        f"{fixed.ip_address}/{ipaddress.ip_network(known[fixed.subnet_id].cidr).prefixlen}"
        for fixed in port.fixed_ips
        if fixed.subnet_id in known
    ]
    return RowSpec(
        key=_port_key(router_id, port),
        table="Logical_Router_Port",
        columns={
            "name": port_name(port.id),
            "mac": port.mac_address,
            "networks": networks,
            "enabled": port.admin_state_up,
            "ipv6_ra_configs": _advertisements(interface.subnets, interface.network.mtu),
        },
        parent=(router_key(router_id), "ports"),
    )


def _advertisements(subnets: tuple[Subnet, ...], mtu: int) -> dict[str, str]:
    for subnet in subnets:
        if mode := _RA_MODES.get(subnet.ipv6_ra_mode or ""):
            return {"address_mode": mode, "send_periodic": "true", "mtu": str(mtu)}
    return {}


def _route(router_id: str, part: str, destination: str, nexthop: str) -> RowSpec:
    return RowSpec(
        key=Key("router", router_id, part),
        table="Logical_Router_Static_Route",
        columns={"ip_prefix": destination, "nexthop": nexthop},
        parent=(router_key(router_id), "static_routes"),
    )


def _nat(router_id: str, key: Key, kind: str, outside: str, inside: str) -> RowSpec:
    return RowSpec(
        key=key,
        table="NAT",
        columns={"type": kind, "external_ip": outside, "logical_ip": inside},
        parent=(router_key(router_id), "nat"),
    )


def _port_key(router_id: str, port: Port) -> Key:
    return Key("router", router_id, f"port:{port.id}")


def _first_address(port: Port) -> str | None:
    for fixed in port.fixed_ips:
        if ipaddress.ip_address(fixed.ip_address).version == 4:
            return fixed.ip_address
    return None
