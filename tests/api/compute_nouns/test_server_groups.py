"""/os-server-groups, tenant usage, extensions and version documents."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client
from tests.api.compute_nouns.fill import add_host, add_server, uid
from unkai.compute.service import Compute

pytestmark = pytest.mark.anyio


async def add(client: Client, status: int = 200, version: str = "2.96", **body: Any) -> Any:
    sent = {"server_group": {"name": "group", **body}}
    made = await client.ask(
        "POST", "/os-server-groups", sent, token="member", status=status, version=version
    )
    return made.get("server_group")


async def test_a_group_lives(client: Client, compute: Compute) -> None:
    rules = {"max_server_per_host": 2}
    made = await add(client, policy="anti-affinity", rules=rules)
    assert (made["policy"], made["rules"], made["members"]) == ("anti-affinity", rules, [])
    await add_host(compute, 1)
    server = await add_server(compute, 50, 1, PROJECTS["member"], group_id=made["id"])
    path = f"/os-server-groups/{made['id']}"
    shown = (await client.ask("GET", path, token="reader"))["server_group"]
    assert shown["members"] == [server]
    old = (await client.ask("GET", path, token="reader", version="2.12"))["server_group"]
    assert old == {
        "id": made["id"],
        "name": "group",
        "policies": ["anti-affinity"],
        "metadata": {},
        "members": [server],
    }
    listed = await client.ask("GET", "/os-server-groups", token="member")
    assert listed["server_groups"] == [shown]
    await client.ask("GET", path, token="other", status=404)
    await client.ask("DELETE", path, token="other", status=404)
    await client.ask("DELETE", path, token="reader", status=403)
    await client.ask("DELETE", path, token=None, status=401)
    assert (await client.ask("GET", "/os-server-groups", token="other"))["server_groups"] == []
    every = await client.ask("GET", "/os-server-groups?all_projects=1")
    assert len(every["server_groups"]) == 1
    await client.ask("DELETE", path, token="member", status=204)
    await client.ask("GET", path, token="member", status=404)


@pytest.mark.parametrize(
    ("body", "version"),
    [
        ({}, "2.96"),
        ({"policy": "nearby"}, "2.96"),
        ({"policies": ["affinity"]}, "2.96"),
        ({"policy": "affinity", "rules": {"max_server_per_host": 1}}, "2.96"),
        ({"policy": "anti-affinity", "rules": {"max_server_per_host": 0}}, "2.96"),
        ({"policy": "affinity"}, "2.63"),
        ({"policies": []}, "2.63"),
        ({"policies": ["affinity", "anti-affinity"]}, "2.63"),
        ({"policies": ["soft-affinity"]}, "2.14"),
        ({"policy": "affinity", "name": ""}, "2.96"),
    ],
)
async def test_bad_groups(client: Client, body: dict[str, Any], version: str) -> None:
    await add(client, 400, version, **body)


async def test_groups_are_counted_and_paged(client: Client) -> None:
    for _ in range(10):
        await add(client, policy="affinity")
    refused = await client.ask(
        "POST",
        "/os-server-groups",
        {"server_group": {"name": "x", "policy": "affinity"}},
        token="member",
        status=403,
    )
    assert "Quota exceeded for server_groups" in refused["forbidden"]["message"]
    page = await client.ask("GET", "/os-server-groups?limit=4&offset=8", token="member")
    assert len(page["server_groups"]) == 2


async def test_usage_of_projects(client: Client, compute: Compute) -> None:
    await add_host(compute, 1)
    await add_server(compute, 50, 1, PROJECTS["member"])
    await add_server(compute, 51, 1, PROJECTS["other"])
    listed = (await client.ask("GET", "/os-simple-tenant-usage?detailed=1"))["tenant_usages"]
    assert {one["tenant_id"] for one in listed} == {PROJECTS["member"], PROJECTS["other"]}
    path = f"/os-simple-tenant-usage/{PROJECTS['member']}"
    one = (await client.ask("GET", path, token="member"))["tenant_usage"]
    assert one["total_hours"] == pytest.approx(2, abs=0.01)
    assert one["total_vcpus_usage"] == pytest.approx(4, abs=0.02)
    assert one["server_usages"][0]["instance_id"] == uid(50)
    old = "?start=2010-01-01T00:00:00&end=2010-01-02T00:00:00.000001"
    assert (await client.ask("GET", path + old))["tenant_usage"] == {}
    page = await client.ask("GET", "/os-simple-tenant-usage?limit=1")
    assert "marker=" in page["tenant_usages_links"][0]["href"]
    await client.ask("GET", f"{path}?start=x", status=400)
    await client.ask("GET", f"{path}?start=2030-01-01T00:00:00", status=400)
    await client.ask("GET", path, token="other", status=403)
    await client.ask("GET", "/os-simple-tenant-usage", token="member", status=403)
    await client.ask("GET", "/os-simple-tenant-usage/?start=2010-01-01T00:00:00", status=404)


async def test_the_audit_log_of_old(client: Client) -> None:
    log = (await client.ask("GET", "/os-instance_usage_audit_log"))["instance_usage_audit_logs"]
    assert log["overall_status"] == "0 of 0 hosts done. 0 errors."
    await client.ask("GET", "/os-instance_usage_audit_log/2026-01-31%2012:00:00")
    await client.ask("GET", "/os-instance_usage_audit_log/invalid_time", status=400)
    await client.ask("GET", "/os-instance_usage_audit_log", token="member", status=403)


async def test_extensions(client: Client) -> None:
    listed = (await client.ask("GET", "/extensions", token="reader"))["extensions"]
    assert "Hosts" in [one["name"] for one in listed]
    one = await client.ask("GET", "/extensions/os-consoles", token="reader")
    assert one["extension"]["alias"] == "os-consoles"
    await client.ask("GET", "/extensions/os-none", status=404)


async def test_version_documents_need_no_token(client: Client) -> None:
    async def get(url: str) -> Any:
        answer: httpx.Response = await client.get(url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    versions = (await get("/compute"))["versions"]
    assert [one["id"] for one in versions] == ["v2.0", "v2.1"]
    assert (versions[1]["min_version"], versions[1]["version"]) == ("2.1", "2.96")
    for one in versions:
        (link,) = one["links"]
        shown = (await get(link["href"]))["version"]
        assert [each for each in shown["links"] if each["rel"] == "self"] == [link]
        assert shown["id"] == one["id"]


async def test_v2_0_is_v2_1_without_microversions(client: Client) -> None:
    headers = {"X-Auth-Token": "admin", "OpenStack-API-Version": "compute 2.96"}
    answer = await client.get("/compute/v2/os-server-groups", headers=headers)
    assert answer.status_code == 200
    answer = await client.get("/compute/v2/limits", headers=headers)
    assert "maxImageMeta" in answer.json()["limits"]["absolute"]
