"""/subnets"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from unkai.network.drivers.base import DesiredSubnet, Ref

pytestmark = pytest.mark.anyio


async def test_a_subnet_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    network = await cloud.make("network")
    made = await cloud.make("subnet", network_id=network["id"], ip_version=4, cidr="10.0.0.0/24")

    assert made["gateway_ip"] == "10.0.0.1"
    assert made["allocation_pools"] == [{"start": "10.0.0.2", "end": "10.0.0.254"}]
    assert made["enable_dhcp"] is True
    assert (await cloud.show("network", network["id"]))["subnets"] == [made["id"]]
    assert await cloud.show("subnet", made["id"]) == made

    await cloud.settle()
    on_wire = cloud.wire.objects[Ref("subnet", made["id"])]
    assert isinstance(on_wire, DesiredSubnet)
    assert on_wire.metadata_ip is not None

    changed = await cloud.put(
        "subnet",
        made["id"],
        name="s",
        gateway_ip="10.0.0.254",
        allocation_pools=[{"start": "10.0.0.10", "end": "10.0.0.20"}],
        dns_nameservers=["8.8.8.8", "2001:4860:4860::8888"],
        host_routes=[{"destination": "10.1.0.0/16", "nexthop": "10.0.0.9"}],
        enable_dhcp=False,
    )
    assert changed["gateway_ip"] == "10.0.0.254"
    assert changed["dns_nameservers"] == ["8.8.8.8", "2001:4860:4860::8888"]
    assert changed["host_routes"] == [{"destination": "10.1.0.0/16", "nexthop": "10.0.0.9"}]
    assert await cloud.list("port") == []

    await cloud.remove("subnet", made["id"])
    await cloud.ask("GET", f"/subnets/{made['id']}", status=404)
    await cloud.settle()
    assert {ref.kind for ref in cloud.wire.objects} == {"network"}


async def test_pools_leave_out_the_gateway(cloud: Cloud) -> None:
    _, subnet = await cloud.lan(gateway_ip="10.0.0.100")

    assert subnet["allocation_pools"] == [
        {"start": "10.0.0.1", "end": "10.0.0.99"},
        {"start": "10.0.0.101", "end": "10.0.0.254"},
    ]
    _, without = await cloud.lan("10.9.0.0/30", gateway_ip=None)
    assert without["gateway_ip"] is None
    assert without["allocation_pools"] == [{"start": "10.9.0.1", "end": "10.9.0.2"}]
    _, six = await cloud.lan("2001:db8::/64")
    assert six["gateway_ip"] == "2001:db8::1"
    assert six["allocation_pools"] == [
        {"start": "2001:db8::2", "end": "2001:db8::ffff:ffff:ffff:ffff"}
    ]


@pytest.mark.parametrize(
    ("wrong", "status", "kind"),
    [
        ({"cidr": "10.0.0.1/24"}, 400, "InvalidInput"),
        ({"cidr": "10.0.0.0"}, 400, "InvalidInput"),
        ({"cidr": "10.0.0.0/255.255.255.0"}, 400, "InvalidInput"),
        ({"cidr": "0.0.0.0/0"}, 400, "InvalidInput"),
        ({"cidr": "224.0.0.0/24"}, 400, "InvalidInput"),
        ({"cidr": "127.0.0.0/24"}, 400, "InvalidInput"),
        ({"cidr": "nonsense"}, 400, "InvalidInput"),
        ({"cidr": "10.1.0.0/31"}, 400, "InvalidInput"),
        ({"cidr": None}, 400, "HTTPBadRequest"),
        ({"ip_version": 6}, 400, "InvalidInput"),
        ({"ip_version": 5}, 400, "InvalidInput"),
        ({"gateway_ip": "10.1.0.0"}, 400, "InvalidInput"),
        ({"gateway_ip": "10.1.0.255"}, 400, "InvalidInput"),
        ({"gateway_ip": "2001:db8::1"}, 400, "InvalidInput"),
        (
            {"allocation_pools": [{"start": "10.1.0.9", "end": "10.1.0.3"}]},
            400,
            "InvalidAllocationPool",
        ),
        (
            {"allocation_pools": [{"start": "10.1.0.9", "end": "10.2.0.3"}]},
            400,
            "OutOfBoundsAllocationPool",
        ),
        (
            {"allocation_pools": [{"start": "10.1.0.1", "end": "10.1.0.3"}]},
            409,
            "GatewayConflictWithAllocationPools",
        ),
        (
            {
                "allocation_pools": [
                    {"start": "10.1.0.2", "end": "10.1.0.9"},
                    {"start": "10.1.0.9", "end": "10.1.0.12"},
                ]
            },
            409,
            "OverlappingAllocationPools",
        ),
        ({"dns_nameservers": ["not-an-address"]}, 400, "InvalidInput"),
        ({"dns_nameservers": ["8.8.8.8", "8.8.8.8"]}, 400, "InvalidInput"),
        ({"dns_nameservers": [f"8.8.8.{n}" for n in range(6)]}, 400, "DnsNameServersExhausted"),
        ({"host_routes": [{"destination": "10.0.0.0/8", "nexthop": "::1"}]}, 400, "InvalidInput"),
        ({"ipv6_ra_mode": "slaac"}, 400, "InvalidInput"),
        ({"host_routes": "x"}, 400, "HTTPBadRequest"),
    ],
)
async def test_a_subnet_that_cannot_be(
    cloud: Cloud, wrong: dict[str, Any], status: int, kind: str
) -> None:
    network = await cloud.make("network")
    values: dict[str, Any] = {"network_id": network["id"], "ip_version": 4}
    values |= {"cidr": "10.1.0.0/24"} | wrong

    await cloud.refused("subnet", status, kind, **values)

    assert await cloud.list("subnet") == []


async def test_ossa_2014_039_many_or_strange_resolvers_are_refused_on_update(
    cloud: Cloud,
) -> None:
    _, subnet = await cloud.lan()

    await cloud.put("subnet", subnet["id"], status=400, dns_nameservers=["1.1.1.1\nx"])
    await cloud.put(
        "subnet", subnet["id"], status=400, dns_nameservers=[f"8.8.8.{n}" for n in range(200)]
    )


@pytest.mark.parametrize(
    ("modes", "status"),
    [
        ({"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}, 201),
        ({"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}, 201),
        ({"ipv6_address_mode": "dhcpv6-stateless"}, 201),
        ({"ipv6_ra_mode": "slaac", "ipv6_address_mode": "dhcpv6-stateful"}, 400),
        ({"ipv6_ra_mode": "slaac", "enable_dhcp": False}, 400),
        ({"ipv6_ra_mode": "slaac", "cidr": "2001:db8::/80"}, 400),
        ({"ipv6_ra_mode": "carrier-pigeon"}, 400),
    ],
)
async def test_modes_of_ipv6(cloud: Cloud, modes: dict[str, Any], status: int) -> None:
    network = await cloud.make("network")
    values = {"network_id": network["id"], "ip_version": 6, "cidr": "2001:db8::/64"} | modes

    await cloud.ask("POST", "/subnets", {"subnet": values}, status=status)


async def test_subnets_of_a_network_do_not_overlap(cloud: Cloud) -> None:
    network, _ = await cloud.lan("10.0.0.0/16")

    await cloud.refused("subnet", 400, "InvalidInput", network_id=network["id"], cidr="10.0.5.0/24")
    await cloud.make("subnet", network_id=network["id"], cidr="10.1.0.0/24")
    await cloud.lan("10.0.0.0/16")


async def test_who_may_do_what(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    shared = await cloud.make("network", "admin", shared=True)
    path = f"/subnets/{subnet['id']}"
    body = {"subnet": {"network_id": network["id"], "cidr": "10.5.0.0/24"}}

    await cloud.ask("POST", "/subnets", body, status=401, token=None)
    await cloud.ask("POST", "/subnets", body, status=403, token="reader")
    await cloud.ask("POST", "/subnets", body, status=404, token="other")
    await cloud.refused(
        "subnet", 403, "PolicyNotAuthorized", network_id=shared["id"], cidr="10.5.0.0/24"
    )
    await cloud.ask("PUT", path, {"subnet": {"name": "x"}}, status=404, token="other")
    await cloud.ask("DELETE", path, status=404, token="other")
    await cloud.ask("DELETE", path, status=403, token="reader")
    await cloud.ask("GET", f"/subnets/{NOWHERE}", status=404)
    await cloud.put("subnet", subnet["id"], status=400, cidr="10.6.0.0/24")
    await cloud.put("subnet", subnet["id"], status=403, service_types=["compute:nova"])


async def test_a_subnet_with_ports_stays(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    port = await cloud.make("port", network_id=network["id"])

    said = await cloud.remove("subnet", subnet["id"], status=409)
    assert said["NeutronError"]["type"] == "SubnetInUse"
    await cloud.remove("port", port["id"])
    await cloud.remove("subnet", subnet["id"])


async def test_a_slaac_subnet_leaves_its_ports_alone(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    six = await cloud.make("subnet", network_id=network["id"], cidr="2001:db8::/64", **modes)
    port = await cloud.make("port", network_id=network["id"])
    assert len(port["fixed_ips"]) == 2

    await cloud.remove("subnet", six["id"])

    assert len((await cloud.show("port", port["id"]))["fixed_ips"]) == 1


async def test_the_metadata_port_has_an_address_in_every_subnet_with_dhcp(cloud: Cloud) -> None:
    network, first = await cloud.lan()
    second = await cloud.make("subnet", network_id=network["id"], cidr="10.1.0.0/24")
    await cloud.make("subnet", network_id=network["id"], cidr="10.2.0.0/24", enable_dhcp=False)

    (port,) = await cloud.list("port", "device_owner=network:distributed")

    assert port["device_id"] == f"ovnmeta-{network['id']}"
    assert {fixed["subnet_id"] for fixed in port["fixed_ips"]} == {first["id"], second["id"]}
    assert port["security_groups"] == []
    await cloud.remove("port", port["id"], status=409)
    await cloud.put("subnet", first["id"], enable_dhcp=False)
    (port,) = await cloud.list("port", "device_owner=network:distributed")
    assert [fixed["subnet_id"] for fixed in port["fixed_ips"]] == [second["id"]]
    await cloud.remove("network", network["id"])
