"""What went wrong in other clouds must not here: tokens end when their reasons do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.cloud import UNSCOPED, Cloud, on_project
from unkai.identity.actions.authenticate import authenticate
from unkai.kit.errors import Unauthorized
from unkai.kit.tokens import Payload

pytestmark = pytest.mark.anyio


async def alive(cloud: Cloud, token: str) -> bool:
    return await cloud.status("GET", "/auth/projects", token) == 200


async def patch(cloud: Cloud, admin: str, kind: str, key: str, **changes: Any) -> None:
    answer = await cloud.call("PATCH", f"/{kind}s/{key}", admin, json={kind: changes})
    assert answer.status_code == 200, answer.text


async def exchange(cloud: Cloud, token: str, scope: Any = None) -> Any:
    auth: dict[str, Any] = {"identity": {"methods": ["token"], "token": {"id": token}}}
    if scope is not None:
        auth["scope"] = scope
    return await cloud.call("POST", "/auth/tokens", json={"auth": auth})


async def test_withdrawn_role_ends_tokens(cloud: Cloud, admin: str, demo: str) -> None:
    """OSSA-2012-014: a role that is taken away is gone from tokens that are out."""
    project = f"projects/{cloud.seeded.demo_project_id}"
    await cloud.give(admin, cloud.seeded.demo_user_id, "admin", project)
    assert await cloud.status("GET", "/users", demo) == 200

    await cloud.take(admin, cloud.seeded.demo_user_id, "admin", project)
    assert await cloud.status("GET", "/users", demo) == 403
    await cloud.take(admin, cloud.seeded.demo_user_id, "member", project)
    assert not await alive(cloud, demo)


async def test_deleted_role_leaves_tokens(cloud: Cloud, admin: str) -> None:
    role = await cloud.make(admin, "role", name="only")
    project = await cloud.make(admin, "project", name="p")
    await cloud.give(admin, cloud.seeded.demo_user_id, "only", f"projects/{project['id']}")
    token = await cloud.token("demo", on_project(project["id"]))
    assert await alive(cloud, token)

    assert await cloud.status("DELETE", f"/roles/{role['id']}", admin) == 204
    assert not await alive(cloud, token)


async def test_disabled_and_deleted_users(cloud: Cloud, admin: str, demo: str) -> None:
    """OSSA-2013-011 and its kin; a user enabled again does not get the old tokens back."""
    user = cloud.seeded.demo_user_id
    await patch(cloud, admin, "user", user, enabled=False)
    assert not await alive(cloud, demo)
    with pytest.raises(Unauthorized):
        await cloud.token("demo")
    await patch(cloud, admin, "user", user, enabled=True)
    assert not await alive(cloud, demo)
    again = await cloud.token("demo")
    assert await alive(cloud, again)

    assert await cloud.status("DELETE", f"/users/{user}", admin) == 204
    assert not await alive(cloud, again)
    headers = {"X-Subject-Token": again}
    assert await cloud.status("GET", "/auth/tokens", admin, headers=headers) == 404


async def test_disabled_project(cloud: Cloud, admin: str, demo: str) -> None:
    """OSSA-2012-016."""
    project = cloud.seeded.demo_project_id
    unscoped = await cloud.token("demo", UNSCOPED)
    await patch(cloud, admin, "project", project, enabled=False)

    assert not await alive(cloud, demo)
    assert await alive(cloud, unscoped)
    assert await cloud.names("/auth/projects", unscoped, "projects") == []
    assert (await exchange(cloud, unscoped, {"project": {"id": project}})).status_code == 401
    with pytest.raises(Unauthorized):
        await cloud.token("demo")
    await patch(cloud, admin, "project", project, enabled=True)
    assert not await alive(cloud, demo)


async def test_disabled_domain(cloud: Cloud, admin: str) -> None:
    """OSSA-2014-026: a domain's tokens end, whichever way the token is of the domain."""
    domain = await cloud.make(admin, "domain", name="d")
    project = await cloud.make(admin, "project", name="p", domain_id=domain["id"])
    user = await cloud.make(admin, "user", name="u", password="pw", domain_id=domain["id"])
    for who in (user["id"], cloud.seeded.demo_user_id):
        await cloud.give(admin, who, "member", f"projects/{project['id']}")
    of_user = await cloud.token("u", UNSCOPED, "pw", domain["id"])
    of_project = await cloud.token("demo", on_project(project["id"]))

    await patch(cloud, admin, "domain", domain["id"], enabled=False)

    assert not await alive(cloud, of_user)
    assert not await alive(cloud, of_project)
    await patch(cloud, admin, "domain", domain["id"], enabled=True)
    assert not await alive(cloud, of_user)
    assert not await alive(cloud, of_project)
    assert await alive(cloud, await cloud.token("u", UNSCOPED, "pw", domain["id"]))


