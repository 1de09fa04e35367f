"""The Placement API as clients see it: each resource, who may, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.placement.conftest import Client
from unkai.kit.policy import Policy
from unkai.placement.api import placement_api
from unkai.placement.service import Placement

pytestmark = pytest.mark.anyio
A = "aaaaaaaa-0000-4000-8000-000000000001"
B = "bbbbbbbb-0000-4000-8000-000000000002"
AGGREGATE = "cccccccc-0000-4000-8000-000000000003"
SERVER = "dddddddd-0000-4000-8000-000000000004"
OTHER = "eeeeeeee-0000-4000-8000-000000000005"
STOCK = {"VCPU": {"total": 8, "allocation_ratio": 2.0}, "MEMORY_MB": {"total": 4096}}
OWNER: dict[str, Any] = {"project_id": "p", "user_id": "u", "consumer_type": "INSTANCE"}


async def add(client: Client, uuid: str, name: str, parent: str | None = None) -> None:
    body = {"name": name, "uuid": uuid, "parent_provider_uuid": parent}
    await client.ask("POST", "/resource_providers", body, status=200)
    stock = {"resource_provider_generation": 0, "inventories": STOCK}
    await client.ask("PUT", f"/resource_providers/{uuid}/inventories", stock, status=200)


async def test_the_version_document_needs_no_token(client: Client) -> None:
    for path in ("", "/"):
        (version,) = (await client.ask("GET", path, token=None, status=200)).json()["versions"]
        assert (version["min_version"], version["max_version"]) == ("1.0", "1.39")


async def test_every_route_wants_an_administrator_or_service(
    client: Client, placement: Placement
) -> None:
    api = placement_api(placement)
    assert isinstance(api.policy, Policy)
    for route in api.routes:
        if route.policy is None or route.until:
            continue
        path = route.path.replace("{uuid}", A).replace("{consumer_uuid}", SERVER)
        path = path.replace("{resource_class}", "VCPU").replace("{name}", "CUSTOM_X")
        await client.ask(route.method, path, {}, token=None, status=401)
        if route.policy != "placement:usages":
            await client.ask(route.method, path, {}, token="member", status=403)


async def test_providers_are_made_shown_changed_and_deleted(client: Client) -> None:
    await add(client, A, "one")
    await add(client, B, "two", parent=A)
    shown = (await client.ask("GET", f"/resource_providers/{B}", status=200)).json()
    assert (shown["parent_provider_uuid"], shown["root_provider_uuid"]) == (A, A)
    assert {link["rel"] for link in shown["links"]} == {
        "self",
        "inventories",
        "usages",
        "aggregates",
        "traits",
        "allocations",
    }
    assert shown["links"][0]["href"] == f"/placement/resource_providers/{B}"

    await client.ask("DELETE", f"/resource_providers/{A}", status=409)
    moved = {"name": "three", "parent_provider_uuid": None}
    await client.ask("PUT", f"/resource_providers/{B}", moved, status=400, version="1.36")
    await client.ask("PUT", f"/resource_providers/{B}", moved, status=200)
    listed = (await client.ask("GET", "/resource_providers?name=three", status=200)).json()
    assert [one["root_provider_uuid"] for one in listed["resource_providers"]] == [B]
    loop = {"name": "three", "parent_provider_uuid": B}
    await client.ask("PUT", f"/resource_providers/{B}", loop, status=400)
    await client.ask("DELETE", f"/resource_providers/{A}", status=204)
    await client.ask("GET", f"/resource_providers/{A}", status=404)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "one"}, 409),
        ({"name": "x", "uuid": A}, 409),
        ({"name": "x", "uuid": "no-uuid"}, 400),
        ({"name": "x", "parent_provider_uuid": OTHER}, 400),
        ({"name": ""}, 400),
        ({"name": "x" * 201}, 400),
        ({"name": "x", "colour": "blue"}, 400),
        ({"name": 7}, 400),
        ([], 400),
    ],
)
async def test_bad_providers_are_refused(client: Client, body: object, status: int) -> None:
    await add(client, A, "one")
    answer = await client.ask("POST", "/resource_providers", body, status=status)
    assert answer.json()["errors"][0]["status"] == status


async def test_generations_guard_every_write(client: Client) -> None:
    await add(client, A, "one")
    path = f"/resource_providers/{A}"
    writes: list[tuple[str, dict[str, Any]]] = [
        ("inventories", {"inventories": STOCK}),
        ("inventories/VCPU", {"total": 9}),
        ("traits", {"traits": []}),
        ("aggregates", {"aggregates": []}),
    ]
    for part, body in writes:
        stale = {**body, "resource_provider_generation": 0}
        answer = await client.ask("PUT", f"{path}/{part}", stale, status=409)
        assert answer.json()["errors"][0]["code"] == "placement.concurrent_update"


@pytest.mark.parametrize(
    "stock",
    [
        {"total": 0},
        {"total": 2**31},
        {"total": 2**70},
        {"total": 4, "reserved": 5},
        {"total": 4, "min_unit": 3, "max_unit": 2},
        {"total": 4, "allocation_ratio": -1},
        {"total": "four"},
        {},
    ],
)
async def test_inventories_that_make_no_sense(client: Client, stock: dict[str, Any]) -> None:
    await add(client, A, "one")
    body = {"resource_provider_generation": 1, "inventories": {"VCPU": stock}}
    await client.ask("PUT", f"/resource_providers/{A}/inventories", body, status=400)


async def test_traits_classes_and_aggregates(client: Client) -> None:
    await add(client, A, "one")
    path = f"/resource_providers/{A}"
    await client.ask("PUT", "/traits/CUSTOM_GOLD", status=201)
    await client.ask("PUT", "/traits/CUSTOM_GOLD", status=204)
    await client.ask("PUT", "/traits/GOLD", status=400)
    traits = {"traits": ["CUSTOM_GOLD", "COMPUTE_NODE"], "resource_provider_generation": 1}
    await client.ask("PUT", f"{path}/traits", traits, status=200)
    unknown = {"traits": ["CUSTOM_NONE"], "resource_provider_generation": 2}
    await client.ask("PUT", f"{path}/traits", unknown, status=400)
    used = (await client.ask("GET", "/traits?associated=true", status=200)).json()["traits"]
    assert used == ["COMPUTE_NODE", "CUSTOM_GOLD"]
    await client.ask("DELETE", "/traits/CUSTOM_GOLD", status=409)
    await client.ask("DELETE", f"{path}/traits", status=204)
    await client.ask("DELETE", "/traits/CUSTOM_GOLD", status=204)
    await client.ask("DELETE", "/traits/COMPUTE_NODE", status=400)

    await client.ask("PUT", "/resource_classes/CUSTOM_METAL", status=201)
    await client.ask("POST", "/resource_classes", {"name": "CUSTOM_METAL"}, status=409)
    stock = {"resource_provider_generation": 3, "inventories": {"CUSTOM_METAL": {"total": 1}}}
    await client.ask("PUT", f"{path}/inventories", stock, status=200)
    await client.ask("DELETE", "/resource_classes/CUSTOM_METAL", status=409)
    renamed = {"name": "CUSTOM_IRON"}
    await client.ask("PUT", "/resource_classes/CUSTOM_METAL", renamed, status=200, version="1.2")
    left = (await client.ask("GET", f"{path}/inventories", status=200)).json()["inventories"]
    assert list(left) == ["CUSTOM_IRON"]

    groups = {"aggregates": [AGGREGATE], "resource_provider_generation": 4}
    await client.ask("PUT", f"{path}/aggregates", groups, status=200)
    for query, count in ((AGGREGATE, 1), (f"in:{OTHER},{AGGREGATE}", 1), (f"!{AGGREGATE}", 0)):
        listed = await client.ask("GET", f"/resource_providers?member_of={query}", status=200)
        assert len(listed.json()["resource_providers"]) == count


async def test_allocations_are_put_shown_moved_and_deleted(client: Client) -> None:
    await add(client, A, "one")
    await add(client, B, "two")
    given = {A: {"resources": {"VCPU": 4, "MEMORY_MB": 512}}}
    new = {"allocations": given, "consumer_generation": None, **OWNER}
    await client.ask("PUT", f"/allocations/{SERVER}", new, status=204)
    again = await client.ask("PUT", f"/allocations/{SERVER}", new, status=409)
    assert again.json()["errors"][0]["code"] == "placement.concurrent_update"
    shown = (await client.ask("GET", f"/allocations/{SERVER}", status=200)).json()
    assert shown["allocations"][A]["resources"] == {"VCPU": 4, "MEMORY_MB": 512}
    assert (shown["consumer_generation"], shown["consumer_type"]) == (1, "INSTANCE")

    handover = {
        OTHER: {"allocations": given, "consumer_generation": None, **OWNER},
        SERVER: {
            "allocations": {B: {"resources": {"VCPU": 4}}},
            "consumer_generation": 1,
            **OWNER,
        },
    }
    await client.ask("POST", "/allocations", handover, status=204)
    on_a = (await client.ask("GET", f"/resource_providers/{A}/allocations", status=200)).json()
    assert list(on_a["allocations"]) == [OTHER]
    usage = (await client.ask("GET", f"/resource_providers/{B}/usages", status=200)).json()
    assert usage["usages"] == {"VCPU": 4, "MEMORY_MB": 0}
    total = (await client.ask("GET", "/usages?project_id=p", status=200)).json()["usages"]
    assert total == {"INSTANCE": {"consumer_count": 2, "VCPU": 8, "MEMORY_MB": 512}}
    old = await client.ask("GET", "/usages?project_id=p", status=200, version="1.9")
    assert old.json()["usages"] == {"VCPU": 8, "MEMORY_MB": 512}

    await client.ask("DELETE", f"/resource_providers/{B}", status=409)
    await client.ask("DELETE", f"/allocations/{SERVER}", status=204)
    await client.ask("DELETE", f"/allocations/{SERVER}", status=404)
    empty: dict[str, Any] = {"allocations": {}, "consumer_generation": 1, **OWNER}
    await client.ask("PUT", f"/allocations/{OTHER}", empty, status=204)
    assert (await client.ask("GET", f"/allocations/{OTHER}", status=200)).json() == {
        "allocations": {}
    }


async def test_old_clients_list_their_allocations(client: Client) -> None:
    await add(client, A, "one")
    body = {"allocations": [{"resource_provider": {"uuid": A}, "resources": {"VCPU": 1}}]}
    await client.ask("PUT", f"/allocations/{SERVER}", body, status=204, version="1.0")
    await client.ask("PUT", f"/allocations/{SERVER}", body, status=400, version="1.8")
    body |= {"project_id": "p", "user_id": "u"}
    await client.ask("PUT", f"/allocations/{SERVER}", body, status=204, version="1.8")
    await client.ask("PUT", f"/allocations/{SERVER}", body, status=400, version="1.12")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"allocations": {A: {"resources": {"VCPU": 17}}}}, 409, "no_capacity"),
        ({"allocations": {A: {"resources": {"VGPU": 1}}}}, 409, "no_capacity"),
        ({"allocations": {A: {"resources": {"NONSENSE": 1}}}}, 400, "undefined_code"),
        ({"allocations": {A: {"resources": {"VCPU": 0}}}}, 400, "invalid_body"),
        ({"allocations": {A: {"resources": {}}}}, 400, "invalid_body"),
        ({"allocations": {OTHER: {"resources": {"VCPU": 1}}}}, 400, "undefined_code"),
        ({"allocations": {"x": {"resources": {"VCPU": 1}}}}, 400, "query.bad_value"),
        ({"consumer_generation": 3}, 409, "concurrent_update"),
        ({"consumer_type": "instance"}, 400, "invalid_body"),
        ({"project_id": ""}, 400, "invalid_body"),
    ],
)
async def test_bad_allocations_are_refused_and_leave_nothing(
    client: Client, change: dict[str, Any], status: int, code: str
) -> None:
    await add(client, A, "one")
    good = {"allocations": {A: {"resources": {"VCPU": 1}}}, "consumer_generation": None, **OWNER}
    answer = await client.ask("PUT", f"/allocations/{SERVER}", {**good, **change}, status=status)
    assert answer.json()["errors"][0]["code"] == f"placement.{code}"
    usage = (await client.ask("GET", f"/resource_providers/{A}/usages")).json()["usages"]
    assert usage == {"VCPU": 0, "MEMORY_MB": 0}


async def test_candidates_in_every_shape(client: Client) -> None:
    await add(client, A, "one")
    await add(client, B, "two")
    path = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:64"
    found = (await client.ask("GET", f"{path}&limit=1", status=200)).json()
    (request,) = found["allocation_requests"]
    ((provider, given),) = request["allocations"].items()
    assert given == {"resources": {"VCPU": 1, "MEMORY_MB": 64}}
    assert request["mappings"] == {"": [provider]}
    summary = found["provider_summaries"][provider]
    assert summary["resources"]["VCPU"] == {"capacity": 16, "used": 0}
    assert summary["root_provider_uuid"] == provider

    old = (await client.ask("GET", path, status=200, version="1.10")).json()
    assert {
        one["allocations"][0]["resource_provider"]["uuid"] for one in old["allocation_requests"]
    } == {A, B}
    granular = "/allocation_candidates?resources1=VCPU:1&resources2=VCPU:2&group_policy=none"
    found = (await client.ask("GET", granular, status=200)).json()
    assert len(found["allocation_requests"]) == 2
    assert found["allocation_requests"][0]["mappings"].keys() == {"1", "2"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "resources=VCPU",
        "resources=VCPU:0",
        "resources=VCPU:1,VCPU:2",
        "resources=NONE:1",
        "resources=VCPU:99999999999",
        "resources=VCPU:1&colour=blue",
        "resources=VCPU:1&limit=0",
        "resources=VCPU:1&limit=many",
        "resources=VCPU:1&required=NONE",
        "resources=VCPU:1&required=COMPUTE_NODE,!COMPUTE_NODE",
        "resources=VCPU:1&required=",
        "resources=VCPU:1&member_of=x",
        f"resources=VCPU:1&member_of={A},{B}",
        "resources=VCPU:1&in_tree=x",
        "resources=VCPU:1&group_policy=some",
        "resources1=VCPU:1&resources2=VCPU:1",
        "required1=COMPUTE_NODE&resources=VCPU:1",
        "resources=VCPU:1&same_subtree=_A",
        "resources=VCPU:1&root_required=in:COMPUTE_NODE",
    ],
)
async def test_bad_questions_for_candidates(client: Client, query: str) -> None:
    await client.ask("GET", f"/allocation_candidates?{query}", status=400)


async def test_the_reshaper_moves_what_is_in_use(client: Client) -> None:
    await add(client, A, "one")
    await add(client, B, "child", parent=A)
    new = {
        "allocations": {A: {"resources": {"VCPU": 2, "MEMORY_MB": 64}}},
        "consumer_generation": None,
        **OWNER,
    }
    await client.ask("PUT", f"/allocations/{SERVER}", new, status=204)
    body = {
        "inventories": {
            A: {"resource_provider_generation": 2, "inventories": {"MEMORY_MB": {"total": 4096}}},
            B: {"resource_provider_generation": 1, "inventories": {"VCPU": {"total": 2}}},
        },
        "allocations": {
            SERVER: {
                "allocations": {
                    A: {"resources": {"MEMORY_MB": 64}},
                    B: {"resources": {"VCPU": 2}},
                },
                "consumer_generation": 1,
                **OWNER,
            }
        },
    }
    await client.ask("POST", "/reshaper", {**body, "allocations": {}}, status=409)
    await client.ask("POST", "/reshaper", body, status=204)
    shown = (await client.ask("GET", f"/allocations/{SERVER}", status=200)).json()
    assert shown["allocations"][B]["resources"] == {"VCPU": 2}


async def test_what_a_version_does_not_know_does_not_exist(client: Client) -> None:
    await client.ask("GET", "/traits", status=404, version="1.5")
    await client.ask("GET", "/allocation_candidates?resources=VCPU:1", status=404, version="1.9")
    await client.ask("GET", "/resource_providers", status=406, version="1.40")
    answer = await client.ask("GET", "/resource_providers", status=200, version="1.14")
    assert "last-modified" not in answer.headers
    answer = await client.ask("GET", "/resource_providers", status=200, version="1.15")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["openstack-api-version"] == "placement 1.15"
