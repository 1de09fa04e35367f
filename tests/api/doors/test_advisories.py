"""Published flaws of the clouds whose APIs these are, tried here; each test bears the advisory.

Those of one service stand with its own tests; here are the ones that need the whole cloud.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest

from tests.api.doors.asking import ask
from tests.api.doors.house import MARK, House
from tests.api.doors.samples import UUID

pytestmark = pytest.mark.anyio

V3, NET, IMAGES, NOVA = "/identity/v3", "/network/v2.0", "/image/v2/images", "/compute/v2.1"
PLACE = {"OpenStack-API-Version": "placement 1.39"}
NEWEST = {"OpenStack-API-Version": "compute 2.96"}


def a_server(house: House, **more: Any) -> dict[str, Any]:
    ids = house.ids["compute"]
    given = {"name": "n", "flavorRef": ids["flavor_id"], "imageRef": ids["image_id"]}
    return {"server": {**given, "networks": "none", **more}}


# --- identity


async def test_ossa_2012_002_a_very_long_password_costs_nothing(house: House) -> None:
    user = {"name": "demo", "domain": {"id": "default"}, "password": "x" * 60_000}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    began = time.process_time()
    answer = await house.ask(None, "POST", f"{V3}/auth/tokens", body)
    assert answer.status in (400, 401)
    assert time.process_time() - began < 1


async def test_ossa_2012_013_only_an_administrator_grants_roles(house: House) -> None:
    role = house.ids["identity"]["role_id"]
    mine = house.ids["identity"]["own_user_id"]
    grant = f"{V3}/projects/{house.demo_id}/users/{mine}/roles/{role}"
    assert (await house.ask("demo", "PUT", grant)).status == 403
    assert (await house.ask("other", "PUT", grant)).status == 403


async def test_ossa_2013_003_invalid_tokens_leave_nothing_behind(house: House) -> None:
    """They were kept once, until the memory was full of them."""
    known = set(house.tokens.values())
    for number in range(50):
        headers = {"X-Auth-Token": f"{number}" * 500}
        answer = await ask(house.app, "GET", f"{V3}/projects", headers=headers)
        assert answer.status == 401
    assert set(house.cloud.compute.identity.cache.entries) <= known


async def test_ossa_2014_015_a_groups_grant_is_no_users(house: House) -> None:
    """A group and a user may have the same id elsewhere; a grant is of one kind."""
    ids = house.ids["identity"]
    grants = f"{V3}/projects/{house.demo_id}"
    as_group = f"{grants}/groups/{ids['group_id']}/roles/{ids['role_id']}"
    assert (await house.ask("admin", "PUT", as_group)).status == 204
    as_user = f"{grants}/users/{ids['group_id']}/roles/{ids['role_id']}"
    assert (await house.ask("admin", "GET", as_user)).status == 404
    assert (await house.ask("admin", "DELETE", as_group)).status == 204


@pytest.mark.parametrize("word", ["%(admin_token)s", "$(password)s", "{secret}", "%(user_id)s"])
async def test_ossa_2014_029_the_catalog_fills_in_no_settings(house: House, word: str) -> None:
    url = f"http://cloud/{word}"
    ids = house.ids["identity"]
    endpoint = {"service_id": ids["service_id"], "interface": "public", "url": url}
    made = await house.ask("admin", "POST", f"{V3}/endpoints", {"endpoint": endpoint})
    shown = json.dumps((await house.ask("demo", "GET", f"{V3}/auth/catalog")).json())
    secret = (house.settings.admin_password_file).read_text().strip()
    assert secret not in shown
    if made.status < 300:
        path = f"{V3}/endpoints/{made.json()['endpoint']['id']}"
        assert (await house.ask("admin", "DELETE", path)).status == 204


@pytest.mark.parametrize("path", ["ec2tokens", "s3tokens"])
async def test_ossa_2025_002_no_token_without_a_proof(house: House, path: str) -> None:
    answer = await house.ask(None, "POST", f"{V3}/{path}", {"credentials": {"access": "a"}})
    assert answer.status in (401, 404)


# --- image


async def test_ossa_2012_017_only_the_owner_deletes_an_image(house: House) -> None:
    path = f"{IMAGES}/{house.ids['image']['image_id']}"
    assert (await house.ask("other", "DELETE", path)).status == 404
    assert (await house.ask("reader", "DELETE", path)).status in (403, 404)
    assert (await house.ask("demo", "GET", path)).status == 200


async def test_ossa_2013_002_and_2014_004_no_image_says_where_it_is(house: House) -> None:
    """Addresses of stores had passwords in them; ours would show the host's folders."""
    for path in (IMAGES, f"{IMAGES}/{house.ids['image']['image_id']}"):
        answer = await house.ask("admin", "GET", path)
        assert str(house.settings.state_dir).encode() not in answer.content
        assert b'"locations"' not in answer.content
        assert b'"direct_url"' not in answer.content


