"""/security-groups and /security-group-rules"""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.network.conftest import NOWHERE, Cloud
from unkai.network.drivers.base import DesiredSecurityGroup, Ref

pytestmark = pytest.mark.anyio


async def test_a_group_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    made = await cloud.make("security_group", name="web", description="80")

    assert made["stateful"] is True
    rules = made["security_group_rules"]
    assert {(rule["direction"], rule["ethertype"]) for rule in rules} == {
        ("egress", "IPv4"),
        ("egress", "IPv6"),
    }
    assert await cloud.show("security_group", made["id"]) == made
    changed = await cloud.put("security_group", made["id"], name="www", description="")
    assert (changed["name"], changed["description"]) == ("www", "")
    await cloud.settle()
    assert isinstance(cloud.wire.objects[Ref("security_group", made["id"])], DesiredSecurityGroup)

    await cloud.remove("security_group", made["id"])
    await cloud.settle()
    assert Ref("security_group", made["id"]) not in cloud.wire.objects
    await cloud.ask("GET", f"/security-groups/{made['id']}", status=404)


async def test_every_project_has_its_default_group(cloud: Cloud) -> None:
    (mine,) = await cloud.list("security_group")
    (theirs,) = await cloud.list("security_group", token="other")

    assert mine["id"] != theirs["id"]
    assert mine["name"] == "default"
    rules = mine["security_group_rules"]
    assert len(rules) == 4
    ingress = [rule for rule in rules if rule["direction"] == "ingress"]
    assert {rule["remote_group_id"] for rule in ingress} == {mine["id"]}
    await cloud.refused("security_group", 409, "SecurityGroupDefaultAlreadyExists", name="default")
    await cloud.put("security_group", mine["id"], status=409, name="other")
    await cloud.remove("security_group", mine["id"], status=409)
    web = await cloud.make("security_group", name="web")
    await cloud.put("security_group", web["id"], status=409, name="default")


async def test_a_group_in_use_stays(cloud: Cloud) -> None:
    network, _ = await cloud.lan()
    group = await cloud.make("security_group", name="web")
    await cloud.make("port", network_id=network["id"], security_groups=[group["id"]])

    said = await cloud.remove("security_group", group["id"], status=409)

    assert said["NeutronError"]["type"] == "SecurityGroupInUse"


async def test_who_may_do_what(cloud: Cloud) -> None:
    group = await cloud.make("security_group", name="web")
    path = f"/security-groups/{group['id']}"
    rule: dict[str, Any] = {"security_group_id": group["id"], "direction": "ingress"}

    for token, status in (("reader", 403), (None, 401)):
        body = {"security_group": {"name": "x"}}
        await cloud.ask("POST", "/security-groups", body, status=status, token=token)
        await cloud.ask("PUT", path, body, status=status, token=token)
        await cloud.ask("DELETE", path, status=status, token=token)
        body = {"security_group_rule": rule}
        await cloud.ask("POST", "/security-group-rules", body, status=status, token=token)
    await cloud.ask("GET", path, status=404, token="other")
    await cloud.ask("DELETE", path, status=404, token="other")
    await cloud.refused("security_group_rule", 404, "SecurityGroupNotFound", "other", **rule)
    made = await cloud.make("security_group_rule", **rule)
    await cloud.remove("security_group_rule", made["id"], token="other", status=404)
    await cloud.ask("GET", f"/security-group-rules/{made['id']}", status=404, token="other")
    await cloud.ask("GET", f"/security-groups/{NOWHERE}", status=404)
    await cloud.ask("GET", f"/security-group-rules/{NOWHERE}", status=404)


