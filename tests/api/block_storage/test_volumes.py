"""/volumes: made of every source, listed, changed, deleted; and what bad input gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.block_storage.conftest import GIB, Cloud

pytestmark = pytest.mark.anyio
NOWHERE = "11111111-2222-3333-4444-555555555555"


async def test_a_blank_volume_is_made_and_shown(cloud: Cloud) -> None:
    made = await cloud.make(name="data", description="mine", metadata={"a": "b"})

    assert (made["name"], made["size"], made["status"]) == ("data", 1, "available")
    assert made["volume_type"] == "__DEFAULT__"
    assert made["metadata"] == {"a": "b"}
    assert made["bootable"] == "false"
    assert made["os-vol-tenant-attr:tenant_id"] == "p-member"
    assert "os-vol-host-attr:host" not in made
    assert cloud.driver.volumes[made["id"]].size == GIB
    seen = await cloud.show("volumes", made["id"], "admin")
    assert seen["os-vol-host-attr:host"] == "unkai@fake#fake"


async def test_the_project_may_be_in_the_url_if_it_is_the_tokens(cloud: Cloud) -> None:
    made = await cloud.make()

    own = await cloud.call("GET", f"/p-member/volumes/{made['id']}")
    other = await cloud.call("GET", f"/p-other/volumes/{made['id']}")

    assert own.status_code == 200
    assert "/v3/p-member/volumes/" in own.json()["volume"]["links"][0]["href"]
    assert other.status_code == 400
    assert other.json()["badRequest"]["code"] == 400


async def test_a_volume_of_an_image_boots_and_remembers_it(cloud: Cloud) -> None:
    image = await cloud.image(b"bootloader", name="cirros")

    made = await cloud.make(imageRef=image.id)

    assert made["bootable"] == "true"
    assert made["volume_image_metadata"]["image_id"] == image.id
    assert cloud.driver.volumes[made["id"]].chunks[0] == b"bootloader"


async def test_a_volume_of_a_snapshot_and_of_a_volume_have_its_contents(cloud: Cloud) -> None:
    first = await cloud.make(size=2)
    cloud.driver.write(first["id"], 0, b"one")
    snapshot = await cloud.snap(first["id"], name="before")
    cloud.driver.write(first["id"], 0, b"two")

    of_snapshot = await cloud.make(size=None, snapshot_id=snapshot["id"])
    of_volume = await cloud.make(size=3, source_volid=first["id"])

    assert (of_snapshot["size"], of_volume["size"]) == (2, 3)
    assert cloud.driver.volumes[of_snapshot["id"]].chunks[0] == b"one"
    assert cloud.driver.volumes[of_volume["id"]].chunks[0] == b"two"
    assert of_volume["source_volid"] == first["id"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"size": 0}, 400),
        ({"size": -1}, 400),
        ({"size": "#$%"}, 400),
        ({"size": None}, 400),
        ({"size": 2**40}, 400),
        ({"size": True}, 400),
        ({"name": "x" * 256}, 400),
        ({"metadata": {"": "y"}}, 400),
        ({"metadata": {"x": "y" * 256}}, 400),
        ({"metadata": "text"}, 400),
        ({"availability_zone": "mars"}, 400),
        ({"imageRef": "not an id"}, 400),
        ({"imageRef": NOWHERE}, 404),
        ({"snapshot_id": NOWHERE}, 404),
        ({"source_volid": NOWHERE}, 404),
        ({"snapshot_id": NOWHERE, "source_volid": NOWHERE}, 400),
        ({"volume_type": NOWHERE}, 404),
    ],
)
async def test_what_may_not_be_created(cloud: Cloud, body: dict[str, Any], status: int) -> None:
    answer = await cloud.call("POST", "/volumes", json={"volume": {"size": 1} | body})

    assert answer.status_code == status, answer.text
    assert await cloud.ids("/volumes") == []


async def test_a_volume_is_not_smaller_than_its_source(cloud: Cloud) -> None:
    image = await cloud.image(min_disk=2)
    first = await cloud.make(size=2)

    of_image = await cloud.call(
        "POST", "/volumes", json={"volume": {"size": 1, "imageRef": image.id}}
    )
    of_volume = await cloud.call(
        "POST", "/volumes", json={"volume": {"size": 1, "source_volid": first["id"]}}
    )

    assert (of_image.status_code, of_volume.status_code) == (400, 400)


async def test_a_full_store_leaves_an_error_a_message_and_nothing_else(cloud: Cloud) -> None:
    cloud.driver.full = True

    made = await cloud.make(rest="error")

    assert cloud.driver.volumes == {}
    told = (await cloud.call("GET", "/messages")).json()["messages"]
    assert [one["resource_uuid"] for one in told] == [made["id"]]
    assert "no room" in told[0]["user_message"]
    assert (await cloud.call("DELETE", f"/volumes/{made['id']}")).status_code == 202
    await cloud.gone("volumes", made["id"])


async def test_nobody_else_sees_or_touches_it(cloud: Cloud) -> None:
    made = await cloud.make()
    path = f"/volumes/{made['id']}"

    assert await cloud.ids("/volumes", "other") == []
    assert (await cloud.call("GET", path, "other")).status_code == 404
    assert (await cloud.call("DELETE", path, "other")).status_code == 404
    assert (await cloud.call("GET", path, "reader")).status_code == 200
    assert (await cloud.call("DELETE", path, "reader")).status_code == 403
    assert (await cloud.call("GET", path, "nobody")).status_code == 401
    assert await cloud.ids("/volumes?all_tenants=1", "other") == []
    assert await cloud.ids("/volumes?all_tenants=1", "admin") == [made["id"]]
    clone = {"volume": {"size": 1, "source_volid": made["id"]}}
    assert (await cloud.call("POST", "/volumes", "other", json=clone)).status_code == 404


async def test_lists_are_filtered_sorted_and_paged(cloud: Cloud) -> None:
    made = [(await cloud.make(name=name, metadata={"n": name}))["id"] for name in "cab"]
    image = await cloud.image()
    made.append((await cloud.make(name="d", size=2, imageRef=image.id))["id"])

    assert await cloud.ids("/volumes") == made[::-1]
    assert await cloud.ids("/volumes?sort=name:asc") == [made[1], made[2], made[0], made[3]]
    assert await cloud.ids("/volumes?sort=size:desc,name:asc&limit=2") == [made[3], made[1]]
    assert await cloud.ids("/volumes?name=a") == [made[1]]
    assert await cloud.ids("/volumes?name~=a") == [made[1]]
    assert await cloud.ids("/volumes?bootable=true") == [made[3]]
    assert await cloud.ids("/volumes?status=error") == []
    assert await cloud.ids("/volumes?metadata={'n': 'c'}") == [made[0]]
    assert await cloud.ids(f"/volumes?glance_metadata={{'image_id': '{image.id}'}}") == [made[3]]
    assert await cloud.ids(f"/volumes?marker={made[2]}&limit=1") == [made[1]]
    assert await cloud.ids("/volumes?offset=3") == [made[0]]
    assert await cloud.ids("/volumes?limit=0") == []
    assert await cloud.ids("/volumes?created_at=gt:2001-01-01T00:00:00&sort=id") != []
    assert await cloud.ids("/volumes?created_at=lt:2001-01-01T00:00:00") == []
    page = (await cloud.call("GET", "/volumes/detail?limit=2&with_count=true")).json()
    assert page["count"] == 4
    following = await cloud.client.get(
        page["volumes_links"][0]["href"], headers={"X-Auth-Token": "member"}
    )
    assert [one["id"] for one in following.json()["volumes"]] == made[1::-1]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=-1", 400),
        ("limit=x", 400),
        ("offset=-1", 400),
        ("sort=shoe:asc", 400),
        ("sort=name:up", 400),
        (f"marker={NOWHERE}", 404),
        ("metadata=((((", 400),
        ("metadata=5", 400),
        ("bootable=perhaps", 400),
        ("created_at=yesterday", 400),
    ],
)
async def test_queries_that_make_no_sense(cloud: Cloud, query: str, status: int) -> None:
    assert (await cloud.call("GET", f"/volumes?{query}")).status_code == status


async def test_name_and_metadata_change(cloud: Cloud) -> None:
    made = await cloud.make(metadata={"a": "1"})
    path = f"/volumes/{made['id']}"

    changed = await cloud.call("PUT", path, json={"volume": {"name": "new", "description": None}})
    assert changed.json()["volume"]["name"] == "new"
    assert (await cloud.call("PUT", path, json={"volume": {}})).status_code == 400
    added = await cloud.call("POST", f"{path}/metadata", json={"metadata": {"b": "2"}})
    assert added.json() == {"metadata": {"a": "1", "b": "2"}}
    one = await cloud.call("PUT", f"{path}/metadata/b", json={"meta": {"b": "3"}})
    assert one.json() == {"meta": {"b": "3"}}
    wrong = await cloud.call("PUT", f"{path}/metadata/b", json={"meta": {"c": "3"}})
    assert wrong.status_code == 400
    assert (await cloud.call("DELETE", f"{path}/metadata/b")).status_code == 200
    assert (await cloud.call("DELETE", f"{path}/metadata/b")).status_code == 404
    whole = await cloud.call("PUT", f"{path}/metadata", json={"metadata": {"z": "9"}})
    assert whole.json() == {"metadata": {"z": "9"}}
    assert (await cloud.call("GET", f"{path}/metadata")).json() == {"metadata": {"z": "9"}}


async def test_extend_only_grows_and_only_what_is_free(cloud: Cloud) -> None:
    made = await cloud.make(size=1)

    assert (await cloud.act(made["id"], "os-extend", {"new_size": 3})).status_code == 202
    grown = await cloud.settled("volumes", made["id"], "available")

    assert grown["size"] == 3
    assert cloud.driver.volumes[made["id"]].size == 3 * GIB
    for size in (3, 2, 0, None, "x"):
        answer = await cloud.act(made["id"], "os-extend", {"new_size": size})
        assert answer.status_code == 400, answer.text
    assert (await cloud.act(NOWHERE, "os-extend", {"new_size": 9})).status_code == 404


async def test_words_about_a_volume(cloud: Cloud) -> None:
    made = await cloud.make()

    assert (await cloud.act(made["id"], "os-set_bootable", {"bootable": True})).status_code == 200
    readonly = await cloud.act(made["id"], "os-update_readonly_flag", {"readonly": "True"})
    assert readonly.status_code == 202
    said = {"metadata": {"os": "x", "arch": "y"}}
    assert (await cloud.act(made["id"], "os-set_image_metadata", said)).json() == said
    assert (
        await cloud.act(made["id"], "os-unset_image_metadata", {"key": "os"})
    ).status_code == 200
    shown = await cloud.act(made["id"], "os-show_image_metadata", {})
    assert shown.json() == {"metadata": {"arch": "y"}}
    found = await cloud.show("volumes", made["id"])
    assert (found["bootable"], found["metadata"]) == ("true", {"readonly": "True"})
    assert found["volume_image_metadata"] == {"arch": "y"}


async def test_only_administrators_reset_and_force(cloud: Cloud) -> None:
    made = await cloud.make()
    reset = {"status": "error"}

    assert (await cloud.act(made["id"], "os-reset_status", reset)).status_code == 403
    assert (await cloud.act(made["id"], "os-reset_status", reset, "admin")).status_code == 202
    wrong = await cloud.act(made["id"], "os-reset_status", {"status": "fine"}, "admin")
    assert wrong.status_code == 400
    assert (await cloud.show("volumes", made["id"]))["status"] == "error"
    attaching = {"status": "attaching"}
    await cloud.act(made["id"], "os-reset_status", attaching, "admin")
    assert (await cloud.call("DELETE", f"/volumes/{made['id']}")).status_code == 400
    assert (await cloud.act(made["id"], "os-force_delete", {}, "admin")).status_code == 202
    await cloud.gone("volumes", made["id"])
    assert cloud.driver.volumes == {}


async def test_a_volume_with_snapshots_goes_only_with_them(cloud: Cloud) -> None:
    made = await cloud.make()
    snapshot = await cloud.snap(made["id"])
    child = await cloud.make(snapshot_id=snapshot["id"])

    assert (await cloud.call("DELETE", f"/volumes/{made['id']}")).status_code == 400
    cascade = await cloud.call("DELETE", f"/volumes/{made['id']}?cascade=true")
    assert cascade.status_code == 202
    await cloud.gone("volumes", made["id"])

    assert (cloud.driver.snapshots, set(cloud.driver.volumes)) == ({}, {child["id"]})
    assert await cloud.ids("/snapshots") == []


async def test_the_summary_counts(cloud: Cloud) -> None:
    await cloud.make(size=2, metadata={"k": "v"})
    await cloud.make(size=3)

    answer = await cloud.call("GET", "/volumes/summary")

    assert answer.json() == {
        "volume-summary": {"total_count": 2, "total_size": 5, "metadata": {"k": ["v"]}}
    }
    assert (await cloud.call("GET", "/volumes/summary", version="3.11")).status_code == 404


async def test_an_extension_that_nobody_works_on_is_completed(cloud: Cloud) -> None:
    volume_id = (await cloud.make())["id"]
    done, reset = "os-extend_volume_completion", {"status": "extending"}
    assert (await cloud.act(volume_id, done, {})).status_code == 403
    assert (await cloud.act(volume_id, done, {}, "admin")).status_code == 400
    for failed, status in ((False, "available"), (True, "error_extending")):
        await cloud.act(volume_id, "os-reset_status", reset, "admin")
        answer = await cloud.act(volume_id, done, {"error": failed}, "admin")
        assert answer.status_code == 202, answer.text
        assert (await cloud.show("volumes", volume_id))["status"] == status
    older = await cloud.act(volume_id, done, {}, "admin", version="3.70")
    assert older.status_code in (400, 404)
