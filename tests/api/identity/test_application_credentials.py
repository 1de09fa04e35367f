"""Application credentials, and what they must not open."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.identity.cloud import UNSCOPED, Cloud

pytestmark = pytest.mark.anyio


async def make(cloud: Cloud, token: str, **attributes: Any) -> dict[str, Any]:
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"
    body = {"application_credential": {"name": "ci", **attributes}}
    answer = await cloud.call("POST", path, token, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["application_credential"]


async def log_in(
    cloud: Cloud, credential: dict[str, Any], scope: Any = None, **proof: Any
) -> httpx.Response:
    given = {"id": credential["id"], "secret": credential["secret"], **proof}
    methods = ["application_credential"]
    auth: dict[str, Any] = {"identity": {"methods": methods, "application_credential": given}}
    if scope is not None:
        auth["scope"] = scope
    return await cloud.call("POST", "/auth/tokens", json={"auth": auth})


async def test_it_opens_its_project_with_its_roles(cloud: Cloud, demo: str) -> None:
    credential = await make(cloud, demo, roles=[{"name": "reader"}], description="d")

    answer = await log_in(cloud, credential)

    token = answer.json()["token"]
    assert answer.status_code == 201
    assert token["project"]["id"] == cloud.seeded.demo_project_id
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["methods"] == ["application_credential"]
    assert token["application_credential"]["restricted"] is True
    by_name = {"id": None, "name": "ci", "user": {"name": "demo", "domain": {"id": "default"}}}
    assert (await log_in(cloud, credential, **by_name)).status_code == 201
    assert (await log_in(cloud, credential, secret="wrong")).status_code == 401
    assert (await log_in(cloud, credential, id="nothing")).status_code == 401
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"
    shown = await cloud.call("GET", f"{path}/{credential['id']}", demo)
    assert "secret" not in shown.text
    assert (
        len((await cloud.call("GET", f"{path}?name=ci", demo)).json()["application_credentials"])
        == 1
    )
    again = {"application_credential": {"name": "ci"}}
    assert await cloud.status("POST", path, demo, json=again) == 409


async def test_it_gives_no_other_scope(cloud: Cloud, admin: str, demo: str) -> None:
    """Not when logging in, not by exchanging its token."""
    project = await cloud.make(admin, "project", name="other")
    await cloud.give(admin, cloud.seeded.demo_user_id, "member", f"projects/{project['id']}")
    demo = await cloud.token("demo")
    credential = await make(cloud, demo, unrestricted=True)
    other = {"project": {"id": project["id"]}}
    own = {"project": {"id": cloud.seeded.demo_project_id}}
    scopes = (other, {"system": {"all": True}}, {"domain": {"id": "default"}}, "unscoped")

    for scope in scopes:
        assert (await log_in(cloud, credential, scope)).status_code == 403
    token = (await log_in(cloud, credential, own)).headers["x-subject-token"]
    for scope in (*scopes, own):
        identity = {"methods": ["token"], "token": {"id": token}}
        body = {"auth": {"identity": identity, "scope": scope}}
        exchanged = await cloud.call("POST", "/auth/tokens", json=body)
        if scope != own:
            assert exchanged.status_code == 403, scope
            continue
        assert exchanged.status_code == 201
        assert exchanged.json()["token"]["application_credential"]["id"] == credential["id"]


async def test_a_restricted_one_makes_no_more(cloud: Cloud, demo: str) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"
    credential = await make(cloud, demo)
    token = (await log_in(cloud, credential)).headers["x-subject-token"]
    body = {"application_credential": {"name": "more"}}

    assert await cloud.status("POST", path, token, json=body) == 403
    assert await cloud.status("DELETE", f"{path}/{credential['id']}", token) == 403
    free = await make(cloud, demo, name="free", unrestricted=True)
    token = (await log_in(cloud, free)).headers["x-subject-token"]
    assert await cloud.status("POST", path, token, json=body) == 201


async def test_only_the_user_makes_one_and_only_of_roles_they_have(
    cloud: Cloud, admin: str, demo: str
) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"

    def body(**attributes: Any) -> dict[str, Any]:
        return {"json": {"application_credential": {"name": "x", **attributes}}}

    assert await cloud.status("POST", path, admin, **body()) == 403
    assert await cloud.status("POST", path, await cloud.token("demo", UNSCOPED), **body()) == 403
    for wrong in (
        {"roles": [{"name": "admin"}]},
        {"roles": [dict[str, str]()]},
        {"expires_at": "yesterday"},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"name": ""},
        {"unrestricted": "yes"},
        {"access_rules": [{"path": "/", "method": "GET", "service": "compute"}]},
    ):
        assert await cloud.status("POST", path, demo, **body(**wrong)) == 400, wrong
    other = await make(cloud, demo)
    mallory = await cloud.make(admin, "user", name="mallory", password="pw")
    await cloud.give(admin, mallory["id"], "member", f"projects/{cloud.seeded.demo_project_id}")
    from tests.api.identity.cloud import on_project

    token = await cloud.token("mallory", on_project(cloud.seeded.demo_project_id), "pw")
    for method in ("GET", "DELETE"):
        assert await cloud.status(method, f"{path}/{other['id']}", token) == 403
    assert await cloud.status("GET", path, token) == 403
    stolen = f"/users/{mallory['id']}/application_credentials/{other['id']}"
    assert await cloud.status("GET", stolen, token) == 404
    assert await cloud.status("DELETE", stolen, token) == 404


async def test_it_ends_when_it_should(cloud: Cloud, admin: str, demo: str) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"
    gone = await make(cloud, demo, name="gone")
    token = (await log_in(cloud, gone)).headers["x-subject-token"]
    assert await cloud.status("DELETE", f"{path}/{gone['id']}", demo) == 204
    assert await cloud.status("GET", "/auth/projects", token) == 401

    taken = await make(cloud, demo, name="taken")
    token = (await log_in(cloud, taken)).headers["x-subject-token"]
    project = f"projects/{cloud.seeded.demo_project_id}"
    await cloud.give(admin, cloud.seeded.demo_user_id, "reader", project)
    await cloud.take(admin, cloud.seeded.demo_user_id, "member", project)
    assert await cloud.status("GET", "/auth/projects", token) == 401
    assert (await log_in(cloud, taken)).status_code == 401


async def test_it_expires_and_so_do_its_tokens(cloud: Cloud, demo: str) -> None:
    from unkai.kit.clock import iso

    soon = iso(cloud.watch.now() + 60, micro=True)
    credential = await make(cloud, demo, expires_at=soon)
    assert credential["expires_at"] == soon
    token = (await log_in(cloud, credential)).headers["x-subject-token"]
    assert await cloud.status("GET", "/auth/projects", token) == 200

    cloud.watch.ahead_s = 61.0

    assert await cloud.status("GET", "/auth/projects", token) == 401
    assert (await log_in(cloud, credential)).status_code == 401
