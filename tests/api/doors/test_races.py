"""Many at once, on both databases: what there is one of goes to one, and nobody sees a failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.api.doors.asking import Answer
from tests.api.doors.house import House

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize(
        "any_database",
        ["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)],
        indirect=True,
        scope="module",
    ),
]

NET, NOVA, V3 = "/network/v2.0", "/compute/v2.1", "/identity/v3"
PLACE = {"OpenStack-API-Version": "placement 1.39"}
AT_ONCE = 16


async def at_once(*asked: Any) -> Counter[int]:
    answers: list[Answer] = await asyncio.gather(*asked)
    return Counter(answer.status for answer in answers)


async def small_network(house: House, cidr: str) -> tuple[str, str]:
    """A network and its subnet of few addresses."""
    network = await house.make("demo", f"{NET}/networks", {"network": {"name": "few"}})
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": cidr}
    made = await house.make("demo", f"{NET}/subnets", {"subnet": subnet})
    return network["id"], made["id"]


@pytest.mark.thorough
async def test_addresses_are_given_once(house: House) -> None:
    """A /28 has 14 addresses; the gateway and the metadata port have two of them."""
    network, _subnet = await small_network(house, "10.21.0.0/28")
    port = {"port": {"network_id": network}}
    told = await at_once(*(house.ask("demo", "POST", f"{NET}/ports", port) for _ in range(AT_ONCE)))
    assert set(told) == {201, 409}, told
    shown = (await house.ask("demo", "GET", f"{NET}/ports?network_id={network}")).json()["ports"]
    given = [fixed["ip_address"] for one in shown for fixed in one["fixed_ips"]]
    assert len(set(given)) == len(given)
    assert told[201] >= 12


async def test_one_asked_for_address_goes_to_one(house: House) -> None:
    network, subnet = await small_network(house, "10.22.0.0/24")
    fixed = [{"subnet_id": subnet, "ip_address": "10.22.0.99"}]
    port = {"port": {"network_id": network, "fixed_ips": fixed}}
    told = await at_once(*(house.ask("demo", "POST", f"{NET}/ports", port) for _ in range(8)))
    assert told == {201: 1, 409: 7}


async def test_floating_ips_are_given_once(house: House) -> None:
    body = {"floatingip": {"floating_network_id": house.ids["network"]["public_id"]}}
    told = await at_once(*(house.ask("demo", "POST", f"{NET}/floatingips", body) for _ in range(8)))
    assert told == {201: 8}
    shown = (await house.ask("demo", "GET", f"{NET}/floatingips")).json()["floatingips"]
    given = [one["floating_ip_address"] for one in shown]
    assert len(set(given)) == len(given)


async def test_a_quota_is_kept_by_many(house: House) -> None:
    quota = f"{NET}/quotas/{house.demo_id}"
    have = len((await house.ask("demo", "GET", f"{NET}/security-groups")).json()["security_groups"])
    given = {"quota": {"security_group": have + 3}}
    assert (await house.ask("admin", "PUT", quota, given)).status == 200
    body = {"security_group": {"name": "n"}}
    path = f"{NET}/security-groups"
    told = await at_once(*(house.ask("demo", "POST", path, body) for _ in range(10)))
    assert told == {201: 3, 409: 7}
    assert (await house.ask("admin", "DELETE", quota)).status == 204


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{V3}/projects", {"project": {"name": "single"}}),
        (f"{V3}/users", {"user": {"name": "single"}}),
        (f"{V3}/roles", {"role": {"name": "single"}}),
        ("/placement/resource_providers", {"name": "single"}),
        (f"{NOVA}/flavors", {"flavor": {"name": "single", "vcpus": 1, "ram": 64, "disk": 1}}),
        (f"{NOVA}/os-aggregates", {"aggregate": {"name": "single"}}),
    ],
)
async def test_a_name_goes_to_one(house: House, path: str, body: Any) -> None:
    told = await at_once(*(house.ask("admin", "POST", path, body, **PLACE) for _ in range(8)))
    assert sum(count for status, count in told.items() if status < 300) == 1, told
    assert told[409] == 7, told


async def test_a_claim_beyond_what_is_there_is_refused(house: House) -> None:
    """64 CPUs, 16 claims of 8 each: eight fit, whoever comes first."""
    uuid = house.ids["placement"]["uuid"]

    def claim(number: int) -> Any:
        consumer = f"11111111-2222-4333-8444-{number:012}"
        body = {
            "allocations": {uuid: {"resources": {"VCPU": 8}}},
            "project_id": "p",
            "user_id": "u",
            "consumer_generation": None,
            "consumer_type": "INSTANCE",
        }
        return house.ask("admin", "PUT", f"/placement/allocations/{consumer}", body, **PLACE)

    told = await at_once(*(claim(number) for number in range(16)))
    assert told == {204: 8, 409: 8}


async def test_servers_made_and_removed_at_once_leave_nothing(house: House) -> None:
    """Each with a port on one network; half of them are deleted while they are being made."""
    ids = house.ids["compute"]
    network, _subnet = await small_network(house, "10.23.0.0/24")
    body = {
        "server": {
            "name": "n",
            "flavorRef": ids["flavor_id"],
            "imageRef": ids["image_id"],
            "networks": [{"uuid": network}],
        }
    }
    quota = {"quota_set": {"instances": 100, "cores": 100}}
    project = f"{NOVA}/os-quota-sets/{house.demo_id}"
    assert (await house.ask("admin", "PUT", project, quota)).status == 200
    answers = await asyncio.gather(
        *(house.ask("demo", "POST", f"{NOVA}/servers", body) for _ in range(8))
    )
    assert [answer.status for answer in answers] == [202] * 8, answers[0].content
    servers = [f"{NOVA}/servers/{answer.json()['server']['id']}" for answer in answers]
    for some in (servers[::2], servers[1::2]):
        told = await at_once(*(house.ask("demo", "DELETE", server) for server in some))
        assert told == {204: 4}

    async with asyncio.timeout(40):
        for server in servers:
            while (await house.ask("demo", "GET", server)).status != 404:
                await asyncio.sleep(0.02)
    shown = (await house.ask("demo", "GET", f"{NET}/ports?network_id={network}")).json()["ports"]
    assert [one for one in shown if one["device_owner"].startswith("compute:")] == []
    for server in servers:
        claims = f"/placement/allocations/{server.rpartition('/')[2]}"
        answer = await house.ask("admin", "GET", claims, **PLACE)
        assert answer.json()["allocations"] == {}
