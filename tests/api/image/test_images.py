"""/v2/images: what the reference says, and what bad input gets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.image.conftest import Cloud

pytestmark = pytest.mark.anyio
NOWHERE = "11111111-2222-3333-4444-555555555555"


async def test_a_new_image_is_queued_and_shows_what_was_given(cloud: Cloud) -> None:
    made = await cloud.make(name="tiny", tags=["b", "a", "b"], os_distro="debian", min_ram=64)

    assert made["status"] == "queued"
    assert made["visibility"] == "shared"
    assert (made["owner"], made["tags"], made["os_distro"]) == ("p-member", ["b", "a"], "debian")
    assert made["size"] is None and made["checksum"] is None
    assert made["file"] == f"/v2/images/{made['id']}/file"
    shown = await cloud.show(made["id"], "reader")
    assert {**shown, "tags": ["b", "a"]} == made
    assert shown["tags"] == ["a", "b"]


async def test_the_answer_says_how_to_import(cloud: Cloud) -> None:
    answer = await cloud.call("POST", "/images", json={})

    assert answer.headers["openstack-image-import-methods"] == "glance-direct"
    assert answer.headers["location"] == f"http://cloud/image/v2/images/{answer.json()['id']}"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"disk_format": "wrong"}, 400),
        ({"container_format": "wrong"}, 400),
        ({"disk_format": "ami", "container_format": "bare"}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": 5}, 400),
        ({"id": "not-a-uuid"}, 400),
        ({"min_disk": -1}, 400),
        ({"min_ram": 2**31}, 400),
        ({"min_disk": "1"}, 400),
        ({"protected": "yes"}, 400),
        ({"visibility": "secret"}, 400),
        ({"tags": "word"}, 400),
        ({"tags": ["x" * 256]}, 400),
        ({"some": 5}, 400),
        ({"some": {"a": "b"}}, 400),
        ({"x" * 256: "y"}, 400),
        ({"some": "\0"}, 400),
        ({"some": "x" * 65536}, 400),
        ({"status": "active"}, 403),
        ({"size": 5}, 403),
        ({"os_hash_value": "x"}, 403),
        ({"os_glance_foo": "x"}, 403),
        ({"locations": []}, 403),
        ({"deleted": "x"}, 403),
        ({"owner": "p-other"}, 403),
        ({"visibility": "public"}, 403),
        ({"tags": [str(n) for n in range(129)]}, 413),
        ({str(n): "x" for n in range(129)}, 413),
        ([], 400),
        (None, 400),
    ],
)
async def test_what_may_not_be_created(cloud: Cloud, body: Any, status: int) -> None:
    answer = await cloud.call("POST", "/images", json=body)

    assert answer.status_code == status, answer.text
    assert answer.json()["message"]
    assert await cloud.ids() == []


async def test_an_id_may_be_chosen_once(cloud: Cloud) -> None:
    await cloud.make(id=NOWHERE)

    answer = await cloud.call("POST", "/images", json={"id": NOWHERE})

    assert answer.status_code == 409


async def test_only_a_member_creates(cloud: Cloud) -> None:
    assert (await cloud.call("POST", "/images", "reader", json={})).status_code == 403
    assert (await cloud.call("POST", "/images", "nobody", json={})).status_code == 401


async def test_an_admin_creates_for_others_and_for_all(cloud: Cloud) -> None:
    made = await cloud.make("admin", owner="p-other", visibility="public")

    assert made["owner"] == "p-other"
    assert made["id"] in await cloud.ids()


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_what_is_not_there_is_not_found(cloud: Cloud, method: str) -> None:
    hidden = await cloud.make("other", visibility="private")
    media = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    for image_id in (NOWHERE, "x" * 300, "%20", hidden["id"]):
        answer = await cloud.call(method, f"/images/{image_id}", json=[], headers=media)
        assert answer.status_code == 404, answer.text


async def test_an_empty_id_is_not_the_list(cloud: Cloud) -> None:
    assert (await cloud.call("GET", "/images/")).status_code == 404
    assert (await cloud.call("DELETE", "/images/")).status_code == 404
    assert (await cloud.call("DELETE", "/images")).status_code == 405


async def test_others_images_are_seen_by_their_visibility(cloud: Cloud) -> None:
    made = {
        kind: (await cloud.make("admin", visibility=kind, owner="p-other"))["id"]
        for kind in ("public", "private", "shared", "community")
    }

    for kind, seen in (("public", 200), ("community", 200), ("private", 404), ("shared", 404)):
        assert (await cloud.call("GET", f"/images/{made[kind]}")).status_code == seen
        touched = await cloud.patch(made[kind], {"op": "replace", "path": "/name", "value": "x"})
        assert touched.status_code == (403 if seen == 200 else 404)
        assert (await cloud.call("DELETE", f"/images/{made[kind]}")).status_code in (403, 404)
    assert await cloud.ids() == [made["public"]]
    assert await cloud.ids("?visibility=community") == [made["community"]]
    assert set(await cloud.ids("?visibility=all")) == {made["public"], made["community"]}
    assert len(await cloud.ids(who="admin")) == 4


async def test_a_patch_adds_replaces_and_removes(cloud: Cloud) -> None:
    made = await cloud.make(old="1", gone="1", tags=["x"])

    answer = await cloud.patch(
        made["id"],
        {"op": "replace", "path": "/name", "value": "new"},
        {"op": "replace", "path": "/old", "value": "2"},
        {"op": "add", "path": "/a~1b~0c", "value": "3"},
        {"op": "remove", "path": "/gone"},
        {"op": "replace", "path": "/tags", "value": ["y", "z"]},
        {"op": "add", "path": "/min_disk", "value": 3},
        {"op": "replace", "path": "/os_hidden", "value": True},
        {"op": "replace", "path": "/visibility", "value": "community"},
    )

    assert answer.status_code == 200, answer.text
    shown = await cloud.show(made["id"])
    assert shown == answer.json()
    assert (shown["name"], shown["old"], shown["a/b~c"], shown["tags"]) == (
        "new",
        "2",
        "3",
        ["y", "z"],
    )
    assert "gone" not in shown
    assert (shown["min_disk"], shown["os_hidden"], shown["visibility"]) == (3, True, "community")


async def test_the_older_patch_is_understood(cloud: Cloud) -> None:
    made = await cloud.make()

    answer = await cloud.call(
        "PATCH",
        f"/images/{made['id']}",
        json=[{"replace": "/name", "value": "n"}, {"add": "/k", "value": "v"}],
        headers={"Content-Type": "application/openstack-images-v2.0-json-patch"},
    )

    assert (answer.json()["name"], answer.json()["k"]) == ("n", "v")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"op": "replace", "path": "/nothing", "value": "x"}, 409),
        ({"op": "remove", "path": "/nothing"}, 409),
        ({"op": "remove", "path": "/name"}, 403),
        ({"op": "replace", "path": "/status", "value": "active"}, 403),
        ({"op": "replace", "path": "/id", "value": NOWHERE}, 403),
        ({"op": "add", "path": "/os_glance_foo", "value": "x"}, 403),
        ({"op": "remove", "path": "/checksum"}, 403),
        ({"op": "add", "path": "/locations/-", "value": {"url": "file:///etc/shadow"}}, 403),
        ({"op": "replace", "path": "/locations", "value": []}, 403),
        ({"op": "replace", "path": "/owner", "value": "p-other"}, 403),
        ({"op": "replace", "path": "/visibility", "value": "public"}, 403),
        ({"op": "replace", "path": "/visibility", "value": "x"}, 400),
        ({"op": "replace", "path": "/disk_format", "value": "ami"}, 400),
        ({"op": "replace", "path": "/min_ram", "value": True}, 400),
        ({"op": "replace", "path": "/name"}, 400),
        ({"op": "move", "from": "/name", "path": "/x"}, 400),
        ({"op": "add", "path": "name", "value": "x"}, 400),
        ({"op": "add", "path": "/a/b", "value": "x"}, 400),
        ({"op": "add", "path": "/", "value": "x"}, 400),
        ({"op": "add", "path": 5, "value": "x"}, 400),
        ({"op": ["add"], "path": "/x", "value": "x"}, 400),
        ({"op": "add", "path": "/x", "value": 5}, 400),
        ("word", 400),
    ],
)
async def test_what_a_patch_may_not_do(cloud: Cloud, change: Any, status: int) -> None:
    made = await cloud.make(name="before")

    answer = await cloud.patch(
        made["id"], {"op": "replace", "path": "/name", "value": "after"}, change
    )

    assert answer.status_code == status, answer.text
    assert (await cloud.show(made["id"]))["name"] == "before"


async def test_a_patch_needs_its_media_type_and_shape(cloud: Cloud) -> None:
    path = f"/images/{(await cloud.make())['id']}"
    media = {"Content-Type": "application/openstack-images-v2.1-json-patch"}

    assert (await cloud.call("PATCH", path, json=[])).status_code == 415
    for body in (b"{", b"{}", b"[[]]", b"5", b'"' + b"x" * 20, b"[" * 100_000):
        answer = await cloud.call("PATCH", path, content=body, headers=media)
        assert answer.status_code == 400, answer.text
    huge = await cloud.call("PATCH", path, content=b" " * (5 << 20), headers=media)
    assert huge.status_code == 413


async def test_a_protected_image_stays(cloud: Cloud) -> None:
    made = await cloud.make(protected=True)

    assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 403
    await cloud.patch(made["id"], {"op": "replace", "path": "/protected", "value": False})
    assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 204
    assert (await cloud.call("GET", f"/images/{made['id']}")).status_code == 404
    assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 404


async def test_a_deactivated_image_is_not_for_users(cloud: Cloud) -> None:
    made = await cloud.make_active(b"data")
    path = f"/images/{made['id']}"

    assert (await cloud.call("POST", f"{path}/actions/deactivate")).status_code == 204
    assert (await cloud.show(made["id"]))["status"] == "deactivated"
    assert (await cloud.call("GET", f"{path}/file")).status_code == 403
    assert (await cloud.call("GET", f"{path}/file", "admin")).content == b"data"
    assert (await cloud.call("POST", f"{path}/actions/reactivate")).status_code == 204
    assert (await cloud.call("GET", f"{path}/file")).content == b"data"


async def test_an_image_without_data_is_not_deactivated(cloud: Cloud) -> None:
    made = await cloud.make()

    for verb in ("deactivate", "reactivate"):
        answer = await cloud.call("POST", f"/images/{made['id']}/actions/{verb}")
        assert answer.status_code == 403
        answer = await cloud.call("POST", f"/images/{made['id']}/actions/{verb}", "other")
        assert answer.status_code == 404


async def test_formats_are_fixed_once_there_is_data(cloud: Cloud) -> None:
    made = await cloud.make_active()

    answer = await cloud.patch(
        made["id"], {"op": "replace", "path": "/disk_format", "value": "qcow2"}
    )

    assert answer.status_code == 403


async def test_tags_come_and_go(cloud: Cloud) -> None:
    made = await cloud.make()
    path = f"/images/{made['id']}/tags"

    assert (await cloud.call("PUT", f"{path}/blue")).status_code == 204
    assert (await cloud.call("PUT", f"{path}/blue")).status_code == 204
    assert (await cloud.show(made["id"]))["tags"] == ["blue"]
    assert (await cloud.call("PUT", f"{path}/{'x' * 256}")).status_code == 400
    assert (await cloud.call("PUT", f"{path}/red", "other")).status_code == 404
    assert (await cloud.call("PUT", f"{path}/red", "reader")).status_code == 403
    assert (await cloud.call("DELETE", f"{path}/blue")).status_code == 204
    assert (await cloud.call("DELETE", f"{path}/blue")).status_code == 404


@pytest.mark.parametrize("name", ["image", "images", "member", "members"])
async def test_schemas_name_themselves(cloud: Cloud, name: str) -> None:
    assert (await cloud.call("GET", f"/schemas/{name}")).json()["name"] == name


async def test_discovery(cloud: Cloud) -> None:
    roots = [await cloud.client.get(path) for path in ("/", "", "/versions")]

    assert [answer.status_code for answer in roots] == [300, 300, 200]
    newest = roots[0].json()["versions"][0]
    assert (newest["id"], newest["status"]) == ("v2.13", "CURRENT")
    assert newest["links"][0]["href"] == "http://cloud/image/v2/"
    methods = (await cloud.call("GET", "/info/import")).json()
    assert methods["import-methods"]["value"] == ["glance-direct"]
    assert (await cloud.call("GET", "/info/stores")).json()["stores"][0]["id"] == "file"
    assert (await cloud.call("GET", "/info/stores/detail")).status_code == 403
    assert (await cloud.call("GET", "/schemas/none")).status_code == 404


async def test_usage_counts_what_is_there(cloud: Cloud) -> None:
    await cloud.make()
    await cloud.make_active(b"x" * (1 << 20) + b"y")
    await cloud.make_active(who="other")

    usage = (await cloud.call("GET", "/info/usage")).json()["usage"]

    assert usage["image_count_total"]["usage"] == 2
    assert usage["image_size_total"]["usage"] == 2
