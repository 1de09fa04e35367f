"""/ports"""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from unkai.network.drivers.base import DesiredPort, Ref

pytestmark = pytest.mark.anyio


async def test_a_port_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    made = await cloud.make("port", network_id=network["id"], name="p")

    assert made["status"] == "DOWN"
    assert made["mac_address"].startswith("fa:16:3e:")
    assert [fixed["subnet_id"] for fixed in made["fixed_ips"]] == [subnet["id"]]
    address = ipaddress.ip_address(made["fixed_ips"][0]["ip_address"])
    assert address in ipaddress.ip_network("10.0.0.0/24")
    (group,) = await cloud.list("security_group", "name=default")
    assert made["security_groups"] == [group["id"]]
    assert not {"binding:host_id", "binding:vif_type", "binding:profile"} & set(made)
    assert made["binding:vnic_type"] == "normal"
    assert await cloud.show("port", made["id"]) == made

    changed = await cloud.put("port", made["id"], name="q", admin_state_up=False)
    assert (changed["name"], changed["admin_state_up"]) == ("q", False)
    await cloud.settle()
    assert isinstance(cloud.wire.objects[Ref("port", made["id"])], DesiredPort)

    await cloud.remove("port", made["id"])
    await cloud.settle()
    assert Ref("port", made["id"]) not in cloud.wire.objects


async def test_addresses_as_asked(cloud: Cloud) -> None:
    network, subnet = await cloud.lan(enable_dhcp=False)
    second = await cloud.make(
        "subnet", network_id=network["id"], cidr="10.1.0.0/24", enable_dhcp=False
    )
    net = network["id"]

    by_ip = await cloud.make("port", network_id=net, fixed_ips=[{"ip_address": "10.1.0.7"}])
    assert by_ip["fixed_ips"] == [{"subnet_id": second["id"], "ip_address": "10.1.0.7"}]
    both = [{"subnet_id": subnet["id"]}, {"subnet_id": second["id"], "ip_address": "10.1.0.8"}]
    made = await cloud.make("port", network_id=net, fixed_ips=both)
    assert [fixed["subnet_id"] for fixed in made["fixed_ips"]] == [subnet["id"], second["id"]]
    none = await cloud.make("port", network_id=net, fixed_ips=[])
    assert none["fixed_ips"] == []
    changed = await cloud.put("port", none["id"], fixed_ips=[{"subnet_id": subnet["id"]}])
    assert len(changed["fixed_ips"]) == 1

    for wrong, status, kind in (
        ([{"ip_address": "10.1.0.7"}], 409, "IpAddressInUse"),
        ([{"ip_address": "10.9.0.7"}], 400, "InvalidIpForNetwork"),
        ([{"ip_address": "10.1.0.0"}], 400, "InvalidIpForSubnet"),
        ([{"subnet_id": subnet["id"], "ip_address": "10.1.0.9"}], 400, "InvalidIpForSubnet"),
        ([{"subnet_id": NOWHERE}], 400, "InvalidInput"),
        ([dict[str, str]()], 400, "InvalidInput"),
        ([{"ip_address": "ten"}], 400, "InvalidInput"),
        ([{"ip_address": "10.0.0.9"}, {"ip_address": "10.0.0.9"}], 400, "InvalidInput"),
        ([{"subnet_id": subnet["id"]}] * 6, 400, "InvalidInput"),
        ([{"address": "10.0.0.9"}], 400, "HTTPBadRequest"),
    ):
        await cloud.refused("port", status, kind, network_id=net, fixed_ips=wrong)
    said = await cloud.put("port", made["id"], status=409, fixed_ips=[{"ip_address": "10.1.0.7"}])
    assert said["NeutronError"]["type"] == "IpAddressInUse"


