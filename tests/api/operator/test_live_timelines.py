"""A timeline that is heard as it is written."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.doors.house import House
from tests.api.operator.streams import Stream, streaming
from unkai.kit.db import Tx
from unkai.timeline.actions.record import event, record

pytestmark = [pytest.mark.anyio, pytest.mark.thorough]

NEWEST = {"OpenStack-API-Version": "compute 2.96"}


def watching(house: House, who: str, path: str) -> Any:
    return streaming(house.app, f"/unkai/v1{path}/timeline/events", house.tokens[who])


async def a_server(house: House) -> str:
    server = {
        "name": "watched",
        "flavorRef": house.ids["compute"]["flavor_id"],
        "imageRef": house.ids["image"]["image_id"],
        "networks": [{"uuid": house.ids["network"]["network_id"]}],
    }
    path = "/compute/v2.1/servers"
    answer = await house.ask("demo", "POST", path, {"server": server}, **NEWEST)
    assert answer.status == 202, answer.content
    return answer.json()["server"]["id"]


async def steps(stream: Stream, last: str) -> list[dict[str, Any]]:
    """Up to the end of the step whose action this is."""
    found: list[dict[str, Any]] = []
    while not (found and found[-1]["action"] == last and found[-1]["ended_at"]):
        found.append((await stream.until("step")).data)
    return found


async def test_a_boot_and_a_stop_step_by_step(house: House) -> None:
    server_id = await a_server(house)
    async with watching(house, "demo", f"/servers/{server_id}") as stream:
        assert (await stream.until("ready")).data == {"subject": f"server/{server_id}"}
        found = await steps(stream, "run guest")
        shown = await house.ask("demo", "GET", f"/unkai/v1/servers/{server_id}/timeline")
        whole = shown.json()["timeline"]["events"]
        assert {one["id"] for one in found} == {one["id"] for one in whole}
        last = {one["id"]: one for one in found}
        assert [last[one["id"]] for one in whole] == whole

        path = f"/compute/v2.1/servers/{server_id}/action"
        answer = await house.ask("demo", "POST", path, {"os-stop": None}, **NEWEST)
        assert answer.status == 202, answer.content
        found = await steps(stream, "shut down")
        assert not {one["id"] for one in found} & set(last)
    await house.ask("demo", "DELETE", f"/compute/v2.1/servers/{server_id}", **NEWEST)


async def test_a_step_is_told_when_it_starts_and_when_it_ends(house: House) -> None:
    """The flight recorder of a machine, which writes an event open and closes it later."""
    node = house.ids["baremetal"]["node_ident"]
    kit = house.cloud.kit
    at = kit.clock.now()
    one = event(
        f"node/{node}", "DHCP", "DISCOVER", started_at=at, ended_at=at, request_id="", detail="x"
    )
    async with watching(house, "admin", f"/nodes/{node}") as stream:
        await stream.until("ready")

        async def write(tx: Tx) -> None:
            await record(tx, one)

        await kit.database.transact(write)
        told = await stream.until("step", action="DISCOVER", subject=f"node/{node}")
        assert (told.data["participant"], told.data["detail"]) == ("DHCP", "x")


async def test_a_volume_is_made_and_grows_step_by_step(house: House) -> None:
    answer = await house.ask("demo", "POST", "/volume/v3/volumes", {"volume": {"size": 1}})
    assert answer.status == 202, answer.content
    volume_id = answer.json()["volume"]["id"]
    async with watching(house, "demo", f"/volumes/{volume_id}") as stream:
        assert (await stream.until("ready")).data == {"subject": f"volume/{volume_id}"}
        [made, *_] = await steps(stream, "make data")
        assert made["participant"] == "CinderAPI"
        path = f"/volume/v3/volumes/{volume_id}/action"
        answer = await house.ask("demo", "POST", path, {"os-extend": {"new_size": 2}})
        assert answer.status == 202, answer.content
        await steps(stream, "grow data")
    shown = await house.ask("demo", "GET", f"/unkai/v1/volumes/{volume_id}/timeline")
    assert len(shown.json()["timeline"]["events"]) >= 2
    for end in ("timeline", "timeline/events"):
        answer = await house.ask("other", "GET", f"/unkai/v1/volumes/{volume_id}/{end}")
        assert answer.status == 404, end


async def test_not_anothers(house: House) -> None:
    server_id = house.ids["unkai"]["server_id"]
    node = house.ids["unkai"]["node_ident"]
    for path in (f"/servers/{server_id}", f"/nodes/{node}", "/servers/none", "/nodes/none"):
        answer = await house.ask("other", "GET", f"/unkai/v1{path}/timeline/events")
        assert answer.status == 404, path


async def test_nothing_is_left_of_many(house: House) -> None:
    server_id = house.ids["unkai"]["server_id"]
    operator = next(api.service for api in house.app.apis if api.name == "unkai")
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(_look(house, server_id))
    assert operator.feed.listeners == operator.streams.open == 0


async def _look(house: House, server_id: str) -> None:
    async with watching(house, "reader", f"/servers/{server_id}") as stream:
        await stream.until("ready")
