"""Groups: frozen, copied and deleted as one, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.block_storage.conftest import Cloud

pytestmark = pytest.mark.anyio


async def make_group(cloud: Cloud, name: str = "pair") -> Any:
    kind = {"group_type": {"name": f"kind-{name}"}}
    assert (await cloud.call("POST", "/group_types", "admin", json=kind)).status_code == 202
    body = {"group_type": f"kind-{name}", "volume_types": ["__DEFAULT__"], "name": name}
    answer = await cloud.call("POST", "/groups", json={"group": body})
    assert answer.status_code == 202, answer.text
    return answer.json()["group"]


async def act(cloud: Cloud, path: str, name: str, said: Any, who: str = "member") -> Any:
    return await cloud.call("POST", f"{path}/action", who, json={name: said})


async def test_a_group_is_frozen_copied_and_deleted_as_one(cloud: Cloud) -> None:
    group = await make_group(cloud)
    path = f"/groups/{group['id']}"
    inside = [await cloud.make(group_id=group["id"]) for _ in range(2)]
    cloud.driver.write(inside[0]["id"], 0, b"one")

    body = {"group_snapshot": {"group_id": group["id"], "name": "then"}}
    frozen = (await cloud.call("POST", "/group_snapshots", json=body)).json()["group_snapshot"]
    await cloud.settled("group_snapshots", frozen["id"], "available")
    assert len(await cloud.ids("/snapshots")) == 2
    said = {"group_snapshot_id": frozen["id"], "name": "copy"}
    copied = (await act(cloud, "/groups", "create-from-src", said)).json()["group"]
    await cloud.settled("groups", copied["id"], "available")
    copies = await cloud.ids(f"/volumes?group_id={copied['id']}")
    assert {bytes(cloud.driver.volumes[one].chunks.get(0, b"")) for one in copies} == {b"one", b""}

    assert (await cloud.call("DELETE", f"/volumes/{inside[0]['id']}")).status_code == 400
    whole = {"delete-volumes": True}
    assert (await act(cloud, path, "delete", whole)).status_code == 400  # it has a snapshot
    gone = await cloud.call("DELETE", f"/group_snapshots/{frozen['id']}")
    assert gone.status_code == 202
    await cloud.gone("group_snapshots", frozen["id"])
    assert (await act(cloud, path, "delete", {})).status_code == 400  # it is not empty
    assert (await act(cloud, path, "delete", whole)).status_code == 202
    await cloud.gone("groups", group["id"])
    assert set(await cloud.ids("/volumes")) == set(copies)


async def test_volumes_join_and_leave(cloud: Cloud) -> None:
    group = await make_group(cloud)
    path = f"/groups/{group['id']}"
    volume = await cloud.make()

    async def change(who: str = "member", **said: str) -> int:
        return (await cloud.call("PUT", path, who, json={"group": said})).status_code

    assert await change(add_volumes=volume["id"]) == 202
    assert (await cloud.show("volumes", volume["id"]))["group_id"] == group["id"]
    assert await change(remove_volumes=volume["id"]) == 202
    assert await change(remove_volumes=volume["id"]) == 400
    assert await change() == 400
    assert await change("other", name="mine") == 404
    assert await change("reader", name="mine") == 403
    other = {"volume": {"size": 1, "group_id": group["id"]}}
    assert (await cloud.call("POST", "/volumes", "other", json=other)).status_code == 404
