"""Tokens: proving, scoping, showing, giving back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.identity.cloud import PASSWORDS, Cloud
from unkai.identity.model import Scope

pytestmark = pytest.mark.anyio

DEFAULT = {"id": "default"}


def password_auth(name: str, password: str | None = None, scope: Any = None) -> dict[str, Any]:
    user = {"name": name, "domain": DEFAULT, "password": password or PASSWORDS[name]}
    auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": user}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


def token_auth(token: str, scope: Any = None) -> dict[str, Any]:
    auth: dict[str, Any] = {"identity": {"methods": ["token"], "token": {"id": token}}}
    if scope is not None:
        auth["scope"] = scope
    return {"auth": auth}


async def log_in(cloud: Cloud, body: dict[str, Any]) -> httpx.Response:
    return await cloud.call("POST", "/auth/tokens", json=body)


def project(name: str) -> dict[str, Any]:
    return {"project": {"name": name, "domain": {"name": "Default"}}}


async def test_password_gives_a_token_of_the_named_project(cloud: Cloud) -> None:
    answer = await log_in(cloud, password_auth("demo", scope=project("demo")))

    assert answer.status_code == 201
    token = answer.json()["token"]
    assert token["methods"] == ["password"]
    assert token["project"]["id"] == cloud.seeded.demo_project_id
    assert token["project"]["domain"] == {"id": "default", "name": "Default"}
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert token["expires_at"] > token["issued_at"]
    assert {service["type"] for service in token["catalog"]} == {"identity", "compute", "volumev3"}
    volume = next(s for s in token["catalog"] if s["type"] == "volumev3")
    assert {e["url"] for e in volume["endpoints"]} == {
        f"http://cloud/volume/v3/{cloud.seeded.demo_project_id}"
    }
    assert {e["interface"] for e in volume["endpoints"]} == {"public", "internal", "admin"}


async def test_shown_token_equals_the_issued_one(cloud: Cloud) -> None:
    issued = await log_in(cloud, password_auth("demo", scope=project("demo")))
    token = issued.headers["x-subject-token"]

    shown = await cloud.call("GET", "/auth/tokens", token, headers={"X-Subject-Token": token})

    assert shown.status_code == 200
    assert shown.json() == issued.json()
    assert shown.headers["x-subject-token"] == token
    head = await cloud.call("HEAD", "/auth/tokens", token, headers={"X-Subject-Token": token})
    assert head.status_code == 200


async def test_scopes(cloud: Cloud) -> None:
    system = await log_in(cloud, password_auth("admin", scope={"system": {"all": True}}))
    assert system.json()["token"]["system"] == {"all": True}
    unscoped = await log_in(cloud, password_auth("admin", scope="unscoped"))
    assert not {"roles", "catalog", "project"} & set(unscoped.json()["token"])
    assert (await log_in(cloud, password_auth("admin", scope={"unscoped": {}}))).status_code == 201
    by_default = await log_in(cloud, password_auth("demo"))
    assert by_default.json()["token"]["project"]["id"] == cloud.seeded.demo_project_id
    for scope in (
        {"system": {"all": True}},
        {"domain": {"id": "default"}},
        {"domain": {"name": "nowhere"}},
        {"project": {"id": cloud.seeded.admin_project_id}},
        {"project": {"id": "nothing"}},
        {"project": {"name": "demo", "domain": {"name": "nowhere"}}},
    ):
        refused = await log_in(cloud, password_auth("demo", scope=scope))
        assert refused.status_code == 401, scope


async def test_every_wrong_proof_gets_the_same_answer(cloud: Cloud) -> None:
    answers = [
        await log_in(cloud, password_auth("demo", "wrong")),
        await log_in(cloud, password_auth("nobody", "wrong")),
        await log_in(cloud, password_auth("demo", "x" * 5000)),
        await log_in(cloud, token_auth("gAAAAA")),
        await log_in(cloud, token_auth("x" * 100_000)),
        await log_in(cloud, {"auth": {"identity": {"methods": ["totp"]}}}),
    ]

    assert {a.status_code for a in answers} == {401}
    assert len({a.text for a in answers}) == 1
    assert answers[0].json()["error"]["code"] == 401
    assert answers[0].headers["www-authenticate"] == "Keystone"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"auth": None},
        {"auth": {"identity": {"methods": []}}},
        {"auth": {"identity": {"methods": "password"}}},
        {"auth": {"identity": {"methods": ["password"]}}},
        {"auth": {"identity": {"methods": ["token"], "token": {"id": 7}}}},
        {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "demo"}}}}},
        password_auth("demo", scope="somewhere"),
        password_auth("demo", scope={"project": {"name": "demo"}}),
        password_auth("demo", scope={"project": {"id": "x"}, "domain": {"id": "y"}}),
        password_auth("demo", scope={"system": {"all": False}}),
        password_auth("demo", scope={"OS-TRUST:trust": {"id": "x"}}),
        password_auth("demo\0", "x"),
    ],
)
async def test_malformed_requests_are_400(cloud: Cloud, body: Any) -> None:
    answer = await cloud.call("POST", "/auth/tokens", json=body)

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["title"] == "Bad Request"


async def test_oversized_body_is_413(cloud: Cloud) -> None:
    body = password_auth("demo", "x" * 200_000)

    assert (await log_in(cloud, body)).status_code == 413


async def test_nocatalog(cloud: Cloud, demo: str) -> None:
    answer = await cloud.call(
        "GET", "/auth/tokens?nocatalog", demo, headers={"X-Subject-Token": demo}
    )

    assert "catalog" not in answer.json()["token"]
    assert "roles" in answer.json()["token"]


async def test_who_may_look_at_a_token(cloud: Cloud, admin: str, demo: str) -> None:
    async def look(token: str | None, subject: str | None) -> int:
        headers = {"X-Subject-Token": subject} if subject else {}
        return (await cloud.call("GET", "/auth/tokens", token, headers=headers)).status_code

    assert await look(admin, demo) == 200
    assert await look(demo, demo) == 200
    assert await look(demo, admin) == 403
    assert await look(None, demo) == 401
    assert await look("rubbish", demo) == 401
    assert await look(admin, "rubbish") == 404
    assert await look(admin, None) == 404


async def test_token_given_back_is_dead_at_once_and_others_live(cloud: Cloud) -> None:
    first, second = await cloud.token("demo"), await cloud.token("demo")
    other = await cloud.token("admin")
    headers = {"X-Subject-Token": first}
    assert (await cloud.call("GET", "/auth/projects", first)).status_code == 200

    assert (await cloud.call("DELETE", "/auth/tokens", first, headers=headers)).status_code == 204

    assert (await cloud.call("GET", "/auth/projects", first)).status_code == 401
    assert (await cloud.call("GET", "/auth/tokens", second, headers=headers)).status_code == 404
    assert (await cloud.call("GET", "/auth/projects", second)).status_code == 200
    mine = {"X-Subject-Token": other}
    assert (await cloud.call("DELETE", "/auth/tokens", second, headers=mine)).status_code == 403
    events = (await cloud.call("GET", "/OS-REVOKE/events", other)).json()["events"]
    assert [set(event) for event in events] == [{"audit_id", "issued_before", "revoked_at"}]


async def test_expired_token(cloud: Cloud) -> None:
    demo = await cloud.token("demo")
    cloud.watch.ahead_s = cloud.identity.settings.token_lifetime_s + 1.0
    admin = await cloud.token("admin")
    headers = {"X-Subject-Token": demo}

    assert (await cloud.call("GET", "/auth/projects", demo)).status_code == 401
    assert (await cloud.call("GET", "/auth/tokens", admin, headers=headers)).status_code == 404
    path = "/auth/tokens?allow_expired=1"
    assert (await cloud.call("GET", path, admin, headers=headers)).status_code == 200
    cloud.watch.ahead_s += 172_800
    admin = await cloud.token("admin")
    assert (await cloud.call("GET", path, admin, headers=headers)).status_code == 404


async def test_where_a_user_may_go(cloud: Cloud, admin: str) -> None:
    unscoped = await cloud.token("demo", Scope("unscoped"))

    projects = await cloud.call("GET", "/auth/projects", unscoped)
    assert [p["name"] for p in projects.json()["projects"]] == ["demo"]
    assert (await cloud.call("GET", "/auth/domains", unscoped)).json()["domains"] == []
    assert (await cloud.call("GET", "/auth/system", unscoped)).json()["system"] == []
    assert (await cloud.call("GET", "/auth/system", admin)).json()["system"] == [{"all": True}]
    assert (await cloud.call("GET", "/auth/catalog", unscoped)).status_code == 400
    assert len((await cloud.call("GET", "/auth/catalog", admin)).json()["catalog"]) == 3


async def test_versions(cloud: Cloud) -> None:
    root = await cloud.http.get("/identity")
    assert root.status_code == 300
    version = root.json()["versions"]["values"][0]
    assert version["id"].startswith("v3.")
    assert version["links"][0]["href"] == "http://cloud/identity/v3/"
    for path in ("", "/"):
        shown = await cloud.call("GET", path)
        assert shown.json()["version"] == version
