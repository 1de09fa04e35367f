"""/snapshots: what they are for, in which states, and whose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.block_storage.conftest import Cloud, attach
from tests.api.block_storage.test_volumes import NOWHERE
from unkai.block_storage.actions.audit_volumes import audit_volumes

pytestmark = pytest.mark.anyio


async def test_a_snapshot_is_made_shown_changed_and_deleted(cloud: Cloud) -> None:
    volume = await cloud.make(size=2)

    made = await cloud.snap(volume["id"], name="one", metadata={"a": "b"})
    path = f"/snapshots/{made['id']}"

    assert (made["size"], made["volume_id"]) == (2, volume["id"])
    assert made["os-extended-snapshot-attributes:progress"] == "100%"
    changed = await cloud.call("PUT", path, json={"snapshot": {"description": "d"}})
    assert changed.json()["snapshot"]["description"] == "d"
    said = await cloud.call("POST", f"{path}/metadata", json={"metadata": {"c": "d"}})
    assert said.json() == {"metadata": {"a": "b", "c": "d"}}
    assert (await cloud.call("GET", f"{path}/metadata/c")).json() == {"meta": {"c": "d"}}
    assert (await cloud.call("DELETE", f"{path}/metadata/c")).status_code == 200
    assert await cloud.ids("/snapshots?metadata={'a': 'b'}") == [made["id"]]
    assert await cloud.ids(f"/snapshots?volume_id={NOWHERE}") == []
    assert (await cloud.call("DELETE", path)).status_code == 202
    await cloud.gone("snapshots", made["id"])
    assert cloud.driver.snapshots == {}
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"


async def test_only_the_owner_has_to_do_with_it(cloud: Cloud) -> None:
    volume = await cloud.make()
    made = await cloud.snap(volume["id"])
    path = f"/snapshots/{made['id']}"
    new: dict[str, Any] = {"snapshot": {"volume_id": volume["id"]}}

    assert (await cloud.call("GET", path, "other")).status_code == 404
    assert (await cloud.call("DELETE", path, "other")).status_code == 404
    assert (await cloud.call("DELETE", path, "reader")).status_code == 403
    assert (await cloud.call("POST", "/snapshots", "other", json=new)).status_code == 404
    child = {"volume": {"size": 1, "snapshot_id": made["id"]}}
    assert (await cloud.call("POST", "/volumes", "other", json=child)).status_code == 404
    assert (await cloud.call("POST", "/snapshots", json={"snapshot": {}})).status_code == 400
    missing = {"snapshot": {"volume_id": NOWHERE}}
    assert (await cloud.call("POST", "/snapshots", json=missing)).status_code == 404


async def test_a_volume_in_use_is_frozen_through_its_guest(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])
    new = {"snapshot": {"volume_id": volume["id"]}}

    refused = await cloud.call("POST", "/snapshots", json=new, version="3.65")
    assert refused.status_code == 400
    await cloud.snap(volume["id"])

    assert [one.volume_id for one in cloud.guest.switched] == [volume["id"]]


async def test_a_guest_that_is_away_costs_the_snapshot_alone(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])
    cloud.guest.away = True

    made = await cloud.snap(volume["id"], rest="error")

    assert cloud.driver.snapshots == {}
    found = await cloud.show("volumes", volume["id"])
    assert found["status"] == "in-use"
    assert (await cloud.call("DELETE", f"/snapshots/{made['id']}")).status_code == 202
    await cloud.gone("snapshots", made["id"])


async def test_administrators_and_agents_set_a_status(cloud: Cloud) -> None:
    volume = await cloud.make()
    made = await cloud.snap(volume["id"])
    path = f"/snapshots/{made['id']}/action"

    async def say(name: str, said: Any, who: str = "admin") -> int:
        return (await cloud.call("POST", path, who, json={name: said})).status_code

    assert await say("os-reset_status", {"status": "creating"}, "member") == 403
    assert await say("os-reset_status", {"status": "fine"}) == 400
    assert await say("os-reset_status", {"status": "creating"}) == 202
    assert (await cloud.call("DELETE", f"/snapshots/{made['id']}")).status_code == 400
    report = {"status": "available", "progress": "80%"}
    assert await say("os-update_snapshot_status", report) == 202
    assert await say("os-update_snapshot_status", {"status": "error"}) == 400
    assert await say("os-reset_status", {"status": "deleting"}) == 202
    assert await say("os-force_delete", {}) == 202
    await cloud.gone("snapshots", made["id"])


async def test_a_snapshot_is_unmanaged_and_managed_again(cloud: Cloud) -> None:
    volume, other = await cloud.make(), await cloud.make()
    snapshot = await cloud.snap(volume["id"], name="first")
    path = f"/snapshots/{snapshot['id']}/action"
    assert (await cloud.call("POST", path, json={"os-unmanage": {}})).status_code == 403
    answer = await cloud.call("POST", path, "admin", json={"os-unmanage": {}})
    assert answer.status_code == 202, answer.text
    await cloud.gone("snapshots", snapshot["id"])
    assert await audit_volumes(cloud.block) == []
    listed = (await cloud.call("GET", "/manageable_snapshots?host=unkai@fake", "admin")).json()
    name = f"_snapshot-{snapshot['id']}"
    (found,) = listed["manageable-snapshots"]
    assert found["reference"] == {"source-name": name}
    assert (found["size"], found["source_reference"]) == (1, {"source-id": volume["id"]})

    for of, ref in ((other["id"], name), (volume["id"], "_snapshot-x"), (volume["id"], None)):
        body = {"snapshot": {"volume_id": of, "ref": {"source-name": ref}}}
        refused = await cloud.call("POST", "/manageable_snapshots", "admin", json=body)
        assert refused.status_code == 400, refused.text
    body = {"snapshot": {"volume_id": volume["id"], "ref": {"source-name": name}, "name": "again"}}
    answer = await cloud.call("POST", "/os-snapshot-manage", "admin", json=body)
    assert answer.status_code == 202, answer.text
    made = answer.json()["snapshot"]
    assert not any(name.startswith("os-extended") for name in made)  # as Cinder's own answer
    shown = await cloud.settled("snapshots", made["id"], "available")
    assert (shown["name"], shown["volume_id"], shown["size"]) == ("again", volume["id"], 1)
    assert (await cloud.show("volumes", volume["id"]))["status"] == "available"
    assert await audit_volumes(cloud.block) == []
