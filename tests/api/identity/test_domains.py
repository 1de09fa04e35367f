"""Domains, and what they take with them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.cloud import Cloud, on_domain
from unkai.identity.model import Reference, Scope
from unkai.kit.errors import Unauthorized
from unkai.kit.events import Event

pytestmark = pytest.mark.anyio


async def test_an_enabled_domain_stays(cloud: Cloud, admin: str) -> None:
    domain = await cloud.make(admin, "domain", name="d")

    assert domain["description"] == ""
    assert await cloud.status("DELETE", f"/domains/{domain['id']}", admin) == 403
    off = {"domain": {"enabled": False}}
    assert await cloud.status("PATCH", f"/domains/{domain['id']}", admin, json=off) == 200
    assert await cloud.status("DELETE", f"/domains/{domain['id']}", admin) == 204
    assert await cloud.status("GET", f"/domains/{domain['id']}", admin) == 404


async def test_a_domain_takes_everything_with_it(cloud: Cloud, admin: str) -> None:
    events: list[Event] = []

    async def hear(event: Event) -> None:
        events.append(event)

    cloud.identity.kit.events.subscribe("project.deleted", hear)
    cloud.identity.kit.events.subscribe("user.deleted", hear)
    domain: dict[str, Any] = await cloud.make(admin, "domain", name="d")
    inside = {"domain_id": domain["id"]}
    parent = await cloud.make(admin, "project", name="p", **inside)
    child = await cloud.make(admin, "project", name="c", parent_id=parent["id"])
    user = await cloud.make(admin, "user", name="u", password="pw", **inside)
    group = await cloud.make(admin, "group", name="g", **inside)
    role = await cloud.make(admin, "role", name="r", **inside)
    await cloud.give(admin, user["id"], "member", f"projects/{child['id']}")
    off = {"domain": {"enabled": False}}
    await cloud.call("PATCH", f"/domains/{domain['id']}", admin, json=off)

    assert await cloud.status("DELETE", f"/domains/{domain['id']}", admin) == 204

    for path in (
        f"/projects/{parent['id']}",
        f"/projects/{child['id']}",
        f"/users/{user['id']}",
        f"/groups/{group['id']}",
        f"/roles/{role['id']}",
    ):
        assert await cloud.status("GET", path, admin) == 404, path
    found = (await cloud.call("GET", "/role_assignments", admin)).json()["role_assignments"]
    assert all(one.get("user", {}).get("id") != user["id"] for one in found)
    await cloud.identity.kit.events.deliver_pending()
    told = {(event.name, event.key) for event in events}
    assert ("user.deleted", user["id"]) in told
    assert {("project.deleted", p["id"]) for p in (parent, child, domain)} <= told


async def test_the_default_domain_stays(cloud: Cloud, admin: str) -> None:
    assert await cloud.status("DELETE", "/domains/default", admin) == 403


async def test_a_domains_manager_stays_inside(cloud: Cloud, admin: str) -> None:
    """What a domain-scoped manager may do ends at the domain, and never reaches admin."""
    mine = await cloud.make(admin, "domain", name="mine")
    other = await cloud.make(admin, "domain", name="other")
    boss = await cloud.make(admin, "user", name="boss", password="pw", domain_id=mine["id"])
    await cloud.give(admin, boss["id"], "manager", f"domains/{mine['id']}")
    token = await cloud.token("boss", on_domain(mine["id"]), "pw", mine["id"])

    project = await cloud.make(token, "project", name="p")
    user = await cloud.make(token, "user", name="u")
    assert project["domain_id"] == user["domain_id"] == mine["id"]
    assert await cloud.names("/users", token, "users") == ["boss", "u"]
    assert await cloud.names("/domains", token, "domains") == ["mine"]
    grant = f"/projects/{project['id']}/users/{user['id']}/roles"
    assert await cloud.status("PUT", f"{grant}/{await cloud.role_id('member')}", token) == 204
    assert await cloud.status("PUT", f"{grant}/{await cloud.role_id('admin')}", token) == 403
    assert await cloud.status("PUT", f"{grant}/{await cloud.role_id('service')}", token) == 403
    there = f"/role_assignments?scope.project.id={project['id']}"
    assert await cloud.status("GET", there, token) == 200

    assert await cloud.status("GET", "/role_assignments", token) == 403
    assert await cloud.status("GET", f"/users?domain_id={other['id']}", token) == 403
    assert await cloud.status("GET", f"/users/{cloud.seeded.demo_user_id}", token) == 403
    assert await cloud.status("GET", f"/domains/{other['id']}", token) == 403
    elsewhere = {"user": {"name": "x", "domain_id": other["id"]}}
    assert await cloud.status("POST", "/users", token, json=elsewhere) == 403
    demo = f"/users/{cloud.seeded.demo_user_id}"
    assert await cloud.status("PATCH", demo, token, json={"user": {"password": "x"}}) == 403
    assert await cloud.status("DELETE", demo, token) == 403
    assert await cloud.status("POST", "/domains", token, json={"domain": {"name": "x"}}) == 403
    assert await cloud.status("PATCH", f"/domains/{mine['id']}", token, json={"domain": {}}) == 403


async def test_names_mean_nothing_outside_their_domain(cloud: Cloud, admin: str) -> None:
    """Same user and project names in another domain open nothing here."""
    other = await cloud.make(admin, "domain", name="other")
    twin = await cloud.make(admin, "user", name="admin", password="pw", domain_id=other["id"])
    project = await cloud.make(admin, "project", name="admin", domain_id=other["id"])
    await cloud.give(admin, twin["id"], "member", f"projects/{project['id']}")
    here = Scope("project", Reference(name="admin", domain_id="default"))
    there = Scope("project", Reference(name="admin", domain_name="other"))

    token = await cloud.token("admin", there, "pw", other["id"])
    assert await cloud.status("GET", "/users", token) == 403
    with pytest.raises(Unauthorized):
        await cloud.token("admin", here, "pw", other["id"])
    with pytest.raises(Unauthorized):
        await cloud.token("admin", there, "pw", "default")
