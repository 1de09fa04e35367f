"""Roles, implications, grants and the list of assignments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.cloud import SYSTEM, Cloud, on_project

pytestmark = pytest.mark.anyio


async def assignments(cloud: Cloud, admin: str, query: str) -> list[dict[str, Any]]:
    answer = await cloud.call("GET", f"/role_assignments?{query}", admin)
    assert answer.status_code == 200, answer.text
    return answer.json()["role_assignments"]


async def test_seeded_roles_stay_as_they_are(cloud: Cloud, admin: str) -> None:
    assert await cloud.names("/roles", admin, "roles") == [
        "admin",
        "manager",
        "member",
        "reader",
        "service",
    ]
    assert await cloud.status("DELETE", f"/roles/{await cloud.role_id('admin')}", admin) == 403
    role = await cloud.make(admin, "role", name="r", description="d")
    body = {"role": {"name": "s"}}
    assert await cloud.status("PATCH", f"/roles/{role['id']}", admin, json=body) == 200
    assert await cloud.status("DELETE", f"/roles/{role['id']}", admin) == 204


async def test_implications(cloud: Cloud, admin: str, demo: str) -> None:
    role = await cloud.make(admin, "role", name="operator")
    member = await cloud.role_id("member")
    path = f"/roles/{member}/implies/{role['id']}"

    assert await cloud.status("HEAD", path, admin) == 404
    made = await cloud.call("PUT", path, admin)
    assert made.status_code == 201
    assert made.json()["role_inference"]["prior_role"]["id"] == member
    assert made.json()["role_inference"]["implies"]["name"] == "operator"
    assert await cloud.status("HEAD", path, admin) == 204
    assert (await cloud.call("GET", path, admin)).json() == made.json()
    shown = await cloud.call("GET", "/auth/tokens", demo, headers={"X-Subject-Token": demo})
    roles = [r["name"] for r in shown.json()["token"]["roles"]]
    assert roles == ["member", "operator", "reader"]
    listed = (await cloud.call("GET", f"/roles/{member}/implies", admin)).json()
    assert len(listed["role_inference"]["implies"]) == 2
    rules = (await cloud.call("GET", "/role_inferences", admin)).json()["role_inferences"]
    assert member in {rule["prior_role"]["id"] for rule in rules}
    assert await cloud.status("DELETE", path, admin) == 204
    assert await cloud.status("DELETE", path, admin) == 404
    to_admin = f"/roles/{role['id']}/implies/{await cloud.role_id('admin')}"
    assert await cloud.status("PUT", to_admin, admin) == 403


async def test_circles_of_implications_end(cloud: Cloud, admin: str) -> None:
    a, b = [await cloud.make(admin, "role", name=name) for name in "ab"]
    for prior, implied in ((a, b), (b, a)):
        path = f"/roles/{prior['id']}/implies/{implied['id']}"
        assert await cloud.status("PUT", path, admin) == 201
    user = cloud.seeded.demo_user_id
    await cloud.give(admin, user, "a", f"projects/{cloud.seeded.demo_project_id}")

    query = f"effective&user.id={user}&scope.project.id={cloud.seeded.demo_project_id}"
    assert len(await assignments(cloud, admin, query)) == 4


@pytest.mark.parametrize("target", ["project", "domain", "system"])
@pytest.mark.parametrize("actor", ["user", "group"])
async def test_grants(cloud: Cloud, admin: str, demo: str, actor: str, target: str) -> None:
    who = await cloud.make(admin, actor, name="somebody")
    where = {
        "project": f"/projects/{cloud.seeded.demo_project_id}",
        "domain": "/domains/default",
        "system": "/system",
    }[target]
    many = f"{where}/{actor}s/{who['id']}/roles"
    one = f"{many}/{await cloud.role_id('member')}"

    assert await cloud.names(many, admin, "roles") == []
    assert await cloud.status("HEAD", one, admin) == 404
    assert await cloud.status("DELETE", one, admin) == 404
    for _ in range(2):
        assert await cloud.status("PUT", one, admin) == 204
    assert await cloud.status("HEAD", one, admin) == 204
    assert await cloud.status("GET", one, admin) == 204
    assert await cloud.names(many, admin, "roles") == ["member"]
    for method in ("PUT", "HEAD", "DELETE"):
        assert await cloud.status(method, one, demo) == 403
    listed = await assignments(cloud, admin, f"{actor}.id={who['id']}")
    assert len(listed) == 1
    assert listed[0]["links"]["assignment"] == f"http://cloud/identity/v3{one}"
    assert target in listed[0]["scope"]
    assert await cloud.status("DELETE", one, admin) == 204
    for path in (
        f"{many}/nothing",
        f"{where}/{actor}s/nobody/roles/{await cloud.role_id('member')}",
    ):
        assert await cloud.status("PUT", path, admin) == 404


async def test_a_user_is_not_taken_for_a_group(cloud: Cloud, admin: str) -> None:
    member = await cloud.role_id("member")
    for target in ("/domains/default", f"/projects/{cloud.seeded.demo_project_id}", "/system"):
        path = f"{target}/groups/{cloud.seeded.demo_user_id}/roles/{member}"
        assert await cloud.status("PUT", path, admin) == 404
    wrong = f"/domains/{cloud.seeded.demo_project_id}/users/{cloud.seeded.demo_user_id}"
    assert await cloud.status("PUT", f"{wrong}/roles/{member}", admin) == 404


@pytest.mark.parametrize("above", ["domain", "project"])
@pytest.mark.parametrize("actor", ["user", "group"])
async def test_inherited(cloud: Cloud, admin: str, actor: str, above: str) -> None:
    domain = await cloud.make(admin, "domain", name="d")
    parent = await cloud.make(admin, "project", name="p", domain_id=domain["id"])
    child = await cloud.make(admin, "project", name="c", parent_id=parent["id"])
    user = await cloud.make(admin, "user", name="u", password="pw", domain_id=domain["id"])
    who = user
    if actor == "group":
        who = await cloud.make(admin, "group", name="g", domain_id=domain["id"])
        member = f"/groups/{who['id']}/users/{user['id']}"
        assert await cloud.status("PUT", member, admin) == 204
    where = domain if above == "domain" else parent
    role = await cloud.role_id("member")
    many = f"/OS-INHERIT/{above}s/{where['id']}/{actor}s/{who['id']}/roles"
    path = f"{many}/{role}/inherited_to_projects"

    assert await cloud.status("PUT", path, admin) == 204
    assert await cloud.status("HEAD", path, admin) == 204
    assert await cloud.names(f"{many}/inherited_to_projects", admin, "roles") == ["member"]

    token = await cloud.token("u", on_project(child["id"]), "pw", domain["id"])
    expected = ["c", "p"] if above == "domain" else ["c"]
    assert await cloud.names("/auth/projects", token, "projects") == expected
    assert await cloud.names("/auth/domains", token, "domains") == []
    plain = await assignments(cloud, admin, f"{actor}.id={who['id']}")
    assert plain[0]["scope"]["OS-INHERIT:inherited_to"] == "projects"
    query = f"effective&include_names&user.id={user['id']}"
    effective = await assignments(cloud, admin, f"{query}&scope.project.id={child['id']}")
    assert {one["role"]["name"] for one in effective} == {"member", "reader"}
    assert {one["scope"]["project"]["domain"]["name"] for one in effective} == {"d"}
    everywhere = await assignments(cloud, admin, query)
    assert {one["scope"]["project"]["name"] for one in everywhere} == set(expected)
    if actor == "group":
        assert all("membership" in one["links"] for one in effective)
    assert await cloud.status("DELETE", path, admin) == 204
    assert await cloud.status("GET", "/auth/projects", token) == 401


async def test_assignment_filters(cloud: Cloud, admin: str) -> None:
    admin_role = await cloud.role_id("admin")
    assert len(await assignments(cloud, admin, "scope.system=all")) == 1
    assert len(await assignments(cloud, admin, f"role.id={admin_role}")) == 2
    named = await assignments(cloud, admin, "include_names&scope.system=all")
    assert named[0]["user"]["domain"] == {"id": "default", "name": "Default"}
    child = await cloud.make(admin, "project", name="c", parent_id=cloud.seeded.demo_project_id)
    await cloud.give(admin, cloud.seeded.demo_user_id, "reader", f"projects/{child['id']}")
    tree = f"scope.project.id={cloud.seeded.demo_project_id}&include_subtree"
    assert len(await assignments(cloud, admin, tree)) == 2
    effective = await assignments(cloud, admin, "effective&scope.system=all")
    assert len(effective) == 4
    assert sum("prior_role" in one["links"] for one in effective) == 3
    for query in (
        "user.id=a&group.id=b",
        "scope.system=all&scope.domain.id=x",
        "effective&group.id=x",
        "include_subtree",
        "scope.OS-INHERIT:inherited_to=x",
    ):
        assert await cloud.status("GET", f"/role_assignments?{query}", admin) == 400, query


async def test_a_domains_role_only_implies(cloud: Cloud, admin: str) -> None:
    domain = await cloud.make(admin, "domain", name="d")
    project = await cloud.make(admin, "project", name="p", domain_id=domain["id"])
    own = await cloud.make(admin, "role", name="own", domain_id=domain["id"])
    member = await cloud.role_id("member")
    assert await cloud.status("PUT", f"/roles/{own['id']}/implies/{member}", admin) == 201
    assert await cloud.status("PUT", f"/roles/{member}/implies/{own['id']}", admin) == 403
    user = cloud.seeded.demo_user_id
    elsewhere = f"/projects/{cloud.seeded.demo_project_id}/users/{user}/roles/{own['id']}"
    assert await cloud.status("PUT", elsewhere, admin) == 403
    here = f"/projects/{project['id']}/users/{user}/roles/{own['id']}"
    assert await cloud.status("PUT", here, admin) == 204

    token = await cloud.token("demo", on_project(project["id"]))
    shown = await cloud.call("GET", "/auth/tokens", token, headers={"X-Subject-Token": token})
    assert [r["name"] for r in shown.json()["token"]["roles"]] == ["member", "reader"]
    assert await cloud.names(f"/roles?domain_id={domain['id']}", admin, "roles") == ["own"]


async def test_system_reader_sees_all_and_changes_nothing(cloud: Cloud, admin: str) -> None:
    await cloud.give(admin, cloud.seeded.demo_user_id, "reader", "system")
    token = await cloud.token("demo", SYSTEM)

    for path in ("/users", "/projects", "/domains", "/services", "/role_assignments"):
        assert await cloud.status("GET", path, token) == 200
    assert await cloud.status("POST", "/projects", token, json={"project": {"name": "x"}}) == 403
