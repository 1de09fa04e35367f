"""Every route asks for a token, and the changing ones for more than a member's."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.api.identity.cloud import UNSCOPED, Cloud
from unkai.identity.api import identity_api
from unkai.kit.http import Route

pytestmark = pytest.mark.anyio

OPEN = {
    ("", "GET"),
    ("/v3", "GET"),
    ("/v3/auth/tokens", "POST"),
    ("/v3/users/{user_id}/password", "POST"),
}
OWN = ("/v3/auth/", "/v3/users/{user_id}/application_credentials", "/v3/credentials")


def routes(cloud: Cloud) -> tuple[Route, ...]:
    return identity_api(cloud.identity).routes


def path_of(route: Route) -> str:
    return "/identity" + re.sub(r"\{\w+\}", "something", route.path)


async def test_only_versions_and_proofs_need_no_token(cloud: Cloud) -> None:
    without = {(route.path, route.method) for route in routes(cloud) if route.policy is None}

    assert without == OPEN
    for route in routes(cloud):
        if route.policy is not None:
            answer = await cloud.http.request(route.method, path_of(route))
            assert answer.status_code == 401, route
            assert "x-openstack-request-id" in answer.headers


async def test_a_member_changes_nothing(cloud: Cloud, demo: str) -> None:
    for route in routes(cloud):
        changing = route.method not in ("GET", "HEAD")
        if changing and route.policy is not None and not route.path.startswith(OWN):
            headers = {"X-Auth-Token": demo}
            answer = await cloud.http.request(route.method, path_of(route), headers=headers)
            assert answer.status_code == 403, route


async def test_an_unscoped_token_sees_no_lists(cloud: Cloud) -> None:
    token = await cloud.token("admin", UNSCOPED)

    for path in ("/users", "/projects", "/domains", "/groups", "/roles", "/services", "/endpoints"):
        assert await cloud.status("GET", path, token) == 403, path
    assert await cloud.status("POST", "/projects", token, json={"project": {"name": "x"}}) == 403


async def test_unknown_things_are_404(cloud: Cloud, admin: str) -> None:
    paths = ("users", "projects", "domains", "groups", "roles", "services", "endpoints", "regions")
    for kind in paths:
        for name in ("nothing", "%F0%9F%8C%8A", "x" * 3000):
            for method in ("GET", "DELETE"):
                assert await cloud.status(method, f"/{kind}/{name}", admin) == 404, (kind, name)
        assert await cloud.status("GET", f"/{kind}/a%00b", admin) in (400, 404)


@pytest.mark.parametrize("kind", ["user", "project", "domain", "group", "role"])
async def test_bad_names_and_types_are_400(cloud: Cloud, admin: str, kind: str) -> None:
    longest = 255 if kind in ("user", "role") else 64
    for name in ("", " ", "x" * (longest + 1), 7, None, ["x"], "a\0b"):
        body = {kind: {"name": name}}
        assert await cloud.status("POST", f"/{kind}s", admin, json=body) == 400, name
    bodies: list[Any] = [{}, [], {kind: None}, {kind: []}, {kind: {}}]
    for body in bodies:
        assert await cloud.status("POST", f"/{kind}s", admin, json=body) == 400, body
    for options in (1, {"shiny": True}, {"immutable": "yes"}):
        body = {kind: {"name": "x", "options": options}}
        if kind != "group":
            assert await cloud.status("POST", f"/{kind}s", admin, json=body) == 400
    made = await cloud.make(admin, kind, name="n" * longest, shape={"round": [1, None]}, big=2**53)
    assert (made["shape"], made["big"]) == ({"round": [1, None]}, 2**53)
    shown = await cloud.call("GET", f"/{kind}s/{made['id']}", admin)
    assert shown.json()[kind] == made
    assert made["links"]["self"] == f"http://cloud/identity/v3/{kind}s/{made['id']}"
    again = {kind: {"name": "n" * longest}}
    assert await cloud.status("POST", f"/{kind}s", admin, json=again) == 409


async def test_overlong_values_are_400(cloud: Cloud, admin: str) -> None:
    for query in (f"name={'x' * 2000}", f"name__contains={'%25' * 2000}", f"marker={'x' * 2000}"):
        assert await cloud.status("GET", f"/users?{query}", admin) == 400
    user = {"user": {"name": "u", "default_project_id": "x" * 65}}
    assert await cloud.status("POST", "/users", admin, json=user) == 400
    credential = {"credential": {"type": "t", "blob": "b", "project_id": "x" * 65}}
    assert await cloud.status("POST", "/credentials", admin, json=credential) == 400
    for region in ({"id": "x" * 256}, {"parent_region_id": "x" * 5000}):
        answer = await cloud.status("POST", "/regions", admin, json={"region": region})
        assert answer in (400, 404)


async def test_broken_json_and_other_media(cloud: Cloud, admin: str) -> None:
    text = {"Content-Type": "application/json"}
    for content in (b"", b"{", b'{"user": ', b"\xff\xfe", b"[" * 100_000, b"1e999"):
        answer = await cloud.call("POST", "/users", admin, content=content, headers=text)
        assert answer.status_code == 400, content[:10]
    xml = {"Content-Type": "application/xml"}
    answer = await cloud.call("POST", "/users", admin, content=b"<user/>", headers=xml)
    assert answer.status_code == 415
    assert await cloud.status("PUT", "/users", admin) == 405
    assert await cloud.status("GET", "/nowhere", admin) == 404
