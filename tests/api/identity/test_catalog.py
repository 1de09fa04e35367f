"""Services, endpoints and regions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.cloud import ENDPOINTS, PASSWORDS, Cloud
from unkai.identity.actions.seed import seed_identity
from unkai.identity.model import SeedEndpoint

pytestmark = pytest.mark.anyio


async def catalog(cloud: Cloud, token: str) -> dict[str, list[str]]:
    found = (await cloud.call("GET", "/auth/catalog", token)).json()["catalog"]
    return {one["type"]: [end["url"] for end in one["endpoints"]] for one in found}


async def test_an_endpoint_shows_in_the_catalog_at_once(cloud: Cloud, admin: str) -> None:
    service = await cloud.make(admin, "service", type="dns", name="designate", odd=1)
    where: dict[str, Any] = {"service_id": service["id"], "interface": "public"}
    endpoint = await cloud.make(
        admin, "endpoint", **where, url="http://dns/%(tenant_id)s", region="Two"
    )

    assert service["odd"] == 1
    assert endpoint["region_id"] == endpoint["region"] == "Two"
    assert (await catalog(cloud, admin))["dns"] == [f"http://dns/{cloud.seeded.admin_project_id}"]
    path = f"/endpoints/{endpoint['id']}"
    off = {"endpoint": {"enabled": False}}
    assert await cloud.status("PATCH", path, admin, json=off) == 200
    assert "dns" not in await catalog(cloud, admin)
    for wrong in (
        {"enabled": "False"},
        {"interface": "secret"},
        {"url": ""},
        {"url": "http://x/$(admin_token)s"},
        {"service_id": "nothing"},
        {"region_id": "nothing"},
    ):
        body = {"endpoint": wrong}
        assert await cloud.status("PATCH", path, admin, json=body) == 400, wrong
        new = {"endpoint": {**where, "url": "http://x", **wrong}}
        assert await cloud.status("POST", "/endpoints", admin, json=new) == 400, wrong
    listed = await cloud.call("GET", f"/endpoints?service_id={service['id']}", admin)
    assert len(listed.json()["endpoints"]) == 1
    assert await cloud.status("DELETE", f"/services/{service['id']}", admin) == 204
    assert await cloud.status("GET", path, admin) == 404


async def test_only_listed_words_are_replaced_in_urls(cloud: Cloud, admin: str) -> None:
    """A URL cannot be made to show settings or attributes of the cloud."""
    service = await cloud.make(admin, "service", type="odd")
    for url in ("http://x/$(admin_password)s", "http://x/%(user_name)s", "http://x/$()s"):
        body = {"endpoint": {"service_id": service["id"], "interface": "public", "url": url}}
        assert await cloud.status("POST", "/endpoints", admin, json=body) == 400, url


async def test_regions(cloud: Cloud, admin: str, demo: str) -> None:
    region = await cloud.make(admin, "region", id="r/1", description="d")
    assert region["links"]["self"] == "http://cloud/identity/v3/regions/r%2F1"
    parent = await cloud.make(admin, "region", id="world")
    child = await cloud.make(admin, "region", parent_region_id="world")
    assert await cloud.status("POST", "/regions", admin, json={"region": {"id": "world"}}) == 409
    assert await cloud.status("PUT", "/regions/asia", admin, json={"region": {}}) == 201
    other = {"region": {"id": "b"}}
    assert await cloud.status("PUT", "/regions/a", admin, json=other) == 400
    below = await cloud.call("GET", "/regions?parent_region_id=world", demo)
    assert [one["id"] for one in below.json()["regions"]] == [child["id"]]
    circle = {"region": {"parent_region_id": child["id"]}}
    path = f"/regions/{parent['id']}"
    assert await cloud.status("PATCH", path, admin, json=circle) == 400
    assert await cloud.status("DELETE", path, admin) == 409
    assert await cloud.status("DELETE", "/regions/RegionOne", admin) == 409
    assert await cloud.status("DELETE", f"/regions/{child['id']}", admin) == 204
    assert await cloud.status("DELETE", path, admin) == 204


async def test_seeding_again_moves_endpoints_and_keeps_the_rest(cloud: Cloud, admin: str) -> None:
    moved = [SeedEndpoint(one.type, one.name, one.url.replace("cloud", "new")) for one in ENDPOINTS]

    again = await seed_identity(cloud.identity, "other", "other", moved, "RegionOne")

    assert again == cloud.seeded
    urls = await catalog(cloud, await cloud.token("admin", password=PASSWORDS["admin"]))
    assert urls["identity"] == ["http://new/identity"] * 3
    assert len((await cloud.call("GET", "/endpoints", admin)).json()["endpoints"]) == 9