async def test_changed_password_ends_tokens(cloud: Cloud, admin: str, demo: str) -> None:
    await patch(cloud, admin, "user", cloud.seeded.demo_user_id, password="new")

    assert not await alive(cloud, demo)
    assert await alive(cloud, await cloud.token("demo", password="new"))


async def test_a_chain_of_tokens_lives_no_longer_than_its_first(cloud: Cloud, demo: str) -> None:
    """OSSA-2012-019."""
    first = await cloud.call("GET", "/auth/tokens", demo, headers={"X-Subject-Token": demo})
    cloud.watch.ahead_s = 1800.0

    second = await exchange(cloud, demo)
    third = await exchange(cloud, second.headers["x-subject-token"])

    for answer in (second, third):
        token = answer.json()["token"]
        assert token["expires_at"] == first.json()["token"]["expires_at"]
        assert token["methods"] == ["token", "password"]
        assert token["audit_ids"][1] == first.json()["token"]["audit_ids"][0]
    cloud.watch.ahead_s = 3601.0
    assert not await alive(cloud, third.headers["x-subject-token"])
    assert (await exchange(cloud, third.headers["x-subject-token"])).status_code == 401


async def test_a_revoked_token_gives_no_new_ones(cloud: Cloud, demo: str) -> None:
    """OSSA-2016-005, OSSA-2016-008: its audit id is what is looked at, however it is spelled."""
    headers = {"X-Subject-Token": demo}
    assert await cloud.status("DELETE", "/auth/tokens", demo, headers=headers) == 204

    assert (await exchange(cloud, demo)).status_code == 401
    for spelled in (demo + "=", demo + "==", demo + "\t", demo.swapcase()):
        with pytest.raises(Unauthorized):
            await authenticate(cloud.identity, spelled, "req")


async def test_a_token_scoped_elsewhere_needs_a_role_there(cloud: Cloud, demo: str) -> None:
    for scope in (
        {"project": {"id": cloud.seeded.admin_project_id}},
        {"system": {"all": True}},
        {"domain": {"id": "default"}},
    ):
        assert (await exchange(cloud, demo, scope)).status_code == 401
    unscoped = (await exchange(cloud, demo, "unscoped")).headers["x-subject-token"]
    back = await exchange(cloud, unscoped, {"project": {"id": cloud.seeded.demo_project_id}})
    assert back.status_code == 201


async def test_repeated_methods_count_once(cloud: Cloud) -> None:
    """OSSA-2014-013: naming a method a thousand times is one proof, not a thousand hashes."""
    user = {"name": "demo", "domain": {"id": "default"}, "password": "the-demo-password"}
    identity = {"methods": ["password"] * 1000, "password": {"user": user}}
    hashed = 0
    verify = cloud.identity.passwords.verify

    async def counted(known: str | None, password: str) -> bool:
        nonlocal hashed
        hashed += 1
        return await verify(known, password)

    object.__setattr__(cloud.identity.passwords, "verify", counted)
    answer = await cloud.call("POST", "/auth/tokens", json={"auth": {"identity": identity}})

    assert answer.status_code == 201
    assert hashed == 1
    assert answer.json()["token"]["methods"] == ["password"]


async def test_two_proofs_are_of_one_user(cloud: Cloud, demo: str) -> None:
    user = {"name": "admin", "domain": {"id": "default"}, "password": "the-admin-password"}
    identity = {
        "methods": ["password", "token"],
        "password": {"user": user},
        "token": {"id": demo},
    }

    assert await cloud.status("POST", "/auth/tokens", json={"auth": {"identity": identity}}) == 401


async def test_unknown_users_cost_as_much_as_wrong_passwords(cloud: Cloud) -> None:
    """OSSA-2021-003: neither time nor words tell who exists, is disabled or has no password."""
    calls: list[str | None] = []
    verify = cloud.identity.passwords.verify

    async def noted(known: str | None, password: str) -> bool:
        calls.append(known)
        return await verify(known, password)

    object.__setattr__(cloud.identity.passwords, "verify", noted)
    for name in ("demo", "nobody"):
        with pytest.raises(Unauthorized):
            await cloud.token(name, UNSCOPED, "wrong")
    assert len(calls) == 2
    assert calls[0] is not None and calls[1] is None


async def test_forged_and_damaged_tokens(cloud: Cloud, demo: str, tmp_path: Any) -> None:
    from unkai.kit.tokens import Tokens

    now = cloud.watch.now()
    payload = Payload(
        cloud.seeded.admin_user_id, "system", "", ("password",), now, now + 60, ("a",)
    )
    forged = Tokens(tmp_path / "other-keys").issue(payload)
    for token in (forged, demo[:-4], demo[4:], "", " ", "ÿ", "x" * 10_000, demo * 20):
        with pytest.raises(Unauthorized):
            await authenticate(cloud.identity, token, "req")
