"""Volume connectors and targets: what a node boots from over the network, and as whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig

pytestmark = pytest.mark.anyio
CONNECTOR = {"type": "iqn", "connector_id": "iqn.2017-07.org.example:1"}
TARGET = {"volume_type": "iscsi", "volume_id": "vol-1", "boot_index": 0}


def patch(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "replace", "path": path, "value": value}]


@pytest.mark.parametrize(
    ("key", "body", "clash", "change"),
    [
        (
            "connectors",
            CONNECTOR,
            "with type iqn and connector ID iqn.2017-07.org.example:1",
            patch("/connector_id", "iqn.other"),
        ),
        ("targets", TARGET, "with boot index '0' for the same node", patch("/volume_id", "vol-2")),
    ],
)
async def test_it_changes_only_while_the_machine_is_off(
    rig: Rig, key: str, body: dict[str, Any], clash: str, change: list[dict[str, Any]]
) -> None:
    node = await rig.enroll()
    noun = f"volume {key.removesuffix('s')}"
    all_of_them = f"/volume/{key}"
    made = await rig.ask("POST", all_of_them, {**body, "node_uuid": node}, status=201)
    path = f"{all_of_them}/{made['uuid']}"
    assert await rig.ask("GET", path) == made
    refused = await rig.ask("POST", all_of_them, {**body, "node_uuid": node}, status=409)
    assert f"A {noun} {clash} already exists." in refused["error_message"]

    await rig.change(node, power_state="power on", provision_state="available")
    for method, given, action in (("PATCH", change, "update"), ("DELETE", None, "deletion")):
        refused = await rig.ask(method, path, given, status=400)
        assert f'The requested action \\"{noun} {action}\\"' in refused["error_message"]

    await rig.change(node, power_state="power off")
    field = change[0]["path"][1:]
    assert (await rig.ask("PATCH", path, change))[field] == change[0]["value"]
    for listing in (all_of_them, f"/nodes/{node}/volume/{key}"):
        listed = await rig.ask("GET", f"{listing}?detail=true")
        assert [one[field] for one in listed[key]] == [change[0]["value"]]
    await rig.ask("DELETE", path, status=204)
    await rig.ask("GET", path, status=404)
    await rig.ask("GET", all_of_them, version="1.31", status=404)
    assert (await rig.ask("GET", "/volume"))[key][0]["href"].endswith(f"/v1/volume/{key}")


async def test_what_a_target_holds_is_not_for_everybody(rig: Rig) -> None:
    node = await rig.enroll(owner="p-member")
    body = {**TARGET, "node_uuid": node, "properties": {"auth_password": "s3cret", "lun": 1}}
    made = await rig.ask("POST", "/volume/targets", body, status=201)
    assert made["properties"] == {"auth_password": "******", "lun": 1}
    path = f"/volume/targets/{made['uuid']}"

    seen = await rig.ask("GET", path, who="reader")

    assert list(seen["properties"]) == ["redacted_contents"]
    await rig.ask("GET", path, who="other", status=404)
    await rig.ask("DELETE", path, who="member", status=403)
    await rig.ask("DELETE", path, who="manager", status=204)


async def test_odd_bodies_are_refused(rig: Rig) -> None:
    node = await rig.enroll()
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("connectors", {"node_uuid": node, "type": "iqn"}),
        ("connectors", {**CONNECTOR, "node_uuid": "malformed"}),
        ("connectors", {**CONNECTOR, "node_uuid": "11111111-1111-1111-1111-111111111111"}),
        ("targets", {**TARGET, "node_uuid": node, "boot_index": "first"}),
        ("targets", {**TARGET, "node_uuid": node, "extra": []}),
    ]
    for key, body in wrong:
        await rig.ask("POST", f"/volume/{key}", body, status=400)
    await rig.ask("GET", "/volume/connectors/nonsense", status=400)
