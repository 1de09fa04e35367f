"""Quotas, tags, sharing, pools, availability, extensions and the other small resources."""

from __future__ import annotations

import pytest

from tests.api.network.conftest import NOWHERE, PROJECTS, Cloud
from tests.api.network.test_routers import outside

pytestmark = pytest.mark.anyio


async def test_quotas(cloud: Cloud) -> None:
    shown = (await cloud.ask("GET", "/quotas/mine", status=200))["quota"]
    assert shown["port"] == 500
    await cloud.ask("GET", "/quotas/theirs", status=403)
    await cloud.ask("PUT", "/quotas/mine", {"quota": {"port": 1}}, status=403)
    await cloud.ask("DELETE", "/quotas/mine", status=403)

    body = {"quota": {"port": 1, "network": "-1"}}
    changed = (await cloud.ask("PUT", "/quotas/mine", body, token="admin", status=200))["quota"]
    assert (changed["port"], changed["network"], changed["subnet"]) == (1, -1, 100)
    network, _ = await cloud.lan(enable_dhcp=False)
    await cloud.make("port", network_id=network["id"])
    await cloud.refused("port", 409, "OverQuota", network_id=network["id"])
    details = (await cloud.ask("GET", "/quotas/mine/details", status=200))["quota"]
    assert details["port"] == {"limit": 1, "used": 1, "reserved": 0}
    assert details["network"]["used"] == 1
    default = (await cloud.ask("GET", "/quotas/mine/default", status=200))["quota"]
    assert default["port"] == 500
    (listed,) = (await cloud.ask("GET", "/quotas", token="admin", status=200))["quotas"]
    assert (listed["project_id"], listed["port"]) == ("mine", 1)

    for wrong in ({"unicorn": 1}, {"port": "many"}, {"port": -2}, {"port": True}, {"port": None}):
        await cloud.ask("PUT", "/quotas/mine", {"quota": wrong}, token="admin", status=400)
    below = {"quota": {"port": 0, "check_limit": True}}
    await cloud.ask("PUT", "/quotas/mine", below, token="admin", status=400)
    await cloud.ask("DELETE", "/quotas/mine", token="admin", status=204)
    assert (await cloud.ask("GET", "/quotas/mine"))["quota"]["port"] == 500


async def test_tags(cloud: Cloud) -> None:
    network = await cloud.make("network")
    other = await cloud.make("network")
    path = f"/networks/{network['id']}/tags"

    await cloud.ask("PUT", f"{path}/red", status=201)
    await cloud.ask("PUT", f"{path}/red", status=201)
    await cloud.ask("GET", f"{path}/red", status=204)
    assert await cloud.ask("GET", path, status=200) == {"tags": ["red"]}
    body = {"tags": ["a", "b", 'quo"te']}
    assert (await cloud.ask("PUT", path, body, status=200))["tags"] == ["a", "b", 'quo"te']
    assert (await cloud.show("network", network["id"]))["tags"] == ["a", "b", 'quo"te']
    await cloud.ask("PUT", f"/networks/{other['id']}/tags/A", status=201)

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in await cloud.list("network", query)]

    assert await ids("tags=a,b") == [network["id"]]
    assert await ids("tags=a,c") == []
    assert await ids("tags-any=a,c") == [network["id"]]
    assert await ids("tags=te") == []
    assert await ids("not-tags=a,b") == [other["id"]]
    assert await ids("not-tags-any=A") == [network["id"]]
    await cloud.ask("DELETE", f"{path}/a", status=204)
    await cloud.ask("DELETE", f"{path}/a", status=404)
    await cloud.ask("GET", f"{path}/a", status=404)
    await cloud.ask("DELETE", path, status=204)
    assert await cloud.ask("GET", path, status=200) == {"tags": []}
    for wrong in (["a,b"], ["x" * 256], [""], ["a/b"], [f"t{n}" for n in range(51)], [1]):
        await cloud.ask("PUT", path, {"tags": wrong}, status=400)


async def test_ossa_2024_005_only_the_owner_tags(cloud: Cloud) -> None:
    shared = await cloud.make("network", "admin", shared=True)
    path = f"/networks/{shared['id']}/tags"

    await cloud.ask("GET", path, status=200)
    await cloud.ask("PUT", path, {"tags": ["x"]}, status=403)
    await cloud.ask("PUT", f"{path}/x", status=403)
    await cloud.ask("DELETE", path, status=403)
    mine = await cloud.make("network")
    await cloud.ask("PUT", f"/networks/{mine['id']}/tags/x", status=404, token="other")
    await cloud.ask("PUT", f"/networks/{mine['id']}/tags/x", status=403, token="reader")
    await cloud.ask("PUT", f"/networks/{mine['id']}/tags/x", status=401, token=None)