@pytest.mark.parametrize("where", ["file:///etc/passwd", "filesystem:///etc/passwd"])
async def test_ossa_2014_041_and_2015_002_no_image_is_a_file_of_the_host(
    house: House, where: str
) -> None:
    image_id = house.ids["image"]["image_id"]
    value: list[dict[str, Any]] = [{"url": where, "metadata": {}}]
    for operation in ("add", "replace"):
        change = [{"op": operation, "path": "/locations", "value": value}]
        answer = await house.ask(
            "demo",
            "PATCH",
            f"{IMAGES}/{image_id}",
            change,
            **{"Content-Type": "application/openstack-images-v2.1-json-patch"},
        )
        assert answer.status in (400, 403, 409)
    body = {"name": "n", "disk_format": "raw", "container_format": "bare", "locations": value}
    assert (await house.ask("demo", "POST", IMAGES, body)).status in (400, 403)


@pytest.mark.parametrize(
    "uri", ["http://169.254.169.254/", "file:///etc/passwd", "http://127.0.0.1:8780/"]
)
async def test_ossa_2026_004_no_image_is_fetched_from_elsewhere(house: House, uri: str) -> None:
    body = {"name": "n", "disk_format": "raw", "container_format": "bare"}
    made = (await house.ask("demo", "POST", IMAGES, body)).json()
    method = {"method": {"name": "web-download", "uri": uri}}
    path = f"{IMAGES}/{made['id']}"
    assert (await house.ask("demo", "POST", f"{path}/import", method)).status in (400, 403)
    assert (await house.ask("demo", "DELETE", path)).status == 204


@pytest.mark.parametrize("status", ["queued", "deleted", "deactivated"])
async def test_ossa_2015_019_and_2016_006_nobody_sets_the_status(house: House, status: str) -> None:
    """Neither by a patch nor by the header that the elder API had, nor by taking the data away."""
    path = f"{IMAGES}/{house.ids['image']['image_id']}"
    patch = {"Content-Type": "application/openstack-images-v2.1-json-patch"}
    change = [{"op": "replace", "path": "/status", "value": status}]
    assert (await house.ask("demo", "PATCH", path, change, **patch)).status in (400, 403)
    gone = [{"op": "remove", "path": "/locations/0"}]
    assert (await house.ask("demo", "PATCH", path, gone, **patch)).status in (400, 403, 409)
    headers = {"x-image-meta-status": status, "Content-Type": "application/octet-stream"}
    answer = await house.ask("demo", "PUT", f"{path}/file", 1, **headers)
    assert answer.status == 409
    assert (await house.ask("demo", "GET", path)).json()["status"] == "active"


async def test_ossa_2015_004_a_deleted_image_leaves_no_data(house: House) -> None:
    folder = house.settings.state_dir / "images"
    before = sorted(folder.rglob("*"))
    body = {"name": "n", "disk_format": "raw", "container_format": "bare"}
    made = (await house.ask("demo", "POST", IMAGES, body)).json()
    path = f"{IMAGES}/{made['id']}"
    headers = {"Content-Type": "application/octet-stream"}
    assert (await house.ask("demo", "PUT", f"{path}/file", 1, **headers)).status == 204
    assert sorted(folder.rglob("*")) != before
    assert (await house.ask("demo", "DELETE", path)).status == 204

    async with asyncio.timeout(10):
        while sorted(folder.rglob("*")) != before:
            await asyncio.sleep(0.01)


# --- network


@pytest.mark.parametrize(
    "fields",
    [
        {"ip_version": 6, "cidr": "2001:db8::/64", "gateway_ip": "10.0.0.1"},
        {"ip_version": 6, "cidr": "10.0.0.0/24"},
        {"ip_version": 4, "cidr": "2001:db8::/64"},
        {"ip_version": 4, "cidr": "10.11.0.0/24", "gateway_ip": "2001:db8::1"},
        {"ip_version": 6, "cidr": "2001:db8::/64", "gateway_ip": "::"},
    ],
)
async def test_ossa_2014_019_a_subnet_is_of_one_family(
    house: House, fields: dict[str, Any]
) -> None:
    body = {"subnet": {"network_id": house.ids["network"]["network_id"], **fields}}
    assert (await house.ask("demo", "POST", f"{NET}/subnets", body)).status == 400