async def test_a_small_subnet_is_used_up_and_no_further(cloud: Cloud) -> None:
    network, _ = await cloud.lan("10.0.0.0/28")
    made = [await cloud.make("port", network_id=network["id"]) for _ in range(12)]

    assert len({port["fixed_ips"][0]["ip_address"] for port in made}) == 12
    await cloud.refused("port", 409, "IpAddressGenerationFailure", network_id=network["id"])
    await cloud.remove("port", made[5]["id"])
    again = await cloud.make("port", network_id=network["id"])
    assert again["fixed_ips"] == made[5]["fixed_ips"]


async def test_a_subnet_of_16_million_addresses_costs_no_more(cloud: Cloud) -> None:
    network, _ = await cloud.lan("10.0.0.0/8")
    statements: list[str] = []
    cloud.service.kit.database.on_statement(statements.append)  # type: ignore[attr-defined]

    await cloud.make("port", network_id=network["id"])

    assert len(statements) < 20


async def test_an_address_follows_from_the_mac_where_machines_number_themselves(
    cloud: Cloud,
) -> None:
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    network, subnet = await cloud.lan("2001:db8::/64", **modes)
    mac = "fa:16:3e:00:11:22"

    port = await cloud.make("port", network_id=network["id"], mac_address=mac)

    assert port["fixed_ips"] == [
        {"subnet_id": subnet["id"], "ip_address": "2001:db8::f816:3eff:fe00:1122"}
    ]
    await cloud.refused(
        "port",
        400,
        "AllocationOnAutoAddressSubnet",
        network_id=network["id"],
        fixed_ips=[{"ip_address": "2001:db8::5"}],
    )


