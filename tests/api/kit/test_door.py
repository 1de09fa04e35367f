"""The HTTP door by itself: routing, microversions, bodies, faults, in each dialect."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import msgspec
import pytest

from unkai.kit.clock import Chance, Clock
from unkai.kit.errors import NotFound, Unauthorized
from unkai.kit.http import Api, App, Call, Microversions, Route, changed, dialects, since
from unkai.kit.http.openapi import describe
from unkai.kit.policy import Caller, Policy, admin, reader

pytestmark = pytest.mark.anyio


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    size: int = 1
    colour: Annotated[str, since("2.5")] = "grey"


class Create(msgspec.Struct, forbid_unknown_fields=True):
    thing: Thing


class View(msgspec.Struct):
    name: str
    colour: Annotated[str, since("2.5")]
    size: Annotated[dict[str, int], changed("2.3", down=lambda size: size["gib"])]


class Views(msgspec.Struct):
    things: list[View]


async def create_thing(call: Call) -> Views:
    thing: Thing = call.body.thing
    return Views([View(thing.name, thing.colour, {"gib": thing.size})])


async def show_thing(call: Call) -> dict[str, Any]:
    raise NotFound(f"Thing {call.params['thing_id']} could not be found.", code="thing-not-found")


async def break_thing(call: Call) -> None:
    raise ZeroDivisionError


async def act(call: Call) -> dict[str, Any]:
    return {"did": call.route.action, "with": msgspec.to_builtins(call.body)}


async def new_thing(call: Call) -> dict[str, str]:
    return {"new": "yes"}


async def authenticate(token: str, request_id: str) -> Caller:
    if token not in ("admin", "reader"):
        raise Unauthorized("The token is not valid.")
    return Caller(token, token, "default", frozenset({token}), project_id="p")


ROUTES = (
    Route("POST", "/things", create_thing, policy="write", body=Create, response=Views, status=202),
    Route("GET", "/things/new", new_thing, policy="read", since="2.4"),
    Route("GET", "/things/{thing_id}", show_thing, policy="read"),
    Route("DELETE", "/things/{thing_id}", break_thing, policy="write"),
    Route("POST", "/things/{thing_id}/action", act, policy="write", action="pat"),
    Route("POST", "/things/{thing_id}/action", act, policy="write", action="grow", body=Thing),
)


def api(dialect: Any = dialects.nova) -> Api:
    return Api(
        "compute",
        "/compute/v2.1",
        ROUTES,
        None,
        Policy({"write": admin, "read": reader}),
        dialect,
        Microversions("compute", (2, 1), (2, 9), "X-OpenStack-Nova-API-Version"),
        max_body_bytes=1000,
        request_id_header="x-compute-request-id",
    )


@pytest.fixture
async def client():
    app = App([api()], authenticate, Clock(), Chance())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://cloud/compute/v2.1", headers={"X-Auth-Token": "admin"}
    ) as client:
        yield client


def at(version: str) -> dict[str, str]:
    return {"OpenStack-API-Version": f"compute {version}"}


async def test_a_view_is_stripped_to_the_asked_version(client: httpx.AsyncClient) -> None:
    body = {"thing": {"name": "a", "size": 3}}
    old = await client.post("/things", json=body)
    assert old.json() == {"things": [{"name": "a", "size": 3}]}
    assert old.headers["OpenStack-API-Version"] == "compute 2.1"
    assert old.headers["x-compute-request-id"] == old.headers["x-openstack-request-id"]
    new = await client.post("/things", json=body, headers=at("latest"))
    assert new.json() == {"things": [{"name": "a", "colour": "grey", "size": {"gib": 3}}]}


async def test_a_field_is_refused_before_its_version(client: httpx.AsyncClient) -> None:
    body = {"thing": {"name": "a", "colour": "red"}}
    assert (await client.post("/things", json=body, headers=at("2.4"))).status_code == 400
    assert (await client.post("/things", json=body, headers=at("2.5"))).status_code == 202


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"thing": 1}', "application/json", 400),
        (b'{"thing": {"name": 1}}', "application/json", 400),
        (b'{"thing": {"name": "a", "odd": 1}}', "application/json", 400),
        (b"[" * 900, "application/json", 400),
        (b"[" * 2000, "application/json", 413),
        (b'{"thing": {"name": "a\\u0000b"}}', "application/json", 400),
        (b'{"thing": {"name": "\\ud800"}}', "application/json", 400),
        (b"<thing/>", "application/xml", 415),
        (b"", "application/json", 400),
        (b'{"thing": {"name": "a", "size": 99999999999999999999999}}', "application/json", 400),
    ],
)
async def test_bad_bodies_are_the_clients_fault(
    client: httpx.AsyncClient, content: bytes, kind: str, status: int
) -> None:
    answer = await client.post("/things", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert next(iter(answer.json().values()))["code"] == status


@pytest.mark.parametrize(
    ("asked", "status"), [("2.99", 406), ("0.1", 406), ("two", 400), ("2", 400), ("2.9", 404)]
)
async def test_unknown_microversions(client: httpx.AsyncClient, asked: str, status: int) -> None:
    assert (await client.get("/things/1", headers=at(asked))).status_code == status


async def test_a_route_exists_from_its_version_on(client: httpx.AsyncClient) -> None:
    assert (await client.get("/things/new", headers=at("2.3"))).status_code == 404
    assert (await client.get("/things/new", headers=at("2.4"))).json() == {"new": "yes"}


async def test_actions_are_told_apart_by_their_key(client: httpx.AsyncClient) -> None:
    url = "/things/1/action"
    assert (await client.post(url, json={"pat": None})).json()["did"] == "pat"
    grown = await client.post(url, json={"grow": {"name": "x"}})
    assert grown.json()["with"]["name"] == "x"
    assert (await client.post(url, json={"fly": None})).status_code == 400
    assert (await client.post(url, json={"pat": None, "grow": {}})).status_code == 400
    assert (await client.post(url, json=[])).status_code == 400


async def test_who_may(client: httpx.AsyncClient) -> None:
    body = {"thing": {"name": "a"}}
    assert (await client.get("/things/1", headers={"X-Auth-Token": "reader"})).status_code == 404
    refused = await client.post("/things", json=body, headers={"X-Auth-Token": "reader"})
    assert refused.json()["forbidden"]["code"] == 403
    wrong = await client.get("/things/1", headers={"X-Auth-Token": "wrong"})
    assert wrong.json()["unauthorized"]["code"] == 401
    assert (await client.get("/things/1", headers={"X-Auth-Token": ""})).status_code == 401


async def test_what_nobody_foresaw_says_nothing_and_is_logged(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/things/1")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.text


async def test_paths_and_methods(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nothing")).json()["itemNotFound"]["code"] == 404
    assert (await client.put("/things/1")).status_code == 405
    assert (await client.get("/things/1/")).status_code == 404
    assert (await client.head("/things/1")).status_code == 404


@pytest.mark.parametrize(
    ("dialect", "word"),
    [
        (dialects.nova, "itemNotFound"),
        (dialects.keystone, "error"),
        (dialects.neutron, "NeutronError"),
        (dialects.glance, "message"),
        (dialects.placement, "errors"),
        (dialects.unkai, "error"),
    ],
)
async def test_a_fault_in_every_dialect(dialect: Any, word: str) -> None:
    app = App([api(dialect)], authenticate, Clock(), Chance())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        url = "http://cloud/compute/v2.1/things/7"
        answer = await client.get(url, headers={"X-Auth-Token": "admin"})
    assert answer.status_code == 404
    assert word in answer.json()
    assert "Thing 7 could not be found." in answer.text


def test_openapi_is_made_from_the_routes() -> None:
    document = describe(api(), "1.0")
    action = document["paths"]["/things/{thing_id}/action"]["post"]
    choices = action["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
    assert [choice["required"] for choice in choices] == [["pat"], ["grow"]]
    assert "Create" in document["components"]["schemas"]
