"""GET /unkai/v1/events: who hears of what, and how a stream ends."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.api.doors.house import House
from tests.api.operator.streams import Stream, streaming
from unkai.operator.service import Operator

pytestmark = [pytest.mark.anyio, pytest.mark.thorough]

EVENTS = "/unkai/v1/events"
V2 = "/network/v2.0"


def operator_of(house: House) -> Operator:
    return next(api.service for api in house.app.apis if api.name == "unkai")


def listening(house: House, who: str, query: str = "", **headers: str) -> Any:
    path = f"{EVENTS}?{query}" if query else EVENTS
    return streaming(house.app, path, house.tokens[who], **headers)


async def make_network(house: House, who: str = "demo", name: str = "live") -> str:
    return (await house.make(who, f"{V2}/networks", {"network": {"name": name}}))["id"]


async def fence(house: House, *streams: Stream) -> None:
    """Read each stream to an event that everybody sees, made now."""
    body = {"flavor": {"name": f"fence-{len(streams)}", "ram": 1, "vcpus": 1, "disk": 1}}
    made = await house.make("admin", "/compute/v2.1/flavors", body)
    path = f"/compute/v2.1/flavors/{made['id']}"
    for stream in streams:
        await stream.until("flavor.created", id=made["id"])
    assert (await house.ask("admin", "DELETE", path)).status == 202
    for stream in streams:
        await stream.until("flavor.deleted", id=made["id"])


async def test_a_thing_is_made_changed_and_deleted(house: House) -> None:
    async with listening(house, "demo") as stream:
        ready = await stream.until("ready")
        assert stream.status == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert "content-length" not in stream.headers
        assert "servers" in ready.data["topics"]
        assert "timelines" not in ready.data["topics"]

        network_id = await make_network(house)
        made = await stream.until("network.created", id=network_id)
        assert made.data == {
            "kind": "network",
            "id": network_id,
            "what": "created",
            "project_id": house.demo_id,
            "about": None,
        }
        changed = {"network": {"name": "other"}}
        await house.ask("demo", "PUT", f"{V2}/networks/{network_id}", changed)
        await stream.until("network.changed", id=network_id)
        await house.ask("demo", "DELETE", f"{V2}/networks/{network_id}")
        gone = await stream.until("network.deleted", id=network_id)
        assert gone.id > made.id > ready.data["last"]


async def test_a_servers_life(house: House) -> None:
    """States, task, power, addresses: whatever its row or its ports say anew."""
    ids = house.ids["compute"]
    body = {
        "server": {
            "name": "live",
            "flavorRef": ids["flavor_id"],
            "imageRef": house.ids["image"]["image_id"],
            "networks": [{"uuid": house.ids["network"]["network_id"]}],
        }
    }
    newest = {"OpenStack-API-Version": "compute 2.96"}
    async with listening(house, "demo", "topics=servers,operations,ports") as stream:
        await stream.until("ready")
        answer = await house.ask("demo", "POST", "/compute/v2.1/servers", body, **newest)
        assert answer.status == 202, answer.content
        server_id = answer.json()["server"]["id"]
        await stream.until("server.created", id=server_id, project_id=house.demo_id)
        begun = await stream.until("operation.created", about=f"server/{server_id}")
        assert begun.data["project_id"] == house.demo_id

        async def active() -> bool:
            shown = await house.ask("demo", "GET", f"/compute/v2.1/servers/{server_id}", **newest)
            return shown.json()["server"]["status"] in ("ACTIVE", "ERROR")

        while not await active():
            await stream.until("server.changed", id=server_id)
        port = {"port": {"network_id": house.ids["network"]["network_id"]}}
        port_id = (await house.make("demo", f"{V2}/ports", port))["id"]
        await stream.until("port.created", id=port_id)
        attach = {"port": {"device_id": server_id, "device_owner": "compute:nova"}}
        await house.ask("demo", "PUT", f"{V2}/ports/{port_id}", attach)
        await stream.until("server.changed", id=server_id)
        await house.ask("demo", "DELETE", f"{V2}/ports/{port_id}")
        await stream.until("port.deleted", id=port_id)
        await house.ask("demo", "DELETE", f"/compute/v2.1/servers/{server_id}", **newest)
        await stream.until("server.deleted", id=server_id)


async def test_each_hears_of_their_own(house: House) -> None:
    async with AsyncExitStack() as stack:
        streams = {
            who: await stack.enter_async_context(listening(house, who, "topics=networks,flavors"))
            for who in ("admin", "demo", "reader", "other")
        }
        for stream in streams.values():
            await stream.until("ready")
        mine = await make_network(house)
        theirs = await make_network(house, "other")
        heard: dict[str, set[str]] = {}
        for who, stream in streams.items():
            heard[who] = set()
            last = {"admin": theirs, "demo": mine, "reader": mine, "other": theirs}[who]
            while last not in heard[who]:
                event = await stream.next()
                assert event is not None
                heard[who].add(event.data["id"])
        assert heard == {
            "admin": {mine, theirs},
            "demo": {mine},
            "reader": {mine},
            "other": {theirs},
        }
        await fence(house, *streams.values())


async def test_a_key_is_heard_of_by_its_owner_alone(house: House) -> None:
    async with listening(house, "demo") as own, listening(house, "reader") as colleague:
        await own.until("ready")
        await colleague.until("ready")
        key = {"keypair": {"name": "live-key"}}
        await house.ask("demo", "POST", "/compute/v2.1/os-keypairs", key)
        await own.until("keypair.created", id="live-key")
        network_id = await make_network(house)
        first = await colleague.next()
        assert first is not None
        assert first.data["id"] == network_id


async def test_who_comes_back_has_missed_nothing(house: House) -> None:
    async with listening(house, "demo", "topics=networks") as stream:
        await stream.until("ready")
        first = await make_network(house)
        last = (await stream.until("network.created", id=first)).id
    second = await make_network(house)
    third = await make_network(house)
    await house.ask("demo", "DELETE", f"{V2}/networks/{third}")

    for query, headers in (
        (f"topics=networks&since={last}", {}),
        ("topics=networks", {"last-event-id": str(last)}),
    ):
        async with listening(house, "demo", query, **headers) as stream:
            assert (await stream.until("ready")).id is None
            found: list[tuple[str, str]] = []
            while ("network.deleted", third) not in found:
                event = await stream.next()
                assert event is not None
                found.append((event.name, event.data["id"]))
            if house.on_sqlite:  # with several writers some come twice
                assert found == [("network.created", second), ("network.deleted", third)]
            assert ("network.created", second) in found


async def test_who_was_away_for_too_long_lists_anew(house: House) -> None:
    async with listening(house, "demo", f"since={2**60}") as stream:
        await stream.until("reset")
        network_id = await make_network(house)
        await stream.until("network.created", id=network_id)


async def test_a_slow_client_is_told_so_and_holds_up_nobody(house: House) -> None:
    async with (
        listening(house, "demo", "topics=networks") as slow,
        listening(house, "demo", "topics=networks") as fast,
    ):
        await slow.until("ready")
        await fast.until("ready")
        slow.stall()
        made = [await make_network(house, name=f"n{number}") for number in range(60)]
        await fast.until("network.created", id=made[-1])
        slow.go_on()
        await slow.until("reset")


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("since=x", {}),
        ("since=-1", {}),
        (f"since={2**63}", {}),
        (f"topics={'x' * 1001}", {}),
        ("", {"last-event-id": "x"}),
        ("", {"last-event-id": "9" * 40}),
        ("", {"last-event-id": "\u0661".encode().decode("latin-1")}),
    ],
)
async def test_odd_requests(house: House, query: str, headers: dict[str, str]) -> None:
    async with listening(house, "demo", query, **headers) as stream:
        while not stream.over:
            await asyncio.sleep(0)
    assert stream.status == 400


async def test_unknown_topics_are_named(house: House) -> None:
    async with listening(house, "demo", "topics=clouds,%20servers") as stream:
        ready = await stream.until("ready")
        assert (ready.data["topics"], ready.data["unknown"]) == (["servers"], ["clouds"])


async def test_a_token_that_was_revoked_ends_its_stream(house: House) -> None:
    subject = await _another_token(house)
    async with streaming(house.app, EVENTS, subject) as stream:
        await stream.until("ready")
        while not stream.beats:
            await make_network(house)
            await stream.until("network.created")
        headers = {"X-Subject-Token": subject}
        answer = await house.ask("demo", "DELETE", "/identity/v3/auth/tokens", **headers)
        assert answer.status == 204
        await stream.until("end")
        assert await stream.next() is None


async def _another_token(house: House) -> str:
    body = {
        "auth": {
            "identity": {"methods": ["token"], "token": {"id": house.tokens["demo"]}},
            "scope": {"project": {"id": house.demo_id}},
        }
    }
    answer = await house.ask(None, "POST", "/identity/v3/auth/tokens", body)
    assert answer.status == 201, answer.content
    return answer.headers["x-subject-token"]


async def test_too_many_streams(house: House) -> None:
    """One more than the limit: 429, and room again once one has ended."""
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(house, "demo")) for _ in range(200)]
        for stream in streams:
            await stream.until("ready")
        answer = await house.ask("demo", "GET", EVENTS)
        assert answer.status == 429
        assert answer.json()["error"]["code"] == "too-many-streams"
        assert (await house.ask("other", "GET", EVENTS)).status == 200
    assert (await house.ask("demo", "GET", EVENTS)).status == 200


async def test_two_hundred_clients_leave_nothing_behind(house: House) -> None:
    operator = operator_of(house)
    before = len(asyncio.all_tasks())
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(listening(house, "demo")) for _ in range(200)]
        for stream in streams:
            await stream.until("ready")
        assert operator.feed.listeners == operator.streams.open == 200
        network_id = await make_network(house)
        for stream in streams:
            await stream.until("network.created", id=network_id)
    assert operator.feed.listeners == operator.streams.open == 0
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0.01)


async def test_no_token_no_stream(house: House) -> None:
    assert (await house.ask(None, "GET", EVENTS)).status == 401


async def test_the_cloud_says_when_it_stops(house: House) -> None:
    async with listening(house, "demo") as stream:
        await stream.until("ready")
        operator_of(house).feed.close()
        await stream.until("end")