async def test_macs(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    net = network["id"]
    made = await cloud.make("port", network_id=net, mac_address="FA-16-3E-00-00-01")

    assert made["mac_address"] == "fa:16:3e:00:00:01"
    same = "fa:16:3e:00:00:01"
    await cloud.refused("port", 409, "MacAddressInUse", network_id=net, mac_address=same)
    await cloud.refused("port", 400, "InvalidInput", network_id=net, mac_address="fa:16")
    zero = "00:00:00:00:00:00"
    await cloud.refused("port", 400, "InvalidInput", network_id=net, mac_address=zero)
    await cloud.put("port", made["id"], status=403, mac_address="fa:16:3e:00:00:02")
    changed = await cloud.put("port", made["id"], "admin", mac_address="fa:16:3e:00:00:02")
    assert changed["mac_address"] == "fa:16:3e:00:00:02"


async def test_filters_of_ports(cloud: Cloud) -> None:
    network, subnet = await cloud.lan(enable_dhcp=False)
    other, _ = await cloud.lan()
    one = await cloud.make("port", network_id=network["id"], fixed_ips=[{"ip_address": "10.0.0.5"}])
    two = await cloud.make(
        "port", network_id=network["id"], fixed_ips=[{"ip_address": "10.0.0.25"}], device_id="vm"
    )
    await cloud.make("port", network_id=other["id"])
    (group,) = one["security_groups"]
    on = f"network_id={network['id']}"

    async def ids(query: str) -> set[str]:
        return {port["id"] for port in await cloud.list("port", query)}

    assert await ids(f"{on}&fixed_ips=ip_address=10.0.0.5") == {one["id"]}
    both = "fixed_ips=ip_address=10.0.0.5&fixed_ips=ip_address=10.0.0.25"
    assert await ids(f"{on}&{both}") == {
        one["id"],
        two["id"],
    }
    assert await ids(f"fixed_ips=subnet_id={subnet['id']}") == {one["id"], two["id"]}
    assert await ids(f"{on}&fixed_ips=ip_address_substr=.25") == {two["id"]}
    assert await ids("device_id=vm") == {two["id"]}
    assert await ids(f"{on}&device_id=") == {one["id"]}
    assert await ids(f"security_groups={group}&device_id=vm") == {two["id"]}
    assert await ids(f"mac_address={one['mac_address']}") == {one["id"]}
    await cloud.ask("GET", "/ports?fixed_ips=colour=red", status=400)


async def test_who_may_do_what(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    port = await cloud.make("port", network_id=network["id"])
    path, body = f"/ports/{port['id']}", {"port": {"network_id": network["id"]}}

    await cloud.ask("POST", "/ports", body, status=401, token=None)
    await cloud.ask("POST", "/ports", body, status=403, token="reader")
    await cloud.ask("POST", "/ports", body, status=404, token="other")
    await cloud.ask("PUT", path, {"port": {"name": "x"}}, status=404, token="other")
    await cloud.ask("PUT", path, {"port": {"name": "x"}}, status=403, token="reader")
    await cloud.ask("DELETE", path, status=404, token="other")
    await cloud.refused("port", 404, "NetworkNotFound", network_id=NOWHERE)
    await cloud.refused("port", 400, "HTTPBadRequest", network_id="lan")
    await cloud.refused("port", 400, "HTTPBadRequest")
    await cloud.ask("GET", f"/ports/{NOWHERE}", status=404)


async def test_binding_is_for_administrators(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    net = network["id"]
    host = {"binding__host_id": "host-1"}
    await cloud.refused("port", 403, "PolicyNotAuthorized", network_id=net, **host)
    await cloud.refused(
        "port", 403, "PolicyNotAuthorized", network_id=net, binding__profile={"a": 1}
    )

    made = await cloud.make("port", "admin", network_id=net, project_id="mine", **host)

    assert made["binding:host_id"] == "host-1"
    assert made["binding:vif_type"] == "ovs"
    await cloud.put("port", made["id"], status=403, binding__host_id="host-2")
    changed = await cloud.put("port", made["id"], "admin", binding__host_id="nowhere")
    assert changed["binding:vif_type"] == "binding_failed"


FENCE: list[dict[str, Any]] = [
    {"mac_address": "fa:16:3e:00:00:09"},
    {"port_security_enabled": False},
    {"allowed_address_pairs": [{"ip_address": "0.0.0.0/0"}]},
]


@pytest.mark.parametrize("lowered", FENCE)
async def test_ossa_2016_009_only_the_networks_owner_lowers_the_fence(
    cloud: Cloud, lowered: dict[str, Any]
) -> None:
    network = await cloud.make("network", "admin", shared=True)
    await cloud.make("subnet", "admin", network_id=network["id"], cidr="10.0.0.0/24")
    port = await cloud.make("port", network_id=network["id"])

    await cloud.refused("port", 403, "PolicyNotAuthorized", network_id=network["id"], **lowered)
    await cloud.put("port", port["id"], status=403, **lowered)


@pytest.mark.parametrize(
    "owner", ["network:dhcp", "network:router_interface", "network:distributed", "network:x"]
)
async def test_ossa_2015_018_no_user_makes_a_port_the_clouds_own(cloud: Cloud, owner: str) -> None:
    """Neither by changing one, which would drop its firewall, nor on a network of one's own."""
    network, _ = await cloud.lan()
    port = await cloud.make("port", network_id=network["id"])

    await cloud.put("port", port["id"], status=403, device_owner=owner)
    await cloud.refused(
        "port", 403, "PolicyNotAuthorized", network_id=network["id"], device_owner=owner
    )
    changed = await cloud.put("port", port["id"], device_owner="compute:nova", device_id="vm")
    assert changed["device_owner"] == "compute:nova"


async def test_security_groups_of_ports(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    group = await cloud.make("security_group", name="web")
    foreign = await cloud.make("security_group", "other", name="web")
    net = network["id"]

    made = await cloud.make("port", network_id=net, security_groups=[group["id"]])
    assert made["security_groups"] == [group["id"]]
    bare = await cloud.make("port", network_id=net, security_groups=[])
    assert bare["security_groups"] == []
    changed = await cloud.put("port", bare["id"], security_groups=[group["id"]])
    assert changed["security_groups"] == [group["id"]]
    for wrong in (foreign["id"], NOWHERE):
        await cloud.refused(
            "port", 404, "SecurityGroupNotFound", network_id=net, security_groups=[wrong]
        )
        await cloud.put("port", bare["id"], status=404, security_groups=[wrong])
    said = await cloud.put("port", bare["id"], status=409, port_security_enabled=False)
    assert said["NeutronError"]["type"] == "PortSecurityPortHasSecurityGroup"
    open_port = await cloud.put("port", bare["id"], port_security_enabled=False, security_groups=[])
    assert open_port["port_security_enabled"] is False


async def test_address_pairs(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    net = network["id"]
    pairs = [{"ip_address": "10.0.0.77"}, {"ip_address": "10.3.0.0/16"}]
    made = await cloud.make("port", network_id=net, allowed_address_pairs=pairs)

    assert made["allowed_address_pairs"] == [
        pair | {"mac_address": made["mac_address"]} for pair in pairs
    ]
    many = [{"ip_address": f"10.0.{n}.1"} for n in range(11)]
    for wrong, kind in (
        (many, "AllowedAddressPairExhausted"),
        ([{"ip_address": "10.0.0.300"}], "InvalidInput"),
        ([{"ip_address": "10.0.0.3"}, {"ip_address": "10.0.0.3"}], "DuplicateAddressPairInRequest"),
        ([{"mac_address": "fa:16:3e:00:00:01"}], "HTTPBadRequest"),
    ):
        await cloud.refused("port", 400, kind, network_id=net, allowed_address_pairs=wrong)
    await cloud.refused(
        "port",
        409,
        "AddressPairAndPortSecurityRequired",
        network_id=net,
        port_security_enabled=False,
        allowed_address_pairs=pairs,
    )


async def test_ossa_2021_005_a_dhcp_option_is_one_line(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    net = network["id"]
    option = {"opt_name": "bootfile-name", "opt_value": "pxelinux.0"}
    made = await cloud.make("port", network_id=net, extra_dhcp_opts=[option])
    assert made["extra_dhcp_opts"] == [option | {"ip_version": 4}]

    for wrong in (
        {"opt_name": "x", "opt_value": "a\nserver-ip-address"},
        {"opt_name": "x\ny", "opt_value": "a"},
        {"opt_name": "x", "opt_value": ""},
    ):
        await cloud.refused("port", 400, "InvalidInput", network_id=net, extra_dhcp_opts=[wrong])
    gone = [{"opt_name": "bootfile-name", "opt_value": None}]
    changed = await cloud.put("port", made["id"], extra_dhcp_opts=gone)
    assert changed["extra_dhcp_opts"] == []


async def test_ossa_2014_028_no_owner_escapes_the_quota(cloud: Cloud) -> None:
    """A port counts, whatever its device owner is."""
    network, _ = await cloud.lan(enable_dhcp=False)
    await cloud.service.kit.database.transact(lambda tx: _limit(cloud, tx, 1))
    await cloud.make(
        "port", "admin", network_id=network["id"], project_id="mine", device_owner="network:dhcp"
    )

    await cloud.refused("port", 409, "OverQuota", network_id=network["id"])


async def _limit(cloud: Cloud, tx: Any, ports: int) -> None:
    from unkai.network.store import quotas

    await quotas.set_limits(tx, "mine", {"port": ports})


async def test_a_network_without_subnets_gives_no_address(cloud: Cloud) -> None:
    network = await cloud.make("network")

    port = await cloud.make("port", network_id=network["id"])

    assert port["fixed_ips"] == []


async def test_many_at_once_or_none(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    body = {"ports": [{"network_id": network["id"]}, {"network_id": NOWHERE}]}

    await cloud.ask("POST", "/ports", body, status=404)
    assert len(await cloud.list("port", "device_owner=")) == 0
    body = {"ports": [{"network_id": network["id"]}] * 3}
    assert len((await cloud.ask("POST", "/ports", body, status=201))["ports"]) == 3