async def test_rules_are_made_listed_and_deleted(cloud: Cloud) -> None:
    group = await cloud.make("security_group", name="web")
    made = await cloud.make(
        "security_group_rule",
        security_group_id=group["id"],
        direction="ingress",
        protocol="tcp",
        port_range_min=80,
        port_range_max="443",
        remote_ip_prefix="10.1.2.3/16",
    )

    assert made["ethertype"] == "IPv4"
    assert made["port_range_max"] == 443
    assert made["remote_ip_prefix"] == "10.1.0.0/16"
    assert await cloud.show("security_group_rule", made["id"]) == made
    found = await cloud.list("security_group_rule", f"security_group_id={group['id']}")
    assert len(found) == 3
    (one,) = await cloud.list("security_group_rule", "protocol=tcp&direction=ingress")
    assert one == made
    await cloud.settle()
    on_wire = cloud.wire.objects[Ref("security_group", group["id"])]
    assert isinstance(on_wire, DesiredSecurityGroup)
    assert len(on_wire.group.rules) == 3

    await cloud.remove("security_group_rule", made["id"])
    await cloud.settle()
    on_wire = cloud.wire.objects[Ref("security_group", group["id"])]
    assert isinstance(on_wire, DesiredSecurityGroup)
    assert len(on_wire.group.rules) == 2


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        ({"protocol": "carrier-pigeon"}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": 256}, "SecurityGroupRuleInvalidProtocol"),
        ({"protocol": "-5"}, "SecurityGroupRuleInvalidProtocol"),
        ({"ethertype": "IPX"}, "SecurityGroupRuleInvalidEthertype"),
        ({"protocol": "icmpv6"}, "SecurityGroupEthertypeConflictWithProtocol"),
        ({"port_range_min": 80, "port_range_max": 80}, "SecurityGroupProtocolRequiredWithPorts"),
        (
            {"protocol": "vrrp", "port_range_min": 1, "port_range_max": 2},
            "SecurityGroupInvalidProtocolForPort",
        ),
        ({"protocol": "tcp", "port_range_min": 80}, "SecurityGroupInvalidPortRange"),
        (
            {"protocol": "tcp", "port_range_min": 80, "port_range_max": 10},
            "SecurityGroupInvalidPortRange",
        ),
        (
            {"protocol": "tcp", "port_range_min": 80, "port_range_max": 65536},
            "SecurityGroupInvalidPortValue",
        ),
        (
            {"protocol": "udp", "port_range_min": -16384, "port_range_max": 1},
            "SecurityGroupInvalidPortValue",
        ),
        ({"protocol": "icmp", "port_range_min": 256}, "SecurityGroupInvalidIcmpValue"),
        ({"protocol": "icmp", "port_range_max": 1}, "SecurityGroupMissingIcmpType"),
        ({"remote_ip_prefix": "10.0.0.0/33"}, "InvalidInput"),
        ({"remote_ip_prefix": "10.0.0.0/0.0.0.255"}, "InvalidInput"),
        ({"remote_ip_prefix": "::/0"}, "SecurityGroupRuleParameterConflict"),
        (
            {"remote_ip_prefix": "0.0.0.0/0", "remote_group_id": NOWHERE},
            "SecurityGroupMultipleRemoteEntitiesUsed",
        ),
        ({"direction": "sideways"}, "HTTPBadRequest"),
        ({"protocol": "tcp", "port_range_min": 2**40}, "HTTPBadRequest"),
    ],
)
async def test_ossa_2014_014_and_2019_001_a_rule_that_cannot_be_applied_is_refused(
    cloud: Cloud, rule: dict[str, Any], kind: str
) -> None:
    group = await cloud.make("security_group", name="web")
    values = {"security_group_id": group["id"], "direction": "ingress"} | rule

    await cloud.refused("security_group_rule", 400, kind, **values)


@pytest.mark.parametrize(
    "rule",
    [
        {"protocol": 6, "port_range_min": 22, "port_range_max": 22},
        {"protocol": "17"},
        {"protocol": "icmp", "port_range_min": 8, "port_range_max": 0},
        {"protocol": "ipv6-icmp", "ethertype": "IPv6"},
        {"protocol": "any"},
        {"protocol": None, "remote_ip_prefix": "10.0.0.1"},
        {"protocol": "vrrp"},
    ],
)
async def test_a_rule_is_there_once(cloud: Cloud, rule: dict[str, Any]) -> None:
    group = await cloud.make("security_group", name="web")
    values = {"security_group_id": group["id"], "direction": "ingress"} | rule
    await cloud.make("security_group_rule", **values)

    said = await cloud.refused("security_group_rule", 409, "SecurityGroupRuleExists", **values)

    assert "already exists" in said


async def test_a_rule_named_by_number_or_name_is_the_same(cloud: Cloud) -> None:
    group = await cloud.make("security_group", name="web")
    values: dict[str, Any] = {"security_group_id": group["id"], "direction": "ingress"}
    await cloud.make("security_group_rule", **values, protocol="tcp")

    await cloud.refused("security_group_rule", 409, "SecurityGroupRuleExists", **values, protocol=6)


async def test_rules_that_name_a_deleted_group_go_with_it(cloud: Cloud) -> None:
    web = await cloud.make("security_group", name="web")
    db = await cloud.make("security_group", name="db")
    await cloud.make(
        "security_group_rule",
        security_group_id=db["id"],
        direction="ingress",
        remote_group_id=web["id"],
    )
    await cloud.refused(
        "security_group_rule",
        404,
        "SecurityGroupNotFound",
        security_group_id=db["id"],
        direction="ingress",
        remote_group_id=NOWHERE,
    )

    await cloud.remove("security_group", web["id"])

    assert len((await cloud.show("security_group", db["id"]))["security_group_rules"]) == 2


async def test_groups_have_a_quota(cloud: Cloud) -> None:
    for number in range(9):
        await cloud.make("security_group", name=f"g{number}")

    await cloud.refused("security_group", 409, "OverQuota", name="one too many")
