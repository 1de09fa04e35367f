"""Ports: the NICs of nodes, and the groups they may join."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig

pytestmark = pytest.mark.anyio
MAC = "52:54:00:00:00:01"


async def make(rig: Rig, node: str, address: str = MAC, **more: Any) -> dict[str, Any]:
    body = {"node_uuid": node, "address": address, **more}
    return await rig.ask("POST", "/ports", body, status=201)


def patch(path: str, value: Any = None, op: str = "replace") -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value}]


async def test_a_port_is_made_shown_changed_and_forgotten(rig: Rig) -> None:
    node = await rig.enroll()
    made = await make(rig, node, "52:54:00:AA:BB:CC", extra={"a": 1}, name="eth0")
    assert made["address"] == "52:54:00:aa:bb:cc"
    path = f"/ports/{made['uuid']}"

    assert await rig.ask("GET", path) == made
    assert await rig.ask("GET", "/ports/eth0") == made
    await rig.ask("PATCH", path, [*patch("/extra/a", 2), *patch("/description", "NIC 1")])
    shown = await rig.ask("GET", path)
    assert (shown["extra"], shown["description"]) == ({"a": 2}, "NIC 1")
    assert shown["updated_at"]

    await rig.ask("DELETE", path, status=204)
    await rig.ask("GET", path, status=404)


async def test_what_may_not_be_is_refused(rig: Rig) -> None:
    node = await rig.enroll()
    made = await make(rig, node)
    path = f"/ports/{made['uuid']}"
    nowhere = "11111111-1111-1111-1111-111111111111"
    for body, status in (
        ({"node_uuid": node, "address": "malformed:mac"}, 400),
        ({"node_uuid": node}, 400),
        ({"address": "52:54:00:00:00:02"}, 400),
        ({"node_uuid": nowhere, "address": "52:54:00:00:00:02"}, 400),
        ({"node_uuid": node, "address": MAC.upper()}, 409),
        ({"node_uuid": node, "address": "52:54:00:00:00:02", "uuid": made["uuid"]}, 409),
        ({"node_uuid": node, "address": "52:54:00:00:00:02", "physical_network": ""}, 400),
        ({"node_uuid": node, "address": "52:54:00:00:00:02", "portgroup_uuid": nowhere}, 400),
        ({"node_uuid": node, "address": "52:54:00:00:00:02", "is_smartnic": True}, 400),
        (
            {
                "node_uuid": node,
                "address": "52:54:00:00:00:02",
                "local_link_connection": {"switch_id": "nonsense", "port_id": "1"},
            },
            400,
        ),
    ):
        await rig.ask("POST", "/ports", body, status=status)
    for change, status in (
        (patch("/address", op="remove"), 400),
        (patch("/uuid", op="remove"), 400),
        (patch("/nonexistent", "x"), 400),
        (patch("/node_uuid", nowhere), 400),
        (patch("/node_uuid", "malformed"), 400),
        (patch("/internal_info", {}), 400),
    ):
        await rig.ask("PATCH", path, change, status=status)
    assert (await rig.ask("GET", path)) == made
    await rig.ask("GET", f"/ports/{MAC}", status=400)
    await rig.ask("DELETE", f"/ports/{MAC}", status=400)
    await rig.ask("GET", f"/ports/{nowhere}", status=404)


async def test_fields_and_filters_have_their_microversions(rig: Rig) -> None:
    node = await rig.enroll(name="rack-1")
    await make(rig, node, physical_network="physnet1")
    await make(rig, node, "52:54:00:00:00:02")

    old = await rig.ask("GET", "/ports/detail", version="1.1")
    assert set(old["ports"][0]) == {
        "uuid",
        "address",
        "extra",
        "node_uuid",
        "links",
        "created_at",
        "updated_at",
    }
    brief = await rig.ask("GET", f"/ports?address={MAC}")
    assert [set(one) for one in brief["ports"]] == [{"uuid", "address", "links"}]
    assert len((await rig.ask("GET", "/ports?node=rack-1&limit=1"))["ports"]) == 1
    few = await rig.ask("GET", "/ports?fields=physical_network&sort_key=address&sort_dir=desc")
    assert [one["physical_network"] for one in few["ports"]] == [None, "physnet1"]
    body = {"node_uuid": node, "address": "52:54:00:00:00:03", "physical_network": "p"}
    for method, path, given, version, status in (
        ("GET", "/ports?fields=physical_network", None, "1.33", 406),
        ("GET", "/ports?fields=nonsense", None, "1.33", 400),
        ("GET", "/ports?fields=uuid", None, "1.7", 406),
        ("GET", "/ports?sort_key=extra", None, "1.33", 400),
        ("GET", "/ports?shard=a", None, "1.81", 406),
        ("GET", "/ports?detail=true&fields=uuid", None, "1.43", 400),
        ("GET", f"/ports?node={node}&shard=a", None, "1.82", 400),
        ("POST", "/ports", body, "1.33", 406),
    ):
        await rig.ask(method, path, given, version=version, status=status)


async def test_wiring_changes_only_where_nothing_runs_on_it(rig: Rig) -> None:
    node = await rig.enroll()
    path = f"/ports/{(await make(rig, node))['uuid']}"
    await rig.change(node, provision_state="active")

    for change in (patch("/address", "52:54:00:00:00:09"), patch("/pxe_enabled", False)):
        await rig.ask("PATCH", path, change, status=409)

    await rig.ask("PATCH", path, patch("/extra", {"rack": 1}))
    await rig.change(node, maintenance=True)
    changed = await rig.ask("PATCH", path, patch("/pxe_enabled", False))
    assert changed["pxe_enabled"] is False


async def test_a_port_that_carries_a_vif_stays(rig: Rig) -> None:
    node = await rig.enroll(network_interface="flat")
    path = f"/ports/{(await make(rig, node))['uuid']}"
    vif = {"id": "11111111-1111-1111-1111-111111111111"}
    await rig.ask("POST", f"/nodes/{node}/vifs", vif, status=204)

    await rig.ask("DELETE", path, status=409)

    await rig.ask("DELETE", f"/nodes/{node}/vifs/{vif['id']}", status=204)
    await rig.ask("DELETE", path, status=204)


async def test_members_of_a_group_share_its_physical_network(rig: Rig) -> None:
    node = await rig.enroll()
    group = await rig.ask("POST", "/portgroups", {"node_uuid": node, "name": "bond0"}, status=201)
    uuid = group["uuid"]
    assert (group["mode"], group["standalone_ports_supported"]) == ("active-backup", True)
    first = await make(rig, node, portgroup_uuid=uuid, physical_network="physnet1")
    assert (await rig.ask("GET", "/portgroups/bond0"))["physical_network"] == "physnet1"
    other = {"node_uuid": node, "address": "52:54:00:00:00:02", "physical_network": "physnet2"}

    await rig.ask("POST", "/ports", {**other, "portgroup_uuid": uuid}, status=409)

    loose = await rig.ask("POST", "/ports", other, status=201)
    join = patch("/portgroup_uuid", uuid)
    await rig.ask("PATCH", f"/ports/{loose['uuid']}", join, status=409)
    leave = patch("/physical_network", "physnet2")
    await rig.ask("PATCH", f"/ports/{first['uuid']}", leave, status=400)
    await rig.ask("PATCH", "/portgroups/bond0", leave)
    assert (await rig.ask("GET", f"/ports/{first['uuid']}"))["physical_network"] == "physnet2"
    await rig.ask("PATCH", f"/ports/{loose['uuid']}", join)
    listed = await rig.ask("GET", "/portgroups/bond0/ports")
    assert {one["uuid"] for one in listed["ports"]} == {first["uuid"], loose["uuid"]}
    await rig.ask("DELETE", "/portgroups/bond0", status=400)


async def test_a_group_without_standalone_ports_has_none_that_boot(rig: Rig) -> None:
    node = await rig.enroll()
    body = {"node_uuid": node, "standalone_ports_supported": False}
    group = (await rig.ask("POST", "/portgroups", body, status=201))["uuid"]
    new = {"node_uuid": node, "address": MAC, "portgroup_uuid": group}

    await rig.ask("POST", "/ports", {**new, "pxe_enabled": True}, status=409)

    made = await rig.ask("POST", "/ports", {**new, "pxe_enabled": False}, status=201)
    change = patch("/pxe_enabled", True)
    await rig.ask("PATCH", f"/ports/{made['uuid']}", change, status=409)


async def test_groups_are_there_from_1_23_on(rig: Rig) -> None:
    node = await rig.enroll()
    await rig.ask("GET", "/portgroups", version="1.22", status=404)
    body = {"node_uuid": node, "address": MAC, "extra": {"a": 1}}
    await rig.ask("POST", "/portgroups", body, version="1.22", status=404)
    made = await rig.ask("POST", "/portgroups", body, version="1.23", status=201)
    assert "mode" not in made
    path = f"/portgroups/{made['uuid']}"
    assert (await rig.ask("GET", f"{path}.json", version="1.90"))["uuid"] == made["uuid"]
    await rig.ask("GET", f"{path}.json", version="1.91", status=404)
    await rig.ask("PATCH", path, patch("/mode", op="remove"), status=400)
    await rig.ask("PATCH", path, patch("/extra", op="remove"))
    assert (await rig.ask("GET", path))["extra"] == {}
    await rig.ask("POST", "/portgroups", body, status=409)
    await rig.ask("DELETE", path, status=204)


async def test_what_is_below_a_node_is_its_owners_and_lessees(rig: Rig) -> None:
    node = await rig.enroll(owner="p-member", lessee="p-other")
    port = (await make(rig, node))["uuid"]
    path = f"/ports/{port}"
    hidden = await rig.enroll()
    unseen = (await make(rig, hidden, "52:54:00:00:00:02"))["uuid"]

    for who in ("manager", "member", "reader", "other"):
        listed = await rig.ask("GET", "/ports", who=who)
        assert [one["uuid"] for one in listed["ports"]] == [port]
        await rig.ask("GET", path, who=who)
        await rig.ask("GET", f"/ports/{unseen}", who=who, status=404)
    change = patch("/extra", {"a": 1})
    for who in ("member", "reader", "other"):
        await rig.ask("PATCH", path, change, who=who, status=403)
        await rig.ask("DELETE", path, who=who, status=403)
        body = {"node_uuid": node, "address": "52:54:00:00:00:03"}
        await rig.ask("POST", "/ports", body, who=who, status=403)
    await rig.ask("PATCH", path, change, who="manager")
    await rig.ask("DELETE", path, who="manager", status=204)
    await rig.ask("GET", "/ports", who="nobody", status=401)


async def test_work_on_a_node_holds_its_ports_but_lets_new_ones_in(rig: Rig) -> None:
    node = await rig.enroll(deploy_interface="direct", inspect_interface="agent")
    path = f"/ports/{(await make(rig, node))['uuid']}"
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    rig.agents.silent = True
    await rig.provision(node, "inspect")
    await rig.until_state(node, "inspect wait")

    body = {"node_uuid": node, "address": "52:54:00:00:00:02"}
    await rig.ask("POST", "/ports", body, status=201)
    refused = await rig.ask("PATCH", path, patch("/extra", {"a": 1}), status=409)
    assert "is locked by host" in refused["error_message"]
    await rig.ask("DELETE", path, status=409)
