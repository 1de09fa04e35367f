"""Groups and who is in them."""

from __future__ import annotations

import pytest

from tests.api.identity.cloud import Cloud

pytestmark = pytest.mark.anyio


async def test_members_come_and_go(cloud: Cloud, admin: str) -> None:
    group = await cloud.make(admin, "group", name="g", description="d")
    path = f"/groups/{group['id']}"
    member = f"{path}/users/{cloud.seeded.demo_user_id}"

    assert await cloud.status("HEAD", member, admin) == 404
    assert await cloud.status("PUT", member, admin) == 204
    assert await cloud.status("PUT", member, admin) == 204
    assert await cloud.status("HEAD", member, admin) == 204
    assert await cloud.names(f"{path}/users", admin, "users") == ["demo"]
    groups = f"/users/{cloud.seeded.demo_user_id}/groups"
    assert await cloud.names(groups, admin, "groups") == ["g"]
    assert await cloud.status("DELETE", member, admin) == 204
    assert await cloud.status("DELETE", member, admin) == 404
    assert await cloud.status("PUT", f"{path}/users/nobody", admin) == 404
    body = {"group": {"name": "h", "description": None}}
    changed = (await cloud.call("PATCH", path, admin, json=body)).json()["group"]
    assert (changed["name"], changed["description"]) == ("h", "")
    assert await cloud.status("DELETE", path, admin) == 204
    assert await cloud.status("GET", f"{path}/users", admin) == 404


async def test_roles_of_a_group_come_and_go_with_it(cloud: Cloud, admin: str, demo: str) -> None:
    group = await cloud.make(admin, "group", name="g")
    member = f"/groups/{group['id']}/users/{cloud.seeded.demo_user_id}"
    grant = f"/projects/{cloud.seeded.demo_project_id}/groups/{group['id']}/roles"
    assert await cloud.status("PUT", f"{grant}/{await cloud.role_id('admin')}", admin) == 204
    assert await cloud.status("GET", "/users", demo) == 403

    assert await cloud.status("PUT", member, admin) == 204
    assert await cloud.status("GET", "/users", demo) == 200
    assert await cloud.status("DELETE", member, admin) == 204
    assert await cloud.status("GET", "/users", demo) == 403
    assert await cloud.status("PUT", member, admin) == 204
    assert await cloud.status("GET", "/users", demo) == 200
    assert await cloud.status("DELETE", f"/groups/{group['id']}", admin) == 204
    assert await cloud.status("GET", "/users", demo) == 403
