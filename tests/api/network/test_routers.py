"""/routers"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from unkai.network.drivers.base import DesiredRouter, Ref

pytestmark = pytest.mark.anyio


async def outside(cloud: Cloud, cidr: str = "203.0.113.0/24") -> dict[str, Any]:
    """An external network."""
    network = await cloud.make("network", "admin", name="public", router__external=True)
    await cloud.make("subnet", "admin", network_id=network["id"], cidr=cidr, enable_dhcp=False)
    return network


async def plug(cloud: Cloud, router: dict[str, Any], status: int = 200, **body: Any) -> Any:
    path = f"/routers/{router['id']}/add_router_interface"
    token = body.pop("token", "member")
    return await cloud.ask("PUT", path, body, status=status, token=token)


async def unplug(cloud: Cloud, router: dict[str, Any], status: int = 200, **body: Any) -> Any:
    path = f"/routers/{router['id']}/remove_router_interface"
    return await cloud.ask("PUT", path, body, status=status)


async def test_a_router_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    public = await outside(cloud)
    made = await cloud.make("router", name="r", external_gateway_info={"network_id": public["id"]})

    gateway = made["external_gateway_info"]
    assert gateway["network_id"] == public["id"]
    assert gateway["enable_snat"] is True
    (address,) = gateway["external_fixed_ips"]
    assert address["ip_address"].startswith("203.0.113.")
    assert await cloud.show("router", made["id"]) == made
    assert "distributed" not in made
    ports = await cloud.list("port", f"device_id={made['id']}", "admin")
    assert [(p["device_owner"], p["project_id"]) for p in ports] == [("network:router_gateway", "")]
    changed = await cloud.put("router", made["id"], name="s", admin_state_up=False)
    assert (changed["name"], changed["admin_state_up"]) == ("s", False)
    assert changed["external_gateway_info"] == gateway
    assert [one["id"] for one in await cloud.list("router", "name=s")] == [made["id"]]
    await cloud.settle()
    on_wire = cloud.wire.objects[Ref("router", made["id"])]
    assert isinstance(on_wire, DesiredRouter)
    assert on_wire.gateway is not None

    cleared = await cloud.put("router", made["id"], external_gateway_info={})
    assert cleared["external_gateway_info"] is None
    assert await cloud.list("port", f"device_id={made['id']}", "admin") == []
    await cloud.remove("router", made["id"])
    await cloud.settle()
    assert Ref("router", made["id"]) not in cloud.wire.objects
    await cloud.ask("GET", f"/routers/{made['id']}", status=404)


async def test_a_gateway_that_cannot_be(cloud: Cloud) -> None:
    inside, _ = await cloud.lan()
    public = await outside(cloud)
    made = await cloud.make("router")
    taken = await cloud.make(
        "router",
        "admin",
        external_gateway_info={
            "network_id": public["id"],
            "external_fixed_ips": [{"ip_address": "203.0.113.9"}],
        },
    )
    assert taken["external_gateway_info"]["external_fixed_ips"][0]["ip_address"] == "203.0.113.9"

    async def refused(status: int, token: str = "member", **gateway: Any) -> None:
        await cloud.put("router", made["id"], token, status, external_gateway_info=gateway)

    await refused(404, network_id=NOWHERE)
    await refused(400, network_id=inside["id"])
    await refused(400, network_id="public")
    await refused(400, network_id=public["id"], colour="red")
    await refused(403, network_id=public["id"], enable_snat=False)
    addresses = [{"ip_address": "203.0.113.9"}]
    await refused(403, network_id=public["id"], external_fixed_ips=addresses)
    await refused(409, "admin", network_id=public["id"], external_fixed_ips=addresses)
    assert (await cloud.show("router", made["id"]))["external_gateway_info"] is None
    without = await cloud.put(
        "router",
        made["id"],
        "admin",
        external_gateway_info={"network_id": public["id"], "enable_snat": False},
    )
    assert without["external_gateway_info"]["enable_snat"] is False


async def test_interfaces_by_subnet(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    router = await cloud.make("router")

    added = await plug(cloud, router, subnet_id=subnet["id"])

    assert added["id"] == router["id"]
    assert added["subnet_ids"] == [subnet["id"]]
    assert added["network_id"] == network["id"]
    port = await cloud.show("port", added["port_id"])
    assert port["fixed_ips"] == [{"subnet_id": subnet["id"], "ip_address": "10.0.0.1"}]
    assert port["device_owner"] == "network:router_interface"
    assert (port["device_id"], port["status"]) == (router["id"], "ACTIVE")
    assert port["security_groups"] == []
    await cloud.settle()
    on_wire = cloud.wire.objects[Ref("router", router["id"])]
    assert isinstance(on_wire, DesiredRouter)
    assert [one.port.id for one in on_wire.interfaces] == [port["id"]]

    said = await cloud.remove("router", router["id"], status=409)
    assert said["NeutronError"]["type"] == "RouterInUse"
    said = await cloud.remove("port", port["id"], status=409)
    assert said["NeutronError"]["type"] == "ServicePortInUse"
    await cloud.remove("subnet", subnet["id"], status=409)
    await cloud.put("port", port["id"], status=403, device_id="vm")
    removed = await unplug(cloud, router, subnet_id=subnet["id"])
    assert removed["port_id"] == port["id"]
    await unplug(cloud, router, 404, subnet_id=subnet["id"])
    await unplug(cloud, router, 404, port_id=port["id"])
    await cloud.settle()
    assert Ref("port", port["id"]) not in cloud.wire.objects
    await cloud.remove("router", router["id"])
    await cloud.remove("network", network["id"])


async def test_interfaces_by_port(cloud: Cloud) -> None:
    network, subnet = await cloud.lan(enable_dhcp=False)
    router = await cloud.make("router")
    port = await cloud.make(
        "port", network_id=network["id"], fixed_ips=[{"ip_address": "10.0.0.99"}]
    )

    added = await plug(cloud, router, port_id=port["id"])

    assert added["subnet_id"] == subnet["id"]
    seen = await cloud.show("port", port["id"])
    assert seen["device_owner"] == "network:router_interface"
    assert seen["security_groups"] == []
    await plug(cloud, router, 409, port_id=port["id"])
    moved = await cloud.put("port", port["id"], fixed_ips=[{"ip_address": "10.0.0.98"}])
    assert moved["fixed_ips"][0]["ip_address"] == "10.0.0.98"
    await unplug(cloud, router, 409, port_id=port["id"], subnet_id=NOWHERE)
    await unplug(cloud, router, port_id=port["id"])
    await cloud.ask("GET", f"/ports/{port['id']}", status=404)


async def test_interfaces_that_cannot_be(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    _, overlapping = await cloud.lan("10.0.0.0/25")
    _, lone = await cloud.lan("10.7.0.0/24", gateway_ip=None)
    empty = await cloud.make("port", network_id=network["id"], fixed_ips=[])
    router = await cloud.make("router")
    await plug(cloud, router, subnet_id=subnet["id"])

    await plug(cloud, router, 400)
    await plug(cloud, router, 400, subnet_id=subnet["id"], port_id=empty["id"])
    await plug(cloud, router, 400, subnet_id=subnet["id"])
    await plug(cloud, router, 400, subnet_id=overlapping["id"])
    await plug(cloud, router, 400, subnet_id=lone["id"])
    await plug(cloud, router, 400, port_id=empty["id"])
    await plug(cloud, router, 404, port_id=NOWHERE)
    await plug(cloud, router, 404, subnet_id=NOWHERE)
    await plug(cloud, router, 400, subnet="lan")
    second = await cloud.make("router")
    said = await plug(cloud, second, 409, subnet_id=subnet["id"])
    assert said["NeutronError"]["type"] == "IpAddressInUse"


async def test_ossa_2014_008_nobody_plugs_into_what_is_not_theirs(cloud: Cloud) -> None:
    network, subnet = await cloud.lan()
    port = await cloud.make("port", network_id=network["id"])
    mine = await cloud.make("router")
    theirs = await cloud.make("router", "other")

    await plug(cloud, theirs, 404, subnet_id=subnet["id"], token="other")
    await plug(cloud, theirs, 404, port_id=port["id"], token="other")
    await plug(cloud, mine, 404, subnet_id=subnet["id"], token="other")
    foreign = {"device_id": theirs["id"], "device_owner": "network:router_interface"}
    await cloud.refused("port", 403, "PolicyNotAuthorized", network_id=network["id"], **foreign)
    await cloud.put("port", port["id"], status=403, **foreign)


async def test_ipv6_subnets_of_a_network_share_a_port(cloud: Cloud) -> None:
    network, one = await cloud.lan("2001:db8:1::/64")
    two = await cloud.make("subnet", network_id=network["id"], cidr="2001:db8:2::/64")
    router = await cloud.make("router")
    first = await plug(cloud, router, subnet_id=one["id"])

    second = await plug(cloud, router, subnet_id=two["id"])

    assert second["port_id"] == first["port_id"]
    await unplug(cloud, router, subnet_id=one["id"])
    port = await cloud.show("port", first["port_id"])
    assert [fixed["subnet_id"] for fixed in port["fixed_ips"]] == [two["id"]]
    await unplug(cloud, router, subnet_id=two["id"])
    await cloud.remove("router", router["id"])


async def test_extra_routes(cloud: Cloud) -> None:
    _, subnet = await cloud.lan()
    router = await cloud.make("router")
    await plug(cloud, router, subnet_id=subnet["id"])
    one = {"destination": "10.5.0.0/16", "nexthop": "10.0.0.5"}
    two = {"destination": "10.6.0.0/16", "nexthop": "10.0.0.6"}

    changed = await cloud.put("router", router["id"], routes=[one])
    assert changed["routes"] == [one]
    path = f"/routers/{router['id']}"
    body = {"router": {"routes": [one, two]}}
    added = await cloud.ask("PUT", f"{path}/add_extraroutes", body, status=200)
    assert added["router"]["routes"] == [one, two]
    body = {"router": {"routes": [one]}}
    left = await cloud.ask("PUT", f"{path}/remove_extraroutes", body, status=200)
    assert left["router"]["routes"] == [two]

    far = {"destination": "10.6.0.0/16", "nexthop": "10.9.0.6"}
    own = {"destination": "10.6.0.0/16", "nexthop": "10.0.0.1"}
    many = [{"destination": f"10.{n}.0.0/16", "nexthop": "10.0.0.5"} for n in range(40)]
    for wrong in ([far], [own], many, [one, one], [{"destination": "x", "nexthop": "10.0.0.5"}]):
        await cloud.put("router", router["id"], status=400, routes=wrong)
    said = await unplug(cloud, router, 409, subnet_id=subnet["id"])
    assert said["NeutronError"]["type"] == "RouterInterfaceInUseByRoute"
    assert (await cloud.put("router", router["id"], routes=[]))["routes"] == []


async def test_who_may_do_what(cloud: Cloud) -> None:
    _, subnet = await cloud.lan()
    router = await cloud.make("router")
    path, body = f"/routers/{router['id']}", {"router": {"name": "x"}}

    for token, status in ((None, 401), ("reader", 403)):
        await cloud.ask("POST", "/routers", body, status=status, token=token)
        await cloud.ask("PUT", path, body, status=status, token=token)
        await cloud.ask("DELETE", path, status=status, token=token)
        plugged = {"subnet_id": subnet["id"]}
        act = f"{path}/add_router_interface"
        await cloud.ask("PUT", act, plugged, status=status, token=token)
    for method in ("GET", "DELETE"):
        await cloud.ask(method, path, status=404, token="other")
        await cloud.ask(method, f"/routers/{NOWHERE}", status=404)
    await cloud.ask("PUT", path, body, status=404, token="other")
    await cloud.refused("router", 403, "PolicyNotAuthorized", distributed=True)
    await cloud.refused("router", 400, "InvalidInput", "admin", ha=True)


async def test_an_external_network_with_gateways_stays(cloud: Cloud) -> None:
    public = await outside(cloud)
    await cloud.make("router", external_gateway_info={"network_id": public["id"]})

    await cloud.remove("network", public["id"], "admin", status=409)
    await cloud.put("network", public["id"], "admin", 409, router__external=False)
