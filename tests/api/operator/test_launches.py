"""Dry runs, boot times and capacity: what a launch would be, against what it then is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.api.doors.house import House
from unkai.compute.actions.capacity import Room, count_fitting
from unkai.compute.model import BootTime
from unkai.compute.store import boot_times
from unkai.kit.db import Tx, metadata
from unkai.placement.model import CandidateRequest, Inventory, Stock

pytestmark = pytest.mark.anyio

NEWEST = {"OpenStack-API-Version": "compute 2.96"}
SERVERS = "/compute/v2.1/servers"
DRY = "/unkai/v1/servers/dry-run"
BUSY = {"events", "operations", "timeline_events", "compute_hosts", "changes", "network_dirty"}
"""Tables that move by themselves."""


def body_of(house: House, **more: Any) -> dict[str, Any]:
    server = {
        "name": "dry",
        "flavorRef": house.ids["compute"]["flavor_id"],
        "imageRef": house.ids["image"]["image_id"],
        "networks": [{"uuid": house.ids["network"]["network_id"]}],
    }
    return {"server": {**server, **more}}


async def idle(house: House) -> None:
    kit = house.cloud.kit
    async with asyncio.timeout(20):
        while await kit.operations.list(kit.database.reader, active=True):
            await asyncio.sleep(0.01)


async def rows(house: House) -> dict[str, int]:
    """How many each table has, once nothing is under way."""
    await idle(house)
    reader = house.cloud.kit.database.reader
    return {
        table.name: await reader.scalar(select(func.count()).select_from(table))
        for table in metadata.sorted_tables
        if table.name not in BUSY and not table.name.startswith("test_")
    }


async def operations(house: House) -> int:
    reader = house.cloud.kit.database.reader
    table = metadata.tables["operations"]
    return await reader.scalar(select(func.count()).select_from(table))


async def dry(house: House, who: str = "demo", **more: Any) -> dict[str, Any]:
    answer = await house.ask(who, "POST", DRY, body_of(house, **more))
    assert answer.status == 200, answer.content
    return answer.json()["dry_run"]


async def test_it_says_what_then_comes_true(house: House) -> None:
    before, work = await rows(house), await operations(house)
    said = await dry(house)
    assert (await rows(house), await operations(house)) == (before, work)

    (server,) = said["servers"]
    assert server["fits"] and server["runs_on"] == "guest" and server["fault"] is None
    taken = [host for host in server["hosts"] if host["taken"]]
    assert [host["host"] for host in taken] == [server["host"]]
    assert len(server["hosts"]) == 4
    assert all(host["reason"] for host in server["hosts"])
    ((network, addresses),) = server["addresses"].items()
    assert network == "owned-by-demo"
    assert addresses[0]["addr"]

    answer = await house.ask("demo", "POST", SERVERS, body_of(house), **NEWEST)
    assert answer.status == 202, answer.content
    path = f"{SERVERS}/{answer.json()['server']['id']}"
    made = (await house.ask("admin", "GET", path, **NEWEST)).json()["server"]
    assert made["OS-EXT-SRV-ATTR:host"] == server["host"]
    limits = (await house.ask("demo", "GET", "/compute/v2.1/limits")).json()["limits"]["absolute"]
    assert said["quota"]["instances"]["used"] == limits["totalInstancesUsed"]
    assert said["quota"]["ram"]["used"] == limits["totalRAMUsed"]
    assert said["quota"]["cores"] == {
        "limit": limits["maxTotalCores"],
        "used": limits["totalCoresUsed"],
        "left": limits["maxTotalCores"] - limits["totalCoresUsed"],
    }
    assert (await house.ask("demo", "DELETE", path, **NEWEST)).status == 204


async def test_where_no_host_fits(house: House) -> None:
    flavor = {"flavor": {"name": "giant", "ram": 1, "vcpus": 1, "disk": 1_000_000_000}}
    made = await house.make("admin", "/compute/v2.1/flavors", flavor)
    (server,) = (await dry(house, flavorRef=made["id"]))["servers"]
    assert (server["fits"], server["host"], server["runs_on"]) == (False, None, None)
    assert "No valid host" in server["fault"]
    assert not any(host["taken"] for host in server["hosts"])


async def test_several_at_once(house: House) -> None:
    said = await dry(house, min_count=2, max_count=2)
    assert [server["name"] for server in said["servers"]] == ["dry-1", "dry-2"]
    assert len({str(server["addresses"]) for server in said["servers"]}) == 2


async def test_the_same_refusals(house: House) -> None:
    """A wrong request has the status and the sentence of the real one, and leaves nothing."""
    nowhere = "11111111-2222-4333-8444-555555555555"
    before, work = await rows(house), await operations(house)
    for more in (
        {"flavorRef": "none"},
        {"imageRef": nowhere},
        {"networks": [{"uuid": nowhere}]},
        {"networks": [{"uuid": house.ids["network"]["network_id"], "fixed_ip": "8.8.8.8"}]},
        {"key_name": "none"},
        {"min_count": 1000, "max_count": 1000},
        {"availability_zone": "nova:none"},
        {"security_groups": [{"name": "none"}]},
        {"min_count": 3, "max_count": 2},
        {"flavorRef": 7.5},
        {"surprise": 1},
    ):
        real = await house.ask("demo", "POST", SERVERS, body_of(house, **more), **NEWEST)
        played = await house.ask("demo", "POST", DRY, body_of(house, **more))
        ((_, said),) = real.json().items()
        assert played.status == real.status >= 400, (more, played.content)
        error = played.json()["error"]
        told = f"{error['message']} {error['remedy']}" if error["remedy"] else error["message"]
        assert told == said["message"]
    assert (await rows(house), await operations(house)) == (before, work)


async def test_who_may(house: House) -> None:
    for who, status in (("admin", 200), ("demo", 200), ("reader", 403), (None, 401)):
        answer = await house.ask(who, "POST", DRY, body_of(house))
        assert answer.status == status, (who, answer.content)
    stranger = await house.ask("other", "POST", DRY, body_of(house))
    assert stranger.status == 400


async def test_an_auto_network_is_not_made(house: House) -> None:
    before = await rows(house)
    body = body_of(house, networks="auto")
    answer = await house.ask("other", "POST", DRY, body)
    assert answer.status in (200, 400, 409), answer.content
    assert await rows(house) == before


async def test_boot_times(house: House) -> None:
    """Median and 95th percentile of the newest, by flavor and image; a dry run has them."""
    image_id, flavor_id = house.ids["image"]["image_id"], "boot-times"
    flavor = {"flavor": {"name": "bt", "id": flavor_id, "ram": 64, "vcpus": 1, "disk": 1}}
    await house.make("admin", "/compute/v2.1/flavors", flavor)
    assert (await dry(house, flavorRef=flavor_id))["expected_boot"] is None

    async def note(tx: Tx) -> None:
        for took_s in [100.0, *range(1, 101)]:
            one = BootTime(
                flavor_id=flavor_id,
                image_id=image_id,
                resource_class="",
                project_id=house.demo_id,
                took_s=float(took_s),
            )
            await boot_times.add_boot_time(tx, one)

    await house.cloud.kit.database.transact(note)
    expected = {
        "flavor_id": flavor_id,
        "image_id": image_id,
        "resource_class": "",
        "median_s": 50.0,
        "p95_s": 95.0,
        "samples": 100,
    }
    assert (await dry(house, flavorRef=flavor_id))["expected_boot"] == expected
    path = f"/unkai/v1/boot-times?flavor={flavor_id}"
    for who, found in (("demo", [expected]), ("admin", [expected]), ("other", [])):
        answer = await house.ask(who, "GET", path)
        assert answer.json() == {"boot_times": found}
    answer = await house.ask("other", "GET", f"{path}&image={image_id}")
    assert answer.json() == {"boot_times": [expected]}
    assert (await house.ask("demo", "GET", f"/unkai/v1/boot-times?image={'x' * 300}")).status == 400


async def test_a_boot_that_ends_is_noted(house: House) -> None:
    body = body_of(house, name="noted")
    answer = await house.ask("demo", "POST", SERVERS, body, **NEWEST)
    assert answer.status == 202, answer.content
    path = f"{SERVERS}/{answer.json()['server']['id']}"
    await idle(house)
    shown = (await house.ask("demo", "GET", path, **NEWEST)).json()["server"]
    answer = await house.ask(
        "demo", "GET", f"/unkai/v1/boot-times?flavor={body['server']['flavorRef']}"
    )
    (found,) = answer.json()["boot_times"]
    assert shown["status"] == "ACTIVE"
    assert found["samples"] >= 1
    assert 0 < found["median_s"] <= found["p95_s"] < 60
    await house.ask("demo", "DELETE", path, **NEWEST)


async def test_capacity_is_what_a_dry_run_finds(house: House) -> None:
    await idle(house)
    answer = await house.ask("demo", "GET", "/unkai/v1/flavors/capacity")
    assert answer.status == 200, answer.content
    found = {one["id"]: one for one in answer.json()["flavors"]}
    small = found[house.ids["compute"]["flavor_id"]]
    assert small["runs_on"] == "guest"
    assert small["free_nodes"] == 0
    assert small["fits"] > small["launchable"] == small["by_quota"] > 0
    everything = await house.ask("admin", "GET", "/unkai/v1/flavors/capacity")
    assert {one["id"] for one in everything.json()["flavors"]} >= set(found)
    assert (await house.ask(None, "GET", "/unkai/v1/flavors/capacity")).status == 401
    more = {"min_count": small["launchable"] + 1, "max_count": small["launchable"] + 1}
    refused = await house.ask("demo", "POST", DRY, body_of(house, **more))
    assert refused.status == 403


def test_counting_what_fits() -> None:
    room = Room(
        {
            "VCPU": Stock(Inventory(total=8, allocation_ratio=2.0, max_unit=8), used=2),
            "MEMORY_MB": Stock(Inventory(total=1000, reserved=100), used=100),
        },
        frozenset({"FAST"}),
    )
    asked = CandidateRequest(resources={"VCPU": 2, "MEMORY_MB": 100})
    assert count_fitting(asked, [room, room]) == 14
    assert count_fitting(CandidateRequest(resources={"VCPU": 9}), [room]) == 0
    assert count_fitting(CandidateRequest(resources={"DISK_GB": 1}), [room]) == 0
    slow = CandidateRequest(resources={"VCPU": 2}, forbidden_traits=frozenset({"FAST"}))
    assert count_fitting(slow, [room]) == 0