async def test_ossa_2014_025_address_pairs_are_counted(house: House) -> None:
    pairs = [{"ip_address": f"10.9.{n // 250}.{n % 250 + 1}"} for n in range(2000)]
    port = {"network_id": house.ids["network"]["network_id"], "allowed_address_pairs": pairs}
    answer = await house.ask("demo", "POST", f"{NET}/ports", {"port": port})
    assert answer.status in (400, 409)


@pytest.mark.parametrize(
    "pair",
    [
        {"ip_address": "10.9.0.0/99"},
        {"ip_address": "-m nonsense"},
        {"ip_address": "10.9.0.1", "mac_address": "-j ACCEPT"},
        {"mac_address": "fa:16:3e:00:00:01"},
        {"ip_address": "fe80::1%eth0"},
    ],
)
async def test_ossa_2015_012_address_pairs_are_addresses(house: House, pair: Any) -> None:
    port = {"network_id": house.ids["network"]["network_id"], "allowed_address_pairs": [pair]}
    assert (await house.ask("demo", "POST", f"{NET}/ports", {"port": port})).status == 400


async def test_ossa_2019_002_overlapping_rules_are_all_taken(house: House) -> None:
    """And reach the wire: rules that overlapped once stopped a host's whole configuration."""
    group = await house.make(
        "demo", f"{NET}/security-groups", {"security_group": {"name": f"{MARK}-overlap"}}
    )
    common = {"security_group_id": group["id"], "direction": "ingress", "protocol": "tcp"}
    for ports in ((1, 100), (50, 150), (60, 60), (1, 65535)):
        rule = {**common, "port_range_min": ports[0], "port_range_max": ports[1]}
        await house.make("demo", f"{NET}/security-group-rules", {"security_group_rule": rule})
    reconcilers = {one.name: one for one in house.cloud.kit.reconcilers}
    assert reconcilers["network-wire"].last_error is None


async def test_ossa_2021_006_unknown_paths_leave_nothing_behind(house: House) -> None:
    """Each had a controller of its own that stayed; a figure per path would be the same."""

    async def lines() -> int:
        shown = await house.ask("admin", "GET", "/unkai/v1/metrics")
        return len(shown.content.splitlines())

    await house.ask("admin", "GET", f"{NET}/nothing")
    await lines()
    before = await lines()
    for number in range(100):
        answer = await house.ask("admin", "GET", f"{NET}/nothing-{number}")
        assert answer.status == 404
    assert await lines() == before


# --- compute


@pytest.mark.parametrize("length", [256, 60_000])
async def test_ossa_2012_003_a_long_name_is_refused(house: House, length: int) -> None:
    body = a_server(house, name="n" * length)
    answer = await house.ask("demo", "POST", f"{NOVA}/servers", body, **NEWEST)
    assert answer.status == 400
    assert len(answer.content) < 1000


async def test_ossa_2012_005_rules_have_a_quota(house: House) -> None:
    quota = f"{NET}/quotas/{house.demo_id}"
    group = house.ids["network"]["security_group_id"]
    rule = {"security_group_id": group, "direction": "egress", "protocol": "udp"}
    assert (
        await house.ask("admin", "PUT", quota, {"quota": {"security_group_rule": 0}})
    ).status == 200
    answer = await house.ask(
        "demo", "POST", f"{NET}/security-group-rules", {"security_group_rule": rule}
    )
    assert answer.status == 409
    assert (await house.ask("admin", "DELETE", quota)).status == 204


async def test_ossa_2012_008_and_011_no_file_is_put_into_a_guest(house: House) -> None:
    files = [{"path": "/../../etc/passwd", "contents": "cm9vdA=="}]
    body = a_server(house, personality=files)
    assert (await house.ask("demo", "POST", f"{NOVA}/servers", body, **NEWEST)).status == 400


async def test_ossa_2012_009_many_hints_cost_little(house: House) -> None:
    """Thousands of ids were looked up one by one for every host."""
    hints = {"different_host": [UUID] * 20_000}
    body = {**a_server(house), "os:scheduler_hints": hints}
    began = time.process_time()
    answer = await house.ask("demo", "POST", f"{NOVA}/servers", body, **NEWEST)
    assert answer.status in (202, 400)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("path", ["servers", "servers/detail"])
@pytest.mark.parametrize("name", ["name", "ip", "ip6"])
@pytest.mark.parametrize("pattern", ["(a%2B)%2B$", "(((((((((((", "a%7B,3%7D", "[[:foo:]]", "%5CZ"])
async def test_ossa_2014_038_no_filter_takes_for_ever(
    house: House, path: str, name: str, pattern: str
) -> None:
    began = time.process_time()
    answer = await house.ask("demo", "GET", f"{NOVA}/{path}?{name}={pattern}", **NEWEST)
    assert answer.status in (200, 400)
    assert time.process_time() - began < 1


