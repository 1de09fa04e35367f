"""Allocations: a node is asked for, chosen and given back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.baremetal.rig import Outside, Rig, opened

pytestmark = pytest.mark.anyio


async def available(rig: Rig, **more: Any) -> str:
    """A node that could be had at once."""
    node = await rig.enroll(resource_class="gold", **more)
    await rig.change(node, provision_state="available", power_state="power off")
    return node


async def allocate(rig: Rig, who: str = "admin", **body: Any) -> dict[str, Any]:
    """The allocation, once it is decided."""
    body = {"resource_class": "gold", **body}
    made = await rig.ask("POST", "/allocations", body, who=who, status=201)
    assert (made["state"], made["node_uuid"]) == ("allocating", None)
    return await decided(rig, made["uuid"])


async def decided(rig: Rig, uuid: str) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    async def done() -> bool:
        shown.update(await rig.ask("GET", f"/allocations/{uuid}"))
        return shown["state"] != "allocating"

    await rig.until(done)
    return shown


async def test_a_node_is_chosen_and_given_back(rig: Rig) -> None:
    node = await available(rig)

    given = await allocate(rig, name="mine")

    assert (given["state"], given["node_uuid"], given["last_error"]) == ("active", node, None)
    shown = await rig.ask("GET", f"/nodes/{node}")
    assert shown["allocation_uuid"] == shown["instance_uuid"] == given["uuid"]
    assert shown["instance_info"] == {"traits": []}
    assert await rig.ask("GET", f"/nodes/{node}/allocation") == given
    await rig.ask("DELETE", "/allocations/mine", status=204)
    shown = await rig.ask("GET", f"/nodes/{node}")
    assert (shown["allocation_uuid"], shown["instance_uuid"]) == (None, None)
    await rig.ask("GET", f"/nodes/{node}/allocation", status=404)


async def test_a_node_is_never_given_twice(rig: Rig) -> None:
    nodes = {await available(rig) for _ in range(3)}

    given = await asyncio.gather(*(allocate(rig) for _ in range(5)))

    won = [one["node_uuid"] for one in given if one["state"] == "active"]
    assert sorted(won) == sorted(nodes)
    lost = [one for one in given if one["state"] == "error"]
    assert len(lost) == 2
    assert all("no available nodes match" in one["last_error"] for one in lost)


async def test_only_what_fits_is_chosen(rig: Rig) -> None:
    plain = await available(rig, name="plain")
    able = await available(rig)
    await rig.change(able, traits=["CUSTOM_FAST"])
    for odd in ({"maintenance": True}, {"power_state": None}, {"provision_state": "manageable"}):
        await rig.change(await available(rig), **odd)

    assert (await allocate(rig, traits=["CUSTOM_FAST"]))["node_uuid"] == able
    assert (await allocate(rig, candidate_nodes=["plain"]))["candidate_nodes"] == [plain]
    failed = await allocate(rig)
    assert (failed["state"], failed["node_uuid"]) == ("error", None)
    wishes: tuple[dict[str, Any], ...] = ({"resource_class": "lead"}, {"traits": ["CUSTOM_SLOW"]})
    for wish in wishes:
        assert (await allocate(rig, **wish))["last_error"]


async def test_an_active_node_is_backfilled_at_once(rig: Rig) -> None:
    node = await rig.enroll(resource_class="gold")
    body = {"node": node}
    await rig.ask("POST", "/allocations", body, status=409)
    await rig.change(node, provision_state="active")

    await rig.ask("POST", "/allocations", body, version="1.57", status=400)
    made = await rig.ask("POST", "/allocations", body, status=201)

    assert (made["state"], made["node_uuid"], made["resource_class"]) == ("active", node, "gold")
    assert (await rig.ask("GET", f"/nodes/{node}"))["allocation_uuid"] == made["uuid"]
    await rig.ask("DELETE", f"/allocations/{made['uuid']}", status=409)
    await rig.change(node, maintenance=True)
    await rig.ask("DELETE", f"/nodes/{node}/allocation", status=204)


async def test_name_and_extra_can_be_changed(rig: Rig) -> None:
    uuid = (await allocate(rig))["uuid"]
    path = f"/allocations/{uuid}"
    change = [{"op": "replace", "path": "/name", "value": "new"}]

    assert (await rig.ask("PATCH", path, change))["name"] == "new"

    await rig.ask("PATCH", path, change, version="1.56", status=405)
    wrong = [{"op": "replace", "path": "/resource_class", "value": "lead"}]
    await rig.ask("PATCH", path, wrong, status=400)
    body = {"resource_class": "gold", "name": "new"}
    await rig.ask("POST", "/allocations", body, status=409)
    for bad in ({}, {"resource_class": "gold", "name": "a/b"}, {"node": "nowhere"}):
        await rig.ask("POST", "/allocations", bad, status=400)


async def test_allocations_are_their_projects(rig: Rig) -> None:
    await available(rig)
    mine = await available(rig, lessee="p-member")

    given = await allocate(rig)
    assert given["node_uuid"] is not None
    uuid = (
        await rig.ask("POST", "/allocations", {"resource_class": "gold"}, who="member", status=201)
    )["uuid"]

    shown = await decided(rig, uuid)
    assert shown["owner"] == "p-member"
    assert shown["node_uuid"] in (mine, None)
    listed = await rig.ask("GET", "/allocations", who="member")
    assert [one["uuid"] for one in listed["allocations"]] == [uuid]
    assert (await rig.ask("GET", "/allocations", who="other"))["allocations"] == []
    path = f"/allocations/{uuid}"
    await rig.ask("GET", path, who="other", status=404)
    await rig.ask("DELETE", path, who="reader", status=403)
    body = {"resource_class": "gold", "owner": "p-admin"}
    await rig.ask("POST", "/allocations", body, who="member", status=403)
    await rig.ask("POST", "/allocations", body, who="reader", status=403)
    await rig.ask("DELETE", path, who="member", status=204)


async def test_old_versions_have_none(rig: Rig) -> None:
    body = {"resource_class": "gold"}
    await rig.ask("GET", "/allocations", version="1.51", status=404)
    await rig.ask("POST", "/allocations", body, version="1.51", status=405)
    await rig.ask("GET", "/allocations?owner=x", version="1.59", status=406)
    await rig.ask("GET", "/nodes/None/allocation", version="1.52", status=400)


async def test_a_crash_leaves_no_allocation_undecided(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await available(rig)
        body = {"resource_class": "gold"}
        uuid = (await rig.ask("POST", "/allocations", body, status=201))["uuid"]

    async with opened(outside) as rig:
        assert (await decided(rig, uuid))["node_uuid"] == node
    await outside.agents.stop()
