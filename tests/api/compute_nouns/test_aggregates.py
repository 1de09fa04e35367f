"""/os-aggregates, and what placement is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.compute_nouns.conftest import PROJECTS, Client
from tests.api.compute_nouns.fill import add_host, add_server, uid
from unkai.compute.service import Compute
from unkai.placement.store import marks

pytestmark = pytest.mark.anyio


async def add(client: Client, name: str, zone: str | None = None, status: int = 200) -> Any:
    body = {"aggregate": {"name": name, "availability_zone": zone}}
    return (await client.ask("POST", "/os-aggregates", body, status=status)).get("aggregate")


async def act(
    client: Client, number: int, verb: str, body: dict[str, Any], status: int = 200
) -> Any:
    path = f"/os-aggregates/{number}/action"
    return (await client.ask("POST", path, {verb: body}, status=status)).get("aggregate")


async def test_an_aggregate_lives(client: Client, compute: Compute) -> None:
    host = await add_host(compute, 1)
    made = await add(client, "one", "east")
    assert "hosts" not in made
    assert (made["availability_zone"], made["updated_at"]) == ("east", None)
    number = made["id"]
    shown = await act(client, number, "add_host", {"host": host})
    assert shown["hosts"] == [host]
    session = compute.kit.database.reader
    assert await marks.aggregates_of(session, uid(1)) == {made["uuid"]}
    shown = await act(client, number, "set_metadata", {"metadata": {"ssd": "true"}})
    assert shown["metadata"] == {"ssd": "true", "availability_zone": "east"}
    shown = await act(client, number, "set_metadata", {"metadata": {"ssd": None}})
    assert "ssd" not in shown["metadata"]

    path = f"/os-aggregates/{number}"
    update = {"aggregate": {"name": "two", "availability_zone": "west"}}
    changed = (await client.ask("PUT", path, update))["aggregate"]
    assert (changed["name"], changed["availability_zone"]) == ("two", "west")
    assert (await client.ask("GET", path))["aggregate"] == changed
    assert (await client.ask("GET", "/os-aggregates"))["aggregates"] == [changed]
    old = await client.ask("GET", path, version="2.40")
    assert "uuid" not in old["aggregate"]

    await client.ask("DELETE", path, status=400)
    await act(client, number, "remove_host", {"host": host})
    assert await marks.aggregates_of(session, uid(1)) == set()
    await client.ask("DELETE", path)
    await client.ask("GET", path, status=404)


async def test_what_cannot_be(client: Client, compute: Compute) -> None:
    host = await add_host(compute, 1)
    one, two = await add(client, "one", "east"), await add(client, "two", "west")
    await add(client, "one", status=409)
    await add(client, "", status=400)
    await add(client, "x" * 256, status=400)
    await add(client, "three", "a:b", status=400)
    await act(client, one["id"], "add_host", {"host": "nohost"}, 404)
    await act(client, one["id"], "remove_host", {"host": "nohost"}, 404)
    await act(client, one["id"], "add_host", {"host": host})
    await act(client, one["id"], "add_host", {"host": host}, 409)
    await act(client, two["id"], "add_host", {"host": host}, 409)
    await act(client, one["id"], "explode", {}, 400)
    await act(client, 99, "add_host", {"host": host}, 404)
    await add_server(compute, 50, 1, PROJECTS["member"])
    path = f"/os-aggregates/{one['id']}"
    await client.ask("PUT", path, {"aggregate": {"availability_zone": "north"}}, status=400)
    await client.ask("PUT", path, {"aggregate": {"name": "two"}}, status=409)
    await client.ask("PUT", path, {"aggregate": {}}, status=400)
    for bad in ("-1", "x", "99999999999"):
        await client.ask("GET", f"/os-aggregates/{bad}", status=404)
        await client.ask("DELETE", f"/os-aggregates/{bad}", status=404)


async def test_only_administrators(client: Client) -> None:
    number = (await add(client, "one"))["id"]
    path = f"/os-aggregates/{number}"
    body: dict[str, Any] = {"aggregate": {"name": "x"}}
    for method, where, sent in (
        ("GET", "/os-aggregates", None),
        ("POST", "/os-aggregates", body),
        ("GET", path, None),
        ("PUT", path, body),
        ("DELETE", path, None),
        ("POST", f"{path}/action", {"add_host": {"host": "h"}}),
        ("POST", f"{path}/action", {"remove_host": {"host": "h"}}),
        ("POST", f"{path}/action", {"set_metadata": {"metadata": dict[str, str]()}}),
    ):
        await client.ask(method, where, sent, token="member", status=403)
        await client.ask(method, where, sent, token=None, status=401)
