"""A day of images, on SQLite and on PostgreSQL: the same statements, the same answers."""

from __future__ import annotations

import pytest

from tests.api.image.conftest import Cloud

pytestmark = pytest.mark.anyio


@pytest.fixture
def image_database(database_url: str) -> str:
    return database_url


async def names(cloud: Cloud, query: str) -> list[str]:
    body = (await cloud.call("GET", f"/images?{query}")).json()
    return [image["name"] for image in body["images"]]


async def test_lists(shelf: Cloud) -> None:
    for query, expected in {
        "": ["d,e", "c", "b", "a"],
        "name=in:a,b&tag=x": ["b", "a"],
        "os_distro=debian&status=queued": ["d,e"],
        "size_min=1001": ["b"],
        "created_at=lte:2023-11-14T22:13:21Z": ["b", "a"],
        "protected=true&visibility=shared": ["c"],
        "os_hidden=true": ["hidden"],
        "sort=size:desc,name:asc": ["b", "a", "c", "d,e"],
    }.items():
        assert await names(shelf, query) == expected
    path, seen = "/images?sort=size:asc&limit=1", list[str]()
    while path:
        body = (await shelf.call("GET", path)).json()
        seen += [image["name"] for image in body["images"]]
        path = body.get("next", "").removeprefix("/v2")
    assert sorted(seen) == ["a", "b", "c", "d,e"]
    assert seen[2:] == ["a", "b"]


async def test_an_image_lives(cloud: Cloud) -> None:
    made = await cloud.make_active(b"data", name="x", tags=["t"], os_distro="debian")
    changed = await cloud.patch(
        made["id"],
        {"op": "replace", "path": "/os_distro", "value": "fedora"},
        {"op": "replace", "path": "/tags", "value": ["u"]},
    )
    assert (changed.json()["os_distro"], changed.json()["tags"]) == ("fedora", ["u"])
    members = f"/images/{made['id']}/members"
    await cloud.call("POST", members, json={"member": "p-other"})
    await cloud.call("PUT", f"{members}/p-other", "other", json={"status": "accepted"})
    assert await cloud.ids(who="other") == [made["id"]]
    assert (await cloud.upload(made["id"], b"again")).status_code == 409
    usage = (await cloud.call("GET", "/info/usage")).json()["usage"]
    assert usage["image_count_total"]["usage"] == 1
    assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 204
    assert await cloud.ids() == []
