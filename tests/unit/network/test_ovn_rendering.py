"""What rules, leases and routers are in OVN's words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from unkai.network.drivers.base import DesiredNetwork, DesiredPort, DesiredSubnet
from unkai.network.drivers.ovn import render_dhcp, render_groups
from unkai.network.drivers.ovn.render import Hosts, render
from unkai.network.drivers.ovn.rows import RowSpec
from unkai.network.model import (
    OWNER_FLOATING_IP,
    OWNER_ROUTER_GATEWAY,
    AddressPair,
    DhcpOption,
    FixedIP,
    Network,
    Port,
    Route,
    SecurityGroupRule,
    Subnet,
)

HOSTS = Hosts(gateways=("h1",))
NETWORK = Network(id="n-1", project_id="p", mtu=1442)
SUBNET = Subnet(
    id="s-1", project_id="p", network_id="n-1", cidr="10.0.0.0/24", gateway_ip="10.0.0.1"
)
PORT = Port(
    id="a-1",
    project_id="p",
    network_id="n-1",
    mac_address="fa:16:3e:00:00:01",
    fixed_ips=(FixedIP("s-1", "10.0.0.5"),),
    security_group_ids=("g-1",),
)


def match(**fields: Any) -> str:
    given: dict[str, Any] = {"direction": "ingress", **fields}
    rule = SecurityGroupRule(id="r", project_id="p", security_group_id="g-1", **given)
    return render_groups.rule_match(rule)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "ip4"),
        ({"ethertype": "IPv6"}, "ip6"),
        ({"remote_ip_prefix": "0.0.0.0/0"}, "ip4"),
        ({"remote_ip_prefix": "10.1.0.0/16"}, "ip4 && ip4.src == 10.1.0.0/16"),
        ({"remote_group_id": "g-2"}, "ip4 && ip4.src == $pg_g_2_ip4"),
        ({"protocol": "tcp", "port_range_min": 22, "port_range_max": 22}, "tcp && tcp.dst == 22"),
        (
            {"protocol": "17", "port_range_min": 1, "port_range_max": 9},
            "udp && udp.dst >= 1 && udp.dst <= 9",
        ),
        ({"protocol": "icmp"}, "icmp4"),
        ({"protocol": "icmp", "port_range_min": 8}, "icmp4 && icmp4.type == 8"),
        (
            {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
            "icmp4 && icmp4.type == 8 && icmp4.code == 0",
        ),
        ({"protocol": "ipv6-icmp", "ethertype": "IPv6"}, "ip6 && icmp6"),
        ({"protocol": "vrrp"}, "ip.proto == 112"),
        ({"protocol": "47"}, "ip.proto == 47"),
        ({"protocol": "any"}, "ip4"),
    ],
)
def test_rules_become_matches(fields: dict[str, Any], expected: str) -> None:
    said = match(**fields)

    assert said.startswith("outport == @pg_g_1 && ip")
    assert said.endswith(expected)


def test_outgoing_rules_look_at_where_packets_go() -> None:
    assert match(direction="egress", remote_ip_prefix="10.1.0.0/16") == (
        "inport == @pg_g_1 && ip4 && ip4.dst == 10.1.0.0/16"
    )


def options(subnet: Subnet, network: Network = NETWORK, **fields: Any) -> dict[str, Any]:
    [row] = render_dhcp.subnet(DesiredSubnet(subnet, network, **fields))
    found: Any = row.columns["options"]
    return dict(found)


def test_a_subnet_s_lease_has_its_routes_servers_and_mtu() -> None:
    subnet = replace(
        SUBNET, dns_nameservers=("9.9.9.9",), host_routes=(Route("10.9.0.0/16", "10.0.0.9"),)
    )

    lease = options(subnet, replace(NETWORK, dns_domain="example.org."), metadata_ip="10.0.0.2")

    assert lease == {
        "lease_time": "43200",
        "mtu": "1442",
        "server_id": "10.0.0.1",
        "server_mac": render_dhcp.server_mac("s-1"),
        "router": "10.0.0.1",
        "dns_server": "{9.9.9.9}",
        "domain_name": '"example.org"',
        "classless_static_route": (
            "{169.254.169.254/32,10.0.0.2, 10.9.0.0/16,10.0.0.9, 0.0.0.0/0,10.0.0.1}"
        ),
    }


def test_a_subnet_without_gateway_has_no_router_and_no_default_route() -> None:
    lease = options(replace(SUBNET, gateway_ip=None), metadata_ip="10.0.0.2")

    assert "router" not in lease
    assert lease["server_id"] == "10.0.0.2"
    assert lease["classless_static_route"] == "{169.254.169.254/32,10.0.0.2}"


def test_servers_are_lent_where_a_subnet_names_none() -> None:
    assert options(SUBNET, dns_nameservers=("1.1.1.1", "::1"))["dns_server"] == "{1.1.1.1}"


def test_dhcp_is_off_where_the_subnet_says_so_or_routers_advertise() -> None:
    slaac = replace(
        SUBNET, ip_version=6, cidr="fd00::/64", gateway_ip="fd00::1", ipv6_address_mode="slaac"
    )

    assert (
        list(render_dhcp.subnet(DesiredSubnet(replace(SUBNET, enable_dhcp=False), NETWORK))) == []
    )
    assert list(render_dhcp.subnet(DesiredSubnet(slaac, NETWORK))) == []
    stateless = replace(slaac, ipv6_address_mode="dhcpv6-stateless")
    assert options(stateless)["dhcpv6_stateless"] == "true"


def rows(port: Port, **fields: Any) -> dict[str, RowSpec]:
    wanted = DesiredPort(port, NETWORK, (DesiredSubnet(SUBNET, NETWORK),))
    return {spec.key.part: spec for spec in render(replace(wanted, **fields), HOSTS)}


def test_a_guest_s_port_may_send_from_its_own_addresses_and_its_pairs() -> None:
    pairs = (AddressPair("10.0.0.0/28"), AddressPair("10.0.0.9", "FA:16:3E:00:00:99"))

    row = rows(replace(PORT, allowed_address_pairs=pairs))["port"]

    assert row.columns["port_security"] == [
        "fa:16:3e:00:00:01 10.0.0.0/28",
        "fa:16:3e:00:00:01 10.0.0.5",
        "fa:16:3e:00:00:99 10.0.0.9",
    ]
    assert row.columns["addresses"] == ["fa:16:3e:00:00:01 10.0.0.5", "fa:16:3e:00:00:99"]
    assert row.groups == {render_groups.DROP, render_groups.key("g-1")}


def test_a_port_without_port_security_is_in_no_group_and_may_send_anything() -> None:
    row = rows(replace(PORT, port_security_enabled=False))["port"]

    assert row.columns["port_security"] == []
    assert row.columns["addresses"] == ["fa:16:3e:00:00:01 10.0.0.5", "unknown"]
    assert row.groups == frozenset()


def test_extra_options_give_a_port_a_lease_of_its_own() -> None:
    extra = (DhcpOption("bootfile-name", 'a"b'), DhcpOption("150", "192.0.2.1"))

    made = rows(replace(PORT, extra_dhcp_opts=extra))

    lease = made["dhcpv4"].columns["options"]
    assert isinstance(lease, dict)
    assert lease["bootfile_name"] == '"ab"'
    assert lease["tftp_server_address"] == "{192.0.2.1}"
    assert lease["next_server"] == "192.0.2.1"
    assert made["port"].columns["dhcpv4_options"] == made["dhcpv4"].key


def test_a_machine_with_volumes_boots_by_its_networks_metadata_port() -> None:
    port = replace(PORT, binding_profile={"boot_by": "volume"})
    subnet = DesiredSubnet(SUBNET, NETWORK, metadata_ip="10.0.0.2")
    [row] = render_dhcp.port(port, subnet)
    options = row.columns["options"]
    assert isinstance(options, dict)
    assert options["bootfile_name"] == '"http://10.0.0.2/boot.ipxe"'
    [other] = render_dhcp.port(PORT, subnet)
    assert other.skeleton


def test_router_and_floating_ports() -> None:
    gateway = rows(replace(PORT, device_owner=OWNER_ROUTER_GATEWAY))["port"]

    assert gateway.columns["options"] == {"router-port": "lrp-a-1", "nat-addresses": "router"}
    assert gateway.groups == frozenset()
    assert rows(replace(PORT, device_owner=OWNER_FLOATING_IP)) == {}


def test_a_vlan_network_has_a_tagged_way_out() -> None:
    network = replace(
        NETWORK,
        provider_network_type="vlan",
        provider_physical_network="lan",
        provider_segmentation_id=77,
    )

    made = {spec.key.part: spec for spec in render(DesiredNetwork(network), HOSTS)}

    assert made["localnet"].columns["tag"] == 77
    assert made["localnet"].columns["options"] == {"network_name": "lan"}


def test_ports_are_pinned_to_their_host_where_there_are_several() -> None:
    port = replace(PORT, binding_host_id="h2")
    wanted = DesiredPort(port, NETWORK)
    [row] = [s for s in render(wanted, Hosts(("h1",), several=True)) if s.key.part == "port"]

    assert row.columns["options"] == {"requested-chassis": "h2"}
