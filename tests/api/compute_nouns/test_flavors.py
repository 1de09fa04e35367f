"""/flavors as administrators and users see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client

pytestmark = pytest.mark.anyio


async def add(client: Client, name: str, **more: Any) -> dict[str, Any]:
    body = {"name": name, "ram": 512, "vcpus": 1, "disk": 1, **more}
    return (await client.ask("POST", "/flavors", {"flavor": body}))["flavor"]


async def names(client: Client, query: str = "", token: str = "admin") -> list[str]:
    listed = await client.ask("GET", f"/flavors{query}", token=token)
    return [one["name"] for one in listed["flavors"]]


async def test_a_flavor_is_made_shown_described_and_deleted(client: Client) -> None:
    made = await add(client, "one", id=42, swap=1024, description="first", ram="2048")
    assert (made["id"], made["ram"], made["swap"], made["description"]) == (
        "42",
        2048,
        1024,
        "first",
    )
    shown = (await client.ask("GET", "/flavors/42", token="reader"))["flavor"]
    assert shown == made
    assert shown["extra_specs"] == {}
    changed = {"flavor": {"description": "second"}}
    await client.ask("PUT", "/flavors/42", changed)
    assert (await client.ask("GET", "/flavors/42"))["flavor"]["description"] == "second"
    await client.ask("DELETE", "/flavors/42", status=202)
    await client.ask("DELETE", "/flavors/42", status=404)
    await client.ask("GET", "/flavors/42", status=404)


async def test_old_versions_have_old_shapes(client: Client) -> None:
    made = await add(client, "one")
    path = f"/flavors/{made['id']}"
    old = (await client.ask("GET", path, version="2.1"))["flavor"]
    assert old["swap"] == ""
    assert "description" not in old
    assert "extra_specs" not in (await client.ask("GET", path, version="2.60"))["flavor"]
    assert (await client.ask("GET", path, version="2.75"))["flavor"]["swap"] == 0
    brief = (await client.ask("GET", "/flavors", version="2.54"))["flavors"][0]
    assert brief.keys() == {"id", "name", "links"}
    await client.ask("PUT", path, {"flavor": {"description": "x"}}, status=404, version="2.54")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "one"}, 409),
        ({"id": "1"}, 409),
        ({"name": ""}, 400),
        ({"name": " x"}, 400),
        ({"name": "x" * 256}, 400),
        ({"id": "a/b"}, 400),
        ({"ram": 0}, 400),
        ({"ram": "much"}, 400),
        ({"vcpus": 2**31}, 400),
        ({"disk": -1}, 400),
        ({"swap": -1}, 400),
        ({"rxtx_factor": 0}, 400),
        ({"os-flavor-access:is_public": "maybe"}, 400),
        ({"colour": "blue"}, 400),
        ({"description": "x" * 65536}, 400),
    ],
)
async def test_bad_flavors_are_refused(client: Client, change: dict[str, Any], status: int) -> None:
    await add(client, "one", id="1")
    body = {"name": "two", "ram": 1, "vcpus": 1, "disk": 0, **change}
    await client.ask("POST", "/flavors", {"flavor": body}, status=status)
    assert await names(client) == ["one"]


async def test_only_administrators_change_flavors(client: Client) -> None:
    await add(client, "one", id="1")
    body: dict[str, Any] = {"flavor": {"name": "x", "ram": 1, "vcpus": 1, "disk": 0}}
    access = {"addTenantAccess": {"tenant": PROJECTS["member"]}}
    specs = {"extra_specs": {"a": "b"}}
    for method, path, sent in (
        ("POST", "/flavors", body),
        ("PUT", "/flavors/1", {"flavor": {"description": None}}),
        ("DELETE", "/flavors/1", None),
        ("POST", "/flavors/1/action", access),
        ("POST", "/flavors/1/os-extra_specs", specs),
        ("PUT", "/flavors/1/os-extra_specs/a", {"a": "b"}),
        ("DELETE", "/flavors/1/os-extra_specs/a", None),
    ):
        await client.ask(method, path, sent, status=403, token="member")
        await client.ask(method, path, sent, status=401, token=None)


async def test_lists_are_filtered_sorted_and_paged(client: Client) -> None:
    for number in (1, 2, 3):
        await add(client, f"f{number}", id=str(number), ram=512 * number, disk=4 - number)
    assert await names(client) == ["f1", "f2", "f3"]
    assert await names(client, "?minRam=600") == ["f2", "f3"]
    assert await names(client, "?minDisk=2") == ["f1", "f2"]
    assert await names(client, "?sort_key=root_gb") == ["f3", "f2", "f1"]
    assert await names(client, "?sort_key=memory_mb&sort_dir=desc&marker=3") == ["f2", "f1"]
    page = await client.ask("GET", "/flavors/detail?limit=2")
    assert [one["name"] for one in page["flavors"]] == ["f1", "f2"]
    (link,) = page["flavors_links"]
    assert link["href"].endswith("/compute/v2.1/flavors/detail?limit=2&marker=2")
    assert await names(client, "?limit=2&marker=2") == ["f3"]
    for query in (
        "limit=-1",
        "limit=x",
        "marker=no",
        "minRam=x",
        "sort_key=x",
        "sort_dir=up",
        "x=1",
    ):
        await client.ask("GET", f"/flavors?{query}", status=400)
    await client.ask("GET", "/flavors?x=1", version="2.1")


async def test_private_flavors_are_for_those_they_are_opened_to(client: Client) -> None:
    private = {"os-flavor-access:is_public": "False"}
    await add(client, "private", id="1", **private)
    await add(client, "public", id="2")
    assert await names(client, token="member") == ["public"]
    assert await names(client, "?is_public=None") == ["private", "public"]
    assert await names(client, "?is_public=f") == ["private"]
    assert await names(client, "?is_public=None", token="member") == ["public"]
    await client.ask("GET", "/flavors?is_public=x", status=400)
    await client.ask("GET", "/flavors/1", status=404, token="member")

    add_access = {"addTenantAccess": {"tenant": PROJECTS["member"]}}
    opened = await client.ask("POST", "/flavors/1/action", add_access)
    entry = {"flavor_id": "1", "tenant_id": PROJECTS["member"]}
    assert opened == {"flavor_access": [entry]}
    await client.ask("POST", "/flavors/1/action", add_access, status=409)
    await client.ask("POST", "/flavors/2/action", add_access, status=409)
    assert await names(client, token="member") == ["private", "public"]
    assert await names(client, token="other") == ["public"]
    await client.ask("GET", "/flavors/1", token="member")

    unknown = {"addTenantAccess": {"tenant": "nobody"}}
    await client.ask("POST", "/flavors/1/action", unknown, status=400)
    gone = {"removeTenantAccess": {"tenant": PROJECTS["member"]}}
    assert await client.ask("POST", "/flavors/1/action", gone) == {"flavor_access": []}
    await client.ask("POST", "/flavors/1/action", gone, status=404)
    assert await client.ask("GET", "/flavors/1/os-flavor-access") == {"flavor_access": []}
    await client.ask("GET", "/flavors/2/os-flavor-access", status=404)
    await client.ask("POST", "/flavors/1/action", {"explode": {}}, status=400)


async def test_extra_specs(client: Client) -> None:
    await add(client, "one", id="1")
    path = "/flavors/1/os-extra_specs"
    specs = {"hw:numa_nodes": "1", "mine:colour": "blue"}
    assert await client.ask("POST", path, {"extra_specs": specs}) == {"extra_specs": specs}
    assert await client.ask("GET", path, token="reader") == {"extra_specs": specs}
    new = {"hw:numa_nodes": "2"}
    assert await client.ask("PUT", f"{path}/hw:numa_nodes", new) == new
    assert await client.ask("GET", f"{path}/hw:numa_nodes", token="reader") == new
    await client.ask("PUT", f"{path}/hw:numa_nodes", {"other": "1"}, status=400)
    await client.ask("PUT", f"{path}/a", {"a": "1", "b": "2"}, status=400)
    await client.ask("DELETE", f"{path}/hw:numa_nodes")
    await client.ask("DELETE", f"{path}/hw:numa_nodes", status=404)
    await client.ask("GET", f"{path}/hw:numa_nodes", status=404)
    await client.ask("POST", path, {"extra_specs": {"bad/key": "1"}}, status=400)
    await client.ask("POST", path, {"extra_specs": {"key": "x" * 256}}, status=400)


@pytest.mark.parametrize(
    ("key", "value"), [("hw:numa_node", "1"), ("hw:numa_nodes", "many"), ("trait:X", "wanted")]
)
async def test_known_namespaces_are_checked_from_2_86_on(
    client: Client, key: str, value: str
) -> None:
    await add(client, "one", id="1")
    path = "/flavors/1/os-extra_specs"
    await client.ask("POST", path, {"extra_specs": {key: value}}, status=400)
    await client.ask("POST", path, {"extra_specs": {key: value}}, version="2.85")
