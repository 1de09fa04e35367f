"""Nodes are created, listed, filtered, changed and deleted."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.api.baremetal.rig import Rig
from unkai.baremetal.store.nodes import get_node

pytestmark = pytest.mark.anyio


def change(path: str, value: Any = None, op: str = "replace") -> list[dict[str, Any]]:
    return [{"op": op, "path": path, **({} if op == "remove" else {"value": value})}]


def said(answer: dict[str, Any]) -> str:
    return json.loads(answer["error_message"])["faultstring"]


async def names(rig: Rig, query: str, **more: Any) -> list[str]:
    answer = await rig.ask("GET", f"/nodes?{query}", **more)
    return [node["name"] for node in answer["nodes"]]


async def test_every_field_said_at_creation_is_shown(rig: Rig) -> None:
    fields: dict[str, Any] = {
        "name": "rack-1.u7",
        "description": "the loud one",
        "resource_class": "baremetal",
        "conductor_group": "North",
        "owner": "p-member",
        "lessee": "p-other",
        "shard": "s1",
        "instance_name": "web",
        "instance_uuid": str(uuid4()),
        "properties": {"cpus": 8},
        "extra": {"rack": 1},
        "instance_info": {"image_source": "x"},
        "automated_clean": False,
        "disable_power_off": True,
        "network_interface": "flat",
        "retired": True,
        "retired_reason": "old",
        "network_data": {"links": [], "networks": [], "services": []},
    }

    uuid = await rig.enroll(**fields)

    shown = await rig.ask("GET", f"/nodes/{uuid}")
    assert {name: shown[name] for name in fields} == {**fields, "conductor_group": "north"}
    assert shown["provision_state"] == "enroll"
    assert shown["boot_interface"] == "fake"


async def test_what_a_version_does_not_know_is_not_acceptable(rig: Rig) -> None:
    body = {"driver": "fake-hardware", "resource_class": "x"}
    await rig.ask("POST", "/nodes", body, version="1.20", status=406)
    uuid = await rig.enroll()
    patch = change("/description", "d", "add")
    await rig.ask("PATCH", f"/nodes/{uuid}", patch, version="1.50", status=406)
    await rig.ask("GET", "/nodes?fields=owner", version="1.49", status=406)
    await rig.ask("GET", "/nodes?owner=x", version="1.49", status=406)
    await rig.ask("GET", "/nodes?sort_key=shard", version="1.81", status=406)


async def test_an_old_version_enrolls_available_nodes(rig: Rig) -> None:
    made = await rig.ask("POST", "/nodes", {"driver": "fake-hardware"}, version="1.1", status=201)

    assert made["provision_state"] is None
    assert "name" not in made
    shown = await rig.ask("GET", f"/nodes/{made['uuid']}.json", version="1.2")
    assert shown["provision_state"] == "available"
    await rig.ask("GET", f"/nodes/{made['uuid']}.json", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {"driver": "unheard-of"},
        {"driver": "fake-hardware", "name": "a b"},
        {"driver": "fake-hardware", "name": "detail"},
        {"driver": "fake-hardware", "name": str(uuid4())},
        {"driver": "fake-hardware", "power_interface": "ipmitool"},
        {"driver": "fake-hardware", "resource_class": "x" * 81},
        {"driver": "fake-hardware", "chassis_uuid": str(uuid4())},
        {"driver": "fake-hardware", "parent_node": "nobody"},
        {"driver": "fake-hardware", "network_data": {"links": [{}]}},
        {"driver": "fake-hardware", "automated_clean": "perhaps"},
        {"driver": "fake-hardware", "uuid": "7"},
        {"driver": "fake-hardware", "colour": "red"},
        {"name": "x"},
    ],
)
async def test_a_wrong_body_is_refused(rig: Rig, body: dict[str, Any]) -> None:
    await rig.ask("POST", "/nodes", body, status=400)


async def test_names_and_instances_are_unique(rig: Rig) -> None:
    instance = str(uuid4())
    await rig.enroll(name="one", instance_uuid=instance)
    other = await rig.enroll()

    for body in ({"name": "one"}, {"instance_uuid": instance}, {"uuid": other}):
        await rig.ask("POST", "/nodes", {"driver": "fake-hardware", **body}, status=409)
    await rig.ask("PATCH", f"/nodes/{other}", change("/name", "one"), status=409)
    await rig.ask("PATCH", f"/nodes/{other}", change("/instance_uuid", instance), status=409)


async def test_lists_are_filtered(rig: Rig) -> None:
    parent = await rig.enroll(name="a", resource_class="big", owner="o", description="50% off")
    await rig.enroll(name="b", shard="s1", lessee="l", retired=True, instance_uuid=str(uuid4()))
    await rig.enroll(name="c", shard="s2", conductor_group="North", instance_name="web")
    await rig.enroll(name="d", parent_node=parent, driver="ipmi", owner="o")
    await rig.ask("PUT", "/nodes/c/maintenance", {"reason": "dust"}, status=202)

    assert await names(rig, "") == ["a", "b", "c"]
    for query, found in {
        "resource_class=big": "a",
        "owner=o": "a",
        "lessee=l": "b",
        "project=l": "b",
        "retired=true": "b",
        "associated=false": "ac",
        "maintenance=True": "c",
        "conductor_group=NORTH": "c",
        "instance_name=web": "c",
        "shard=s1,s2": "bc",
        "sharded=false": "a",
        "description_contains=50%25": "a",
        "description_contains=%25": "a",
        "description_contains=_": "",
        "include_children=true": "abcd",
        f"parent_node={parent}": "d",
        "driver=ipmi&include_children=true": "d",
        "provision_state=active": "",
        "fault=power%20failure": "",
        "conductor=test-conductor": "abc",
    }.items():
        assert "".join(await names(rig, query)) == found, query
    children = await rig.ask("GET", f"/nodes/{parent}/children")
    assert len(children["children"]) == 1
    shards = (await rig.ask("GET", "/shards"))["shards"]
    assert {one["name"]: one["count"] for one in shards} == {"None": 2, "s1": 1, "s2": 1}


@pytest.mark.parametrize(
    "query",
    [
        "provision_state=asleep",
        "fault=boredom",
        "associated=perhaps",
        "instance_uuid=7",
        "limit=0",
        "limit=-1",
        "limit=x",
        "marker=7",
        "sort_key=extra",
        "sort_key=agent_token",
        "sort_dir=up",
        "fields=colour",
        "detail=true&fields=uuid",
    ],
)
async def test_a_wrong_query_is_refused(rig: Rig, query: str) -> None:
    await rig.ask("GET", f"/nodes?{query}", status=400)


@pytest.mark.parametrize("who", ["admin", "member"])
@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_pages_reach_every_node_once(rig: Rig, who: str, way: str) -> None:
    for number in range(7):
        more = {} if number % 2 else {"description": str(number)}
        await rig.enroll(name=f"n{number}", owner="p-member", **more)
    path, found = f"/nodes?limit=2&fields=name&sort_key=description&sort_dir={way}", list[str]()

    while path:
        answer = await rig.ask("GET", path, who=who)
        found += [node["name"] for node in answer["nodes"]]
        path = answer.get("next", "")

    assert sorted(found) == [f"n{number}" for number in range(7)]


async def test_a_list_shows_what_a_node_shows(rig: Rig) -> None:
    """Two ways of showing, one answer."""
    uuid = await rig.enroll(
        owner="p-member",
        driver_info={"ipmi_password": "x", "inner": {"auth_token": "y"}},
        instance_info={"configdrive": "z", "image_url": "u"},
    )
    for version in ("1.1", "1.5", "1.40", "1.112"):
        alone = await rig.ask("GET", f"/nodes/{uuid}", version=version)
        assert alone["driver_info"]["inner"] == {"auth_token": "******"}
        for who in ("admin", "member"):
            listed = await rig.ask("GET", "/nodes/detail", version=version, who=who)
            assert listed["nodes"] == [alone]


async def test_secrets_are_never_shown_but_kept(rig: Rig) -> None:
    uuid = await rig.enroll(driver_info={"ipmi_password": "secret", "ipmi_address": "10.0.0.1"})

    await rig.ask("PATCH", f"/nodes/{uuid}", change("/driver_info/ipmi_address", "10.0.0.2"))

    shown = await rig.ask("GET", f"/nodes/{uuid}")
    assert shown["driver_info"] == {"ipmi_password": "******", "ipmi_address": "10.0.0.2"}
    node = await get_node(rig.baremetal.kit.database.reader, uuid)
    assert node is not None
    assert node.driver_info["ipmi_password"] == "secret"


async def test_a_path_without_a_version_is_v1s(rig: Rig) -> None:
    uuid = await rig.enroll()
    headers = {"x-auth-token": "admin", "OpenStack-API-Version": "baremetal 1.112"}
    answer = await rig.client.get(f"http://cloud/baremetal/nodes/{uuid}", headers=headers)
    assert answer.json()["links"][0]["href"] == f"http://cloud/baremetal/v1/nodes/{uuid}"


# --- changes


async def test_patches_of_every_kind(rig: Rig) -> None:
    uuid = await rig.enroll(extra={"a": 1, "b": 2}, description="d")
    patch = [
        {"op": "add", "path": "/extra/c", "value": {"deep": [1]}},
        {"op": "replace", "path": "/extra/a", "value": 3},
        {"op": "remove", "path": "/extra/b"},
        {"op": "remove", "path": "/description"},
        {"op": "add", "path": "/extra/a~1b", "value": 4},
    ]

    shown = await rig.ask("PATCH", f"/nodes/{uuid}", patch)

    assert shown["extra"] == {"a": 3, "c": {"deep": [1]}, "a/b": 4}
    assert shown["description"] is None
    assert shown["updated_at"] is not None


@pytest.mark.parametrize(
    "patch",
    [
        change("/extra/nothing", 1),
        change("/extra/nothing", op="remove"),
        change("/provision_state", "active"),
        change("/traits", ["CUSTOM_A"], "add"),
        change("/colour", "red", "add"),
        change("/driver", op="remove"),
        change("/name", "a b"),
        change("/maintenance", "perhaps"),
        change("/retired_reason", "old"),
        change("/protected_reason", "mine"),
        change("/extra", 7),
        change("/chassis_uuid", str(uuid4())),
        change("/driver", "ipmi"),
        [{"op": "move", "path": "/name", "from": "/description"}],
        [{"op": "add", "path": "name", "value": "x"}],
    ],
)
async def test_a_wrong_patch_changes_nothing(rig: Rig, patch: list[dict[str, Any]]) -> None:
    uuid = await rig.enroll(extra={"a": 1})
    before = await rig.ask("GET", f"/nodes/{uuid}")

    await rig.ask("PATCH", f"/nodes/{uuid}", patch, status=400)

    assert await rig.ask("GET", f"/nodes/{uuid}") == before


async def test_a_driver_is_changed_with_all_its_interfaces(rig: Rig) -> None:
    uuid = await rig.enroll(console_interface="no-console")
    patch = change("/driver", "ipmi")
    await rig.ask(
        "PATCH", f"/nodes/{uuid}?reset_interfaces=true", patch, version="1.44", status=406
    )
    extra = change("/extra", {})
    await rig.ask("PATCH", f"/nodes/{uuid}?reset_interfaces=true", extra, status=400)

    shown = await rig.ask("PATCH", f"/nodes/{uuid}?reset_interfaces=true", patch)

    assert (shown["driver"], shown["power_interface"]) == ("ipmi", "ipmitool")


async def test_an_interface_removed_is_the_default_again(rig: Rig) -> None:
    uuid = await rig.enroll(raid_interface="no-raid")
    shown = await rig.ask("PATCH", f"/nodes/{uuid}", change("/raid_interface", op="remove"))
    assert shown["raid_interface"] == "fake"


async def test_maintenance_forgets_its_reason(rig: Rig) -> None:
    uuid = await rig.enroll()
    await rig.ask("PUT", f"/nodes/{uuid}/maintenance", {"reason": "dust"}, status=202)
    assert (await rig.ask("GET", f"/nodes/{uuid}"))["maintenance_reason"] == "dust"

    await rig.ask("PATCH", f"/nodes/{uuid}", change("/maintenance", "false"))

    assert (await rig.ask("GET", f"/nodes/{uuid}"))["maintenance_reason"] is None
    await rig.ask("PUT", f"/nodes/{uuid}/maintenance", status=202)
    await rig.ask("DELETE", f"/nodes/{uuid}/maintenance", status=202)
    assert (await rig.ask("GET", f"/nodes/{uuid}"))["maintenance"] is False


async def active(rig: Rig, **more: Any) -> str:
    uuid = await rig.enroll(**more)
    for verb, state in (("manage", "manageable"), ("provide", "available"), ("active", "active")):
        await rig.provision(uuid, verb)
        await rig.reach(uuid, state)
    return uuid


async def test_what_a_deployed_node_holds_fast(rig: Rig) -> None:
    instance = str(uuid4())
    uuid = await active(rig, resource_class="x", owner="p-member", instance_uuid=instance)
    node = f"/nodes/{uuid}"

    await rig.ask("PATCH", node, change("/resource_class", "y"), status=409)
    await rig.ask("PATCH", node, change("/raid_interface", "no-raid"), status=409)
    await rig.ask("PATCH", node, change("/instance_uuid", str(uuid4())), status=409)
    await rig.ask("DELETE", node, status=409)
    await rig.ask("PATCH", node, change("/protected", value=True))
    for verb in ("deleted", "rebuild"):
        body = {"target": verb}
        await rig.ask("PUT", f"{node}/states/provision", body, status=403)
    both = [*change("/maintenance", value=True), *change("/protected_reason", "mine")]
    await rig.ask("PATCH", node, both)
    await rig.ask("DELETE", node, status=403)
    shown = await rig.ask("PATCH", node, change("/protected", value=False))
    assert shown["protected_reason"] is None
    await rig.ask("PATCH", node, change("/instance_uuid", op="remove"))
    await rig.ask("DELETE", node, status=204)


async def test_protected_and_retired_have_their_states(rig: Rig) -> None:
    uuid = await rig.enroll()
    await rig.ask("PATCH", f"/nodes/{uuid}", change("/protected", value=True), status=409)
    await rig.ask("PATCH", f"/nodes/{uuid}", change("/retired", value=True))
    await rig.provision(uuid, "manage")
    await rig.reach(uuid, "manageable")
    body = {"target": "provide"}
    await rig.ask("PUT", f"/nodes/{uuid}/states/provision", body, status=403)
    await rig.ask("PATCH", f"/nodes/{uuid}", change("/retired", value=False))
    await rig.provision(uuid, "provide")
    await rig.reach(uuid, "available")
    await rig.ask("PATCH", f"/nodes/{uuid}", change("/retired", value=True), status=409)


async def test_validation_tells_each_interface(rig: Rig) -> None:
    uuid = await rig.enroll(rescue_interface="no-rescue")
    for path in (f"/nodes/{uuid}/validate", f"/nodes/validate?node={uuid}"):
        verdict = await rig.ask("GET", path)
        assert verdict["power"] == {"result": True}
        assert verdict["rescue"] == {"result": None, "reason": "not supported"}


async def test_traits_are_set_added_and_removed(rig: Rig) -> None:
    uuid = await rig.enroll()
    traits = f"/nodes/{uuid}/traits"

    await rig.ask("PUT", traits, {"traits": ["HW_CPU_X86_VMX", "CUSTOM_B", "CUSTOM_B"]}, status=204)
    await rig.ask("PUT", f"{traits}/CUSTOM_A", status=204)
    assert (await rig.ask("GET", traits))["traits"] == ["CUSTOM_A", "CUSTOM_B", "HW_CPU_X86_VMX"]
    await rig.ask("DELETE", f"{traits}/CUSTOM_B", status=204)
    await rig.ask("DELETE", f"{traits}/CUSTOM_B", status=404)
    await rig.ask("PUT", f"{traits}/LOUD", status=400)
    await rig.ask("PUT", traits, {"traits": [f"CUSTOM_{n}" for n in range(51)]}, status=400)
    assert (await rig.ask("GET", traits))["traits"] == ["CUSTOM_A", "HW_CPU_X86_VMX"]
    await rig.ask("DELETE", traits, status=204)
    assert (await rig.ask("GET", traits))["traits"] == []
    await rig.ask("GET", traits, version="1.36", status=406)
    await rig.ask("PUT", traits, {"traits": []}, version="1.36", status=405)
    await rig.ask("DELETE", traits, version="1.36", status=404)
