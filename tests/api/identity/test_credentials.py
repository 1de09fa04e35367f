"""Credentials of users, and the texts called policies."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from tests.api.identity.cloud import Cloud

pytestmark = pytest.mark.anyio

EC2 = '{"access": "AKIA", "secret": "top-secret"}'


async def test_a_users_own_and_nobody_elses(cloud: Cloud, admin: str, demo: str) -> None:
    """OSSA-2019-006: others neither list, nor see, nor change them."""
    of_admin = await cloud.make(admin, "credential", type="totp", blob="admin-blob")
    mine = await cloud.make(
        demo, "credential", type="ec2", blob=EC2, project_id=cloud.seeded.demo_project_id
    )

    assert mine["user_id"] == cloud.seeded.demo_user_id
    assert mine["blob"] == EC2
    for query in ("", "?type=totp", f"?user_id={cloud.seeded.admin_user_id}"):
        listed = await cloud.call("GET", f"/credentials{query}", demo)
        assert "admin-blob" not in listed.text
    theirs = f"/credentials/{of_admin['id']}"
    body = {"credential": {"blob": "x"}}
    assert await cloud.status("GET", theirs, demo) == 404
    assert await cloud.status("PATCH", theirs, demo, json=body) == 404
    assert await cloud.status("DELETE", theirs, demo) == 404
    for_admin = {"credential": {"type": "t", "blob": "b", "user_id": of_admin["user_id"]}}
    assert await cloud.status("POST", "/credentials", demo, json=for_admin) == 403
    everything = await cloud.call("GET", "/credentials", admin)
    assert len(everything.json()["credentials"]) == 2
    path = f"/credentials/{mine['id']}"
    again = {"credential": {"type": "ec2", "blob": EC2, "project_id": "x"}}
    assert await cloud.status("POST", "/credentials", admin, json=again) == 409
    changed = await cloud.call("PATCH", path, demo, json={"credential": {"blob": "new"}})
    assert changed.json()["credential"]["blob"] == "new"
    assert await cloud.status("DELETE", path, demo) == 204


async def test_owner_project_and_type_are_for_life(cloud: Cloud, admin: str, demo: str) -> None:
    """OSSA-2020-004."""
    made = await cloud.make(demo, "credential", type="cert", blob="b")
    path = f"/credentials/{made['id']}"

    for changes in (
        {"user_id": cloud.seeded.admin_user_id},
        {"project_id": cloud.seeded.admin_project_id},
        {"type": "ec2"},
    ):
        for token in (demo, admin):
            body = {"credential": changes}
            assert await cloud.status("PATCH", path, token, json=body) == 403, changes


async def test_restricted_application_credentials_make_none(cloud: Cloud, demo: str) -> None:
    """OSSA-2026-005."""
    path = f"/users/{cloud.seeded.demo_user_id}/application_credentials"
    made = await cloud.call("POST", path, demo, json={"application_credential": {"name": "ci"}})
    given = made.json()["application_credential"]
    proof = {"id": given["id"], "secret": given["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": proof}
    answer = await cloud.call("POST", "/auth/tokens", json={"auth": {"identity": identity}})
    token = answer.headers["x-subject-token"]

    body: dict[str, Any] = {"credential": {"type": "ec2", "blob": EC2, "project_id": "x"}}
    assert await cloud.status("POST", "/credentials", token, json=body) == 403
    assert await cloud.status("PATCH", "/credentials/x", token, json={"credential": {}}) == 403
    assert await cloud.status("DELETE", "/credentials/x", token) == 403


async def test_they_lie_encrypted_and_go_with_their_user(cloud: Cloud, admin: str) -> None:
    user = await cloud.make(admin, "user", name="u")
    await cloud.make(admin, "credential", type="ec2", blob=EC2, user_id=user["id"], project_id="p")
    statement = text("select * from identity_credentials")
    assert "top-secret" not in str(await cloud.identity.kit.database.reader.all(statement))

    assert await cloud.status("DELETE", f"/users/{user['id']}", admin) == 204
    assert (await cloud.call("GET", "/credentials", admin)).json()["credentials"] == []


async def test_bad_blobs(cloud: Cloud, admin: str) -> None:
    for blob in ("", "x", "[]", "{}", '{"access": 7}', 7, None):
        body = {"credential": {"type": "ec2", "blob": blob, "project_id": "p"}}
        assert await cloud.status("POST", "/credentials", admin, json=body) == 400, blob
    body = {"credential": {"type": "ec2", "blob": EC2}}
    assert await cloud.status("POST", "/credentials", admin, json=body) == 400
    nobody = {"credential": {"type": "t", "blob": "b", "user_id": "nobody"}}
    assert await cloud.status("POST", "/credentials", admin, json=nobody) == 404


async def test_policies(cloud: Cloud, admin: str, demo: str) -> None:
    body = {"policy": {"type": "application/json", "blob": "{}"}}
    made = (await cloud.call("POST", "/policies", admin, json=body)).json()["policy"]
    path = f"/policies/{made['id']}"

    changed = await cloud.call("PATCH", path, admin, json={"policy": {"blob": "x"}})
    assert (await cloud.call("GET", path, admin)).json() == changed.json()
    assert len((await cloud.call("GET", "/policies", admin)).json()["policies"]) == 1
    assert await cloud.status("GET", "/policies", demo) == 403
    assert await cloud.status("DELETE", path, admin) == 204
    assert await cloud.status("GET", path, admin) == 404