async def test_ossa_2013_008_a_port_each_and_a_quota_on_them(house: House) -> None:
    """A server asks for no more addresses than its project may have; nothing is left of it."""
    network = house.ids["network"]["network_id"]
    quota = f"{NET}/quotas/{house.demo_id}"
    assert (await house.ask("admin", "PUT", quota, {"quota": {"port": 0}})).status == 200
    before = (await house.ask("demo", "GET", f"{NET}/ports")).json()
    body = a_server(house, networks=[{"uuid": network}] * 3)
    answer = await house.ask("demo", "POST", f"{NOVA}/servers", body, **NEWEST)
    assert answer.status in (400, 403, 409)
    assert (await house.ask("demo", "GET", f"{NET}/ports")).json() == before
    assert (await house.ask("admin", "DELETE", quota)).status == 204


async def test_ossa_2013_019_and_024_a_private_flavor_is_its_projects(house: House) -> None:
    """Not to be seen, and not to be booted with by who knows its id."""
    flavor = f"{NOVA}/flavors/{house.ids['compute']['flavor_id']}"
    assert (await house.ask("demo", "GET", flavor)).status == 200
    assert (await house.ask("other", "GET", flavor)).status == 404
    public = await house.ask("other", "GET", f"{NOVA}/flavors?is_public=None")
    assert MARK.encode() not in public.content
    answer = await house.ask("other", "POST", f"{NOVA}/servers", a_server(house), **NEWEST)
    assert answer.status in (400, 404)


@pytest.mark.parametrize("kind", ["volume", "snapshot"])
async def test_ossa_2013_001_nobody_boots_from_anothers_volume(house: House, kind: str) -> None:
    """Neither from the volume itself nor from a copy of what it was once."""
    storage = house.ids["block-storage"]
    disk = {"source_type": kind, "uuid": storage[f"{kind}_id"], "destination_type": "volume"}
    flavors = (await house.ask("other", "GET", f"{NOVA}/flavors")).json()["flavors"]
    body = a_server(house, block_device_mapping_v2=[{**disk, "boot_index": 0, "volume_size": 1}])
    body["server"]["flavorRef"] = flavors[0]["id"]
    del body["server"]["imageRef"]
    answer = await house.ask("other", "POST", f"{NOVA}/servers", body, **NEWEST)
    assert answer.status in (400, 404), answer.content
    assert storage[f"{kind}_id"].encode() in answer.content
    volumes = await house.ask("other", "GET", "/volume/v3/volumes")
    assert volumes.json()["volumes"] == []


async def test_ossa_2017_005_and_006_a_rebuild_claims_nothing_twice(house: House) -> None:
    body = {"name": "again", "disk_format": "raw", "container_format": "bare"}
    image = (await house.ask("demo", "POST", IMAGES, body)).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    assert (await house.ask("demo", "PUT", f"{IMAGES}/{image}/file", 1, **headers)).status == 204
    server_id = house.ids["compute"]["server_id"]
    path = f"{NOVA}/servers/{server_id}"
    claims = f"/placement/allocations/{server_id}"
    before = (await house.ask("admin", "GET", claims, **PLACE)).json()["allocations"]
    rebuild = {"rebuild": {"imageRef": image}}
    assert (await house.ask("demo", "POST", f"{path}/action", rebuild, **NEWEST)).status == 202

    async with asyncio.timeout(20):
        while (await house.ask("demo", "GET", path)).json()["server"]["status"] != "ACTIVE":
            await asyncio.sleep(0.01)
    after = (await house.ask("admin", "GET", claims, **PLACE)).json()["allocations"]
    assert {p: one["resources"] for p, one in after.items()} == {
        p: one["resources"] for p, one in before.items()
    }


async def test_ossa_2016_001_and_2019_003_answers_name_nothing_of_the_host(house: House) -> None:
    """Paths, modules and traces are for the log."""
    server = f"{NOVA}/servers/{house.ids['compute']['server_id']}"
    inside = re.compile(
        rb"Traceback|File \"|/unkai/|\.py\b|" + str(house.settings.state_dir).encode()
    )
    for path in (
        server,
        f"{server}/os-instance-actions",
        f"/unkai/v1{server[len(NOVA) :]}/timeline",
    ):
        answer = await house.ask("demo", "GET", path, **NEWEST)
        assert answer.status == 200, answer.content
        assert not inside.search(answer.content)
