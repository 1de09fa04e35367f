"""GET /servers and /servers/detail: filters, order, pages."""

from __future__ import annotations

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud

pytestmark = pytest.mark.anyio


async def ids(cloud: Cloud, query: str, *, who: str = "member", version: str = "2.96") -> list[str]:
    answer = await cloud.ask("GET", f"/servers?{query}", who=who, version=version, status=200)
    return [server["id"] for server in answer.json()["servers"]]


async def test_filters(cloud: Cloud) -> None:
    one = await cloud.boot(name="one", tags=["red", "blue"], key_name="key")
    two = await cloud.boot(name="two-22", networks="none", tags=["red"], flavorRef="84")
    assert await ids(cloud, "") == [two, one]
    assert await ids(cloud, "name=one") == [one]
    assert await ids(cloud, "name=%5Etwo-%5B0-9%5D%2B%24") == [two]
    assert await ids(cloud, "name=none") == []
    assert await ids(cloud, "flavor=84") == [two]
    assert await ids(cloud, f"image={cloud.image_id}") == [two, one]
    assert await ids(cloud, f"image={NOWHERE}") == []
    assert await ids(cloud, "status=ACTIVE") == [two, one]
    assert await ids(cloud, "status=active&status=BUILD") == [two, one]
    assert await ids(cloud, "status=REBOOT") == []
    assert await ids(cloud, "tags=red,blue") == [one]
    assert await ids(cloud, "tags-any=red,green") == [two, one]
    assert await ids(cloud, "not-tags=blue") == [two]
    assert await ids(cloud, "not-tags-any=red") == []
    assert await ids(cloud, "key_name=key") == [one]
    assert await ids(cloud, "vm_state=stopped") == []
    assert await ids(cloud, "vm_state=stopped", version="2.1") == [two, one]
    address = (await cloud.show(one))["addresses"]["private"][0]["addr"]
    assert await ids(cloud, f"ip={address}") == [one]
    assert await ids(cloud, f"ip={address[:-1]}") == [one]
    assert await ids(cloud, "ip=192.0.2.1") == []
    assert await ids(cloud, "changes-since=2020-01-01T00:00:00Z") == [two, one]
    assert await ids(cloud, "changes-since=2099-01-01T00:00:00%2B00:00") == []
    assert await ids(cloud, "unknown=1") == [two, one]
    assert await ids(cloud, "locked=true") == []
    assert await ids(cloud, "host=host-9", who="member") == [two, one]
    assert await ids(cloud, "all_tenants=1&host=host-9", who="admin") == []
    assert await ids(cloud, "", who="admin") == []
    assert await ids(cloud, "all_tenants=True&project_id=p-member", who="admin") == [two, one]


async def test_order_and_pages(cloud: Cloud) -> None:
    made = [await cloud.create(name=name, networks="none") for name in "bac"]
    for server_id in made:
        await cloud.reach(server_id, "ACTIVE")
    b, a, c = made
    assert await ids(cloud, "") == [c, a, b]
    assert await ids(cloud, "sort_key=display_name&sort_dir=asc") == [a, b, c]
    assert await ids(cloud, "sort_key=display_name") == [c, b, a]
    assert await ids(cloud, "sort_dir=asc") == [b, a, c]
    answer = await cloud.ask("GET", "/servers/detail?limit=2", status=200)
    page = answer.json()
    assert [server["id"] for server in page["servers"]] == [c, a]
    following = page["servers_links"][0]["href"]
    rest = (await cloud.ask("GET", following.split("/v2.1")[1], status=200)).json()
    assert [server["id"] for server in rest["servers"]] == [b]
    assert "servers_links" not in rest
    assert await ids(cloud, f"sort_key=display_name&sort_dir=asc&marker={a}") == [b, c]
    assert await ids(cloud, "limit=0") == []


@pytest.mark.parametrize(
    ("query", "status", "who"),
    [
        ("limit=-1", 400, "member"),
        ("limit=x", 400, "member"),
        ("limit=99999999999999999999", 400, "member"),
        (f"marker={NOWHERE}", 400, "member"),
        ("sort_key=colour", 400, "member"),
        ("sort_dir=up", 400, "member"),
        ("changes-since=yesterday", 400, "member"),
        ("changes-since=2099-01-01T00:00:00&changes-before=2020-01-01T00:00:00", 400, "member"),
        ("status=FLYING", 400, "member"),
        ("status=DELETED", 403, "member"),
        ("all_tenants=1", 403, "member"),
        ("all_tenants=perhaps", 400, "admin"),
        ("name=%28a%2B%29%2B", 400, "member"),
        ("name=%5B", 400, "member"),
        ("name=%00", 400, "member"),
        ("locked=perhaps", 400, "member"),
    ],
)
async def test_questions_that_are_refused(cloud: Cloud, query: str, status: int, who: str) -> None:
    await cloud.ask("GET", f"/servers?{query}", who=who, status=status)
    await cloud.ask("GET", f"/servers/detail?{query}", who=who, status=status)


async def test_deleted_servers_are_for_changes_and_admins(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert await ids(cloud, "") == []
    answer = await cloud.ask(
        "GET", "/servers/detail?changes-since=2020-01-01T00:00:00Z", status=200
    )
    assert answer.json()["servers"][0]["status"] == "DELETED"
    assert await ids(cloud, "all_tenants=1&deleted=true", who="admin") == [server_id]
    assert await ids(cloud, "all_tenants=1&status=deleted", who="admin") == [server_id]


async def test_a_list_is_a_query_per_table(cloud: Cloud) -> None:
    seen: list[str] = []
    cloud.kit.database.on_statement(seen.append)  # type: ignore[attr-defined]

    async def count() -> int:
        seen.clear()
        await cloud.ask("GET", "/servers/detail", status=200)
        return len([sql for sql in seen if sql.lstrip().lower().startswith("select")])

    await cloud.boot()
    await cloud.idle()
    one = await count()
    for _ in range(4):
        await cloud.boot()
    await cloud.idle()
    assert await count() == one