@pytest.mark.parametrize("noun", ["subnet", "port", "router", "security_group", "subnetpool"])
async def test_everything_can_be_tagged(cloud: Cloud, noun: str) -> None:
    network, subnet = await cloud.lan()
    made = {
        "subnet": lambda: cloud.show("subnet", subnet["id"]),
        "port": lambda: cloud.make("port", network_id=network["id"]),
        "router": lambda: cloud.make("router"),
        "security_group": lambda: cloud.make("security_group", name="g"),
        "subnetpool": lambda: cloud.make("subnetpool", prefixes=["10.0.0.0/8"]),
    }
    one = await made[noun]()
    collection = f"{noun.replace('_', '-')}s"

    await cloud.ask("PUT", f"/{collection}/{one['id']}/tags/red", status=201)

    assert (await cloud.show(noun, one["id"]))["tags"] == ["red"]
    assert [found["id"] for found in await cloud.list(noun, "tags=red")] == [one["id"]]


async def test_a_network_shared_with_one_project(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    values = {"object_type": "network", "object_id": network["id"], "action": "access_as_shared"}
    await cloud.refused("rbac_policy", 403, "PolicyNotAuthorized", **values, target_tenant="*")
    await cloud.refused(
        "rbac_policy", 404, "NetworkNotFound", "other", **values, target_tenant="theirs"
    )
    await cloud.refused("rbac_policy", 400, "HTTPBadRequest", **values)
    wrong = values | {"action": "access_as_pet"}
    await cloud.refused("rbac_policy", 400, "InvalidActionForType", **wrong, target_tenant="theirs")

    policy = await cloud.make("rbac_policy", **values, target_tenant="theirs")

    await cloud.refused("rbac_policy", 409, "DuplicatePolicy", **values, target_tenant="theirs")
    assert await cloud.list("rbac_policy") == [policy]
    seen = await cloud.show("network", network["id"], "other")
    assert seen["shared"] is True
    assert (await cloud.show("network", network["id"]))["shared"] is False
    port = await cloud.make("port", "other", network_id=network["id"])
    said = await cloud.ask("DELETE", f"/rbac-policies/{policy['id']}", status=409)
    assert said["NeutronError"]["type"] == "RbacPolicyInUse"
    await cloud.remove("port", port["id"], "other")
    await cloud.ask("DELETE", f"/rbac-policies/{policy['id']}", status=404, token="other")
    await cloud.ask("DELETE", f"/rbac-policies/{policy['id']}", status=204)
    await cloud.ask("GET", f"/networks/{network['id']}", status=404, token="other")


async def test_shared_and_external_are_policies_for_everybody(cloud: Cloud) -> None:
    shared = await cloud.make("network", "admin", shared=True, router__external=True)

    found = await cloud.list("rbac_policy", f"object_id={shared['id']}", "admin")

    assert {policy["action"] for policy in found} == {"access_as_shared", "access_as_external"}
    for policy in found:
        await cloud.ask("DELETE", f"/rbac-policies/{policy['id']}", status=204, token="admin")
    after = await cloud.show("network", shared["id"], "admin")
    assert (after["shared"], after["router:external"]) == (False, False)


async def test_a_shared_security_group(cloud: Cloud) -> None:
    group = await cloud.make("security_group", name="web")
    await cloud.make(
        "rbac_policy",
        object_type="security_group",
        object_id=group["id"],
        action="access_as_shared",
        target_tenant="theirs",
    )
    network, _ = await cloud.lan(token="other")

    port = await cloud.make(
        "port", "other", network_id=network["id"], security_groups=[group["id"]]
    )

    assert port["security_groups"] == [group["id"]]
    await cloud.put("security_group", group["id"], "other", 403, name="theirs now")


async def test_subnet_pools(cloud: Cloud) -> None:
    pool = await cloud.make(
        "subnetpool", name="p", prefixes=["10.10.0.0/16"], min_prefixlen=20, default_prefixlen=24
    )
    assert (pool["default_prefixlen"], pool["max_prefixlen"]) == ("24", "32")
    network = await cloud.make("network")
    first = await cloud.make("subnet", network_id=network["id"], subnetpool_id=pool["id"])
    second = await cloud.make(
        "subnet", network_id=network["id"], subnetpool_id=pool["id"], prefixlen=25
    )
    assert (first["cidr"], second["cidr"]) == ("10.10.0.0/24", "10.10.1.0/25")
    third = await cloud.make("subnet", network_id=network["id"], subnetpool_id=pool["id"])
    assert third["cidr"] == "10.10.2.0/24"
    for wrong, status in (
        ({"cidr": "10.10.0.0/24"}, 409),
        ({"cidr": "10.11.0.0/24"}, 409),
        ({"prefixlen": 19}, 400),
        ({"ip_version": 6}, 400),
        ({"subnetpool_id": NOWHERE}, 404),
    ):
        values = {"network_id": network["id"], "subnetpool_id": pool["id"]} | wrong
        await cloud.ask("POST", "/subnets", {"subnet": values}, status=status)
    await cloud.ask("DELETE", f"/subnetpools/{pool['id']}", status=409)
    wider = await cloud.put("subnetpool", pool["id"], prefixes=["10.10.0.0/16", "10.12.0.0/16"])
    assert wider["prefixes"] == ["10.10.0.0/16", "10.12.0.0/16"]
    await cloud.put("subnetpool", pool["id"], status=400, prefixes=["10.12.0.0/16"])
    await cloud.refused(
        "subnetpool", 403, "PolicyNotAuthorized", prefixes=["10.0.0.0/8"], shared=True
    )
    await cloud.remove("network", network["id"])
    await cloud.remove("subnetpool", pool["id"], "other", status=404)
    await cloud.remove("subnetpool", pool["id"])


async def test_address_scopes(cloud: Cloud) -> None:
    scope = await cloud.make("address_scope", name="s", ip_version=4)
    pool = await cloud.make("subnetpool", prefixes=["10.0.0.0/8"], address_scope_id=scope["id"])

    await cloud.refused(
        "subnetpool",
        409,
        "AddressScopePrefixConflict",
        prefixes=["10.1.0.0/16"],
        address_scope_id=scope["id"],
    )
    await cloud.ask("DELETE", f"/address-scopes/{scope['id']}", status=409)
    renamed = await cloud.put("address_scope", scope["id"], name="t")
    assert renamed["name"] == "t"
    await cloud.remove("subnetpool", pool["id"])
    await cloud.remove("address_scope", scope["id"], "other", status=404)
    await cloud.remove("address_scope", scope["id"])


async def test_how_many_addresses_are_used(cloud: Cloud) -> None:
    network, _ = await cloud.lan("10.0.0.0/28")
    await cloud.make("port", network_id=network["id"])
    path = f"/network-ip-availabilities/{network['id']}"

    await cloud.ask("GET", path, status=403)
    found = await cloud.ask("GET", path, status=200, token="admin")

    found = found["network_ip_availability"]
    assert (found["total_ips"], found["used_ips"]) == (13, 2)
    listed = await cloud.ask("GET", "/network-ip-availabilities", status=200, token="admin")
    assert listed["network_ip_availabilities"] == [found]


async def test_extensions_agents_zones_and_providers(cloud: Cloud) -> None:
    extensions = (await cloud.ask("GET", "/extensions", status=200))["extensions"]
    for one in extensions:
        shown = await cloud.ask("GET", f"/extensions/{one['alias']}", status=200)
        assert shown["extension"] == one
    await cloud.ask("GET", "/extensions/unicorn", status=404)
    agents = (await cloud.ask("GET", "/agents", status=200, token="admin"))["agents"]
    assert {agent["host"] for agent in agents} == {"host-1", "host-2"}
    assert all(agent["alive"] for agent in agents)
    one = await cloud.ask("GET", f"/agents/{agents[0]['id']}", status=200, token="admin")
    assert one["agent"]["id"] == agents[0]["id"]
    assert (await cloud.ask("GET", "/agents", status=200))["agents"] == []
    zones = (await cloud.ask("GET", "/availability_zones", status=200))["availability_zones"]
    assert {zone["name"] for zone in zones} == {"nova"}
    await cloud.ask("GET", "/service-providers", status=200)
    await cloud.ask("GET", "/unicorns", status=404)


async def test_a_topology_is_made_on_demand(cloud: Cloud) -> None:
    path = "/auto-allocated-topology/None"
    await cloud.ask("GET", path, status=409)
    public = await outside(cloud)
    await cloud.put("network", public["id"], "admin", is_default=True)
    await cloud.make(
        "subnetpool",
        "admin",
        prefixes=["10.64.0.0/10"],
        shared=True,
        is_default=True,
        default_prefixlen=24,
    )
    await cloud.ask("GET", f"{path}?fields=dry-run", status=200)
    assert await cloud.list("router") == []

    made = (await cloud.ask("GET", path, status=200))["auto_allocated_topology"]

    assert made["project_id"] == PROJECTS["member"]
    assert (await cloud.ask("GET", path, status=200))["auto_allocated_topology"] == made
    network = await cloud.show("network", made["id"])
    assert len(network["subnets"]) == 1
    (router,) = await cloud.list("router")
    assert router["external_gateway_info"]["network_id"] == public["id"]
    await cloud.ask("GET", "/auto-allocated-topology/mine", status=403, token="other")
    await cloud.ask("DELETE", path, status=204)
    assert await cloud.list("router") == []
    await cloud.ask("DELETE", path, status=404)
