"""Users and their passwords."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.cloud import UNSCOPED, Cloud
from unkai.kit.errors import Unauthorized

pytestmark = pytest.mark.anyio


async def test_a_user_keeps_what_clients_add_and_never_shows_a_password(
    cloud: Cloud, admin: str
) -> None:
    user = await cloud.make(admin, "user", name="u", password="pw", email="u@x", description="d")

    assert (user["email"], user["description"], user["domain_id"]) == ("u@x", "d", "default")
    assert "password" not in str(user).replace("password_expires_at", "")
    path = f"/users/{user['id']}"
    body = {"user": {"email": None, "name": "v", "original_password": "pw"}}
    changed = (await cloud.call("PATCH", path, admin, json=body)).json()["user"]
    assert (changed["email"], changed["name"], changed["description"]) == (None, "v", "d")
    assert "original_password" not in changed
    assert await cloud.names("/users?name=v", admin, "users") == ["v"]
    assert await cloud.names("/users?enabled=false", admin, "users") == []
    assert await cloud.status("PATCH", path, admin, json={"user": {"name": "demo"}}) == 409
    assert await cloud.status("PATCH", path, admin, json={"user": {"domain_id": "x"}}) == 400
    assert await cloud.status("PATCH", path, admin, json={"user": {"enabled": "yes"}}) == 400
    assert await cloud.status("DELETE", path, admin) == 204
    assert await cloud.status("GET", path, admin) == 404


async def test_domain_and_default_project_are_checked(cloud: Cloud, admin: str) -> None:
    nowhere = {"user": {"name": "u", "domain_id": "nowhere"}}
    assert await cloud.status("POST", "/users", admin, json=nowhere) == 404
    a_project = {"user": {"name": "u", "domain_id": cloud.seeded.demo_project_id}}
    assert await cloud.status("POST", "/users", admin, json=a_project) == 404
    a_domain = {"user": {"name": "u", "default_project_id": "default"}}
    assert await cloud.status("POST", "/users", admin, json=a_domain) == 400


async def test_passwords_are_bounded(cloud: Cloud, admin: str) -> None:
    for password in ("", "x" * 4097, 7):
        body = {"user": {"name": "u", "password": password}}
        assert await cloud.status("POST", "/users", admin, json=body) == 400
    await cloud.make(admin, "user", name="u", password="x" * 4096)
    await cloud.make(admin, "user", name="no-password")

    assert await cloud.token("u", UNSCOPED, "x" * 4096)
    with pytest.raises(Unauthorized):
        await cloud.token("u", UNSCOPED, "x" * 4095)
    with pytest.raises(Unauthorized):
        await cloud.token("no-password", UNSCOPED, "x")


async def test_passwords_are_argon2id_and_nowhere_in_clear(cloud: Cloud) -> None:
    from sqlalchemy import text

    rows = await cloud.identity.kit.database.reader.all(text("select * from identity_users"))

    assert all("$argon2id$" in str(row) for row in rows)
    assert "the-admin-password" not in str(rows)


async def test_a_user_changes_their_own_password(cloud: Cloud, demo: str) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}/password"

    def change(original: str, new: str) -> dict[str, dict[str, str]]:
        return {"user": {"original_password": original, "password": new}}

    assert await cloud.status("POST", path, json=change("wrong", "new-one")) == 401
    wrong_user = "/users/nobody/password"
    assert await cloud.status("POST", wrong_user, json=change("x", "new-one")) == 401
    original = "the-demo-password"
    assert await cloud.status("POST", path, json=change(original, "")) == 400
    assert await cloud.status("POST", path, json={"user": {"password": "x"}}) == 400

    assert await cloud.status("POST", path, json=change(original, "new-one")) == 204

    assert await cloud.status("GET", "/auth/projects", demo) == 401
    with pytest.raises(Unauthorized):
        await cloud.token("demo")
    token = await cloud.token("demo", password="new-one")
    assert await cloud.status("GET", "/auth/projects", token) == 200


async def test_a_locked_password_stays(cloud: Cloud, admin: str) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}"
    lock = {"user": {"options": {"lock_password": True}}}
    assert await cloud.status("PATCH", path, admin, json=lock) == 200

    body = {"user": {"original_password": "the-demo-password", "password": "x"}}
    assert await cloud.status("POST", f"{path}/password", json=body) == 400


async def test_rules_about_methods_hold(cloud: Cloud, admin: str) -> None:
    path = f"/users/{cloud.seeded.demo_user_id}"
    wrong: list[Any] = [7, ["password"], [[]], [[7]]]
    for rules in wrong:
        body = {"user": {"options": {"multi_factor_auth_rules": rules}}}
        assert await cloud.status("PATCH", path, admin, json=body) == 400, rules
    body = {"user": {"options": {"multi_factor_auth_rules": [["application_credential"]]}}}
    assert await cloud.status("PATCH", path, admin, json=body) == 200
    with pytest.raises(Unauthorized):
        await cloud.token("demo")
    off = {"user": {"options": {"multi_factor_auth_enabled": False}}}
    assert await cloud.status("PATCH", path, admin, json=off) == 200
    assert await cloud.token("demo")


async def test_who_sees_a_user(cloud: Cloud, admin: str, demo: str) -> None:
    mine = f"/users/{cloud.seeded.demo_user_id}"
    other = f"/users/{cloud.seeded.admin_user_id}"

    assert await cloud.status("GET", mine, demo) == 200
    assert await cloud.status("GET", other, demo) == 403
    assert await cloud.status("GET", "/users/nobody", demo) == 403
    assert await cloud.names(f"{mine}/projects", demo, "projects") == ["demo"]
    assert await cloud.status("GET", f"{other}/projects", demo) == 403
    assert await cloud.status("GET", f"{mine}/groups", demo) == 200
    assert await cloud.status("GET", f"{other}/groups", demo) == 403
    assert await cloud.status("GET", "/users/nobody/projects", admin) == 404
