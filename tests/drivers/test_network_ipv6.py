"""IPv6 on the wire: guests address themselves by a router's advertisements and reach each other."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

import pytest

from tests.drivers.network_rigs import PROJECT, Guest, Lab, Tenant, needs_ovn, new_id, soon
from unkai.kit import netns, rtnetlink
from unkai.network.drivers.base import DesiredPort, DesiredRouter, DesiredSubnet, RouterPort
from unkai.network.model import OWNER_ROUTER_INTERFACE, FixedIP, Router, Subnet

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(60), needs_ovn]


def addressed_by_mac(wanted: DesiredPort, subnet: Subnet) -> DesiredPort:
    """The port with the address that its MAC gives it in the subnet."""
    mac = bytes.fromhex(wanted.port.mac_address.replace(":", ""))
    interface = bytes([mac[0] ^ 2, *mac[1:3], 0xFF, 0xFE, *mac[3:]])
    address = ipaddress.ip_network(subnet.cidr)[int.from_bytes(interface, "big")]
    fixed = (FixedIP(subnet.id, str(address)),)
    lease = DesiredSubnet(subnet, wanted.network)
    return replace(wanted, port=replace(wanted.port, fixed_ips=fixed), subnets=(lease,))


async def addresses(guest: Guest) -> list[str]:
    return await netns.run(guest.name, lambda: rtnetlink.addresses("eth0"))


async def test_guests_address_themselves_and_reach_each_other(lab: Lab) -> None:
    tenant = Tenant()
    subnet = Subnet(
        id=new_id(),
        project_id=PROJECT,
        network_id=tenant.network.id,
        cidr="fd00:1::/64",
        ip_version=6,
        gateway_ip="fd00:1::1",
        ipv6_ra_mode="slaac",
        ipv6_address_mode="slaac",
    )
    side = tenant.port(1, device_owner=OWNER_ROUTER_INTERFACE, security_group_ids=())
    side = replace(side, port=replace(side.port, fixed_ips=(FixedIP(subnet.id, "fd00:1::1"),)))
    router = DesiredRouter(
        Router(id=new_id(), project_id=PROJECT),
        (RouterPort(side.port, tenant.network, (subnet,)),),
    )
    ports = [addressed_by_mac(tenant.port(host), subnet) for host in (10, 11)]
    rules = [tenant.rule(way, ethertype="IPv6") for way in ("ingress", "egress")]
    await lab.driver.apply([*tenant.objects(*rules), side, router, *ports])
    one, other = await lab.plug(*ports, configure=False)
    await lab.driver.wait_applied()

    assert await soon(lambda: addresses(one), [f"{one.address}/64"])
    assert await soon(lambda: addresses(other), [f"{other.address}/64"])
    assert await soon(lambda: one.ping(other.address))
    assert await soon(lambda: one.ping("fd00:1::1"))
