"""Chassis: what nodes stand in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig

pytestmark = pytest.mark.anyio


async def test_a_chassis_is_made_changed_and_forgotten(rig: Rig) -> None:
    made = await rig.ask("POST", "/chassis", {"description": "row 1 ♡ 雲"}, status=201)
    path = f"/chassis/{made['uuid']}"
    assert made["extra"] == {}
    assert len(made["nodes"]) == 2

    change = [{"op": "replace", "path": "/description", "value": "row 2"}]
    await rig.ask("PATCH", path, change)

    shown = await rig.ask("GET", path)
    assert shown["description"] == "row 2"
    listed = await rig.ask("GET", "/chassis")
    assert [one["description"] for one in listed["chassis"]] == ["row 2"]
    assert "extra" not in listed["chassis"][0]
    assert (await rig.ask("GET", "/chassis/detail"))["chassis"] == [shown]
    await rig.ask("POST", "/chassis", {"uuid": made["uuid"]}, status=409)
    await rig.ask("DELETE", path, status=204)
    await rig.ask("GET", path, status=404)


async def test_a_chassis_with_nodes_stays(rig: Rig) -> None:
    chassis = (await rig.ask("POST", "/chassis", {}, status=201))["uuid"]
    node = await rig.enroll(chassis_uuid=chassis)
    await rig.enroll()

    listed = await rig.ask("GET", f"/chassis/{chassis}/nodes")

    assert [one["uuid"] for one in listed["nodes"]] == [node]
    await rig.ask("DELETE", f"/chassis/{chassis}", status=400)


async def test_chassis_are_the_clouds_business(rig: Rig) -> None:
    made = await rig.ask("POST", "/chassis", {}, status=201)
    requests: list[tuple[str, str, Any]] = [
        ("GET", "/chassis", None),
        ("GET", f"/chassis/{made['uuid']}", None),
        ("POST", "/chassis", {}),
        ("PATCH", f"/chassis/{made['uuid']}", []),
        ("DELETE", f"/chassis/{made['uuid']}", None),
    ]
    for method, path, body in requests:
        await rig.ask(method, path, body, who="manager", status=403)
        await rig.ask(method, path, body, who="nobody", status=401)
    await rig.ask("GET", "/chassis/nonsense", status=400)
