"""Projects: their tree, domain, tags and lists."""

from __future__ import annotations

import pytest

from tests.api.identity.cloud import Cloud

pytestmark = pytest.mark.anyio


async def test_a_project_lands_in_the_callers_domain(cloud: Cloud, admin: str) -> None:
    project = await cloud.make(admin, "project", name="web", description="d", tags=["b", "a"])

    assert project["domain_id"] == project["parent_id"] == "default"
    assert (project["enabled"], project["is_domain"]) == (True, False)
    assert project["tags"] == ["a", "b"]
    assert await cloud.names("/projects?name=web", admin, "projects") == ["web"]
    assert await cloud.names("/projects?name__contains=e", admin, "projects") == [
        "demo",
        "service",
        "web",
    ]
    changed = await cloud.call(
        "PATCH", f"/projects/{project['id']}", admin, json={"project": {"name": "w2", "x": 1}}
    )
    assert (changed.json()["project"]["name"], changed.json()["project"]["x"]) == ("w2", 1)
    assert changed.json()["project"]["description"] == "d"


async def test_the_tree(cloud: Cloud, admin: str) -> None:
    a = await cloud.make(admin, "project", name="a")
    b = await cloud.make(admin, "project", name="b", parent_id=a["id"])
    c = await cloud.make(admin, "project", name="c", parent_id=b["id"])

    assert (b["parent_id"], b["domain_id"]) == (a["id"], "default")
    assert await cloud.names(f"/projects?parent_id={a['id']}", admin, "projects") == ["b"]
    tree = await cloud.call("GET", f"/projects/{b['id']}?subtree_as_ids&parents_as_ids", admin)
    assert tree.json()["project"]["subtree"] == {c["id"]: None}
    assert tree.json()["project"]["parents"] == {a["id"]: None}
    lists = await cloud.call("GET", f"/projects/{a['id']}?subtree_as_list", admin)
    assert {p["project"]["name"] for p in lists.json()["project"]["subtree"]} == {"b", "c"}
    both = f"/projects/{a['id']}?subtree_as_list&subtree_as_ids"
    assert await cloud.status("GET", both, admin) == 400

    def patch(**attributes: object) -> dict[str, object]:
        return {"json": {"project": attributes}}

    path = f"/projects/{a['id']}"
    assert await cloud.status("DELETE", path, admin) == 403
    assert await cloud.status("PATCH", path, admin, **patch(enabled=False)) == 403
    assert await cloud.status("PATCH", path, admin, **patch(parent_id=c["id"])) == 403
    assert await cloud.status("PATCH", path, admin, **patch(domain_id="other")) == 400
    assert await cloud.status("PATCH", path, admin, **patch(is_domain=True)) == 400
    for project in (c, b, a):
        path = f"/projects/{project['id']}"
        assert await cloud.status("PATCH", path, admin, **patch(enabled=False)) == 200
    path = f"/projects/{c['id']}"
    assert await cloud.status("PATCH", path, admin, **patch(enabled=True)) == 403
    under = {"project": {"name": "d", "parent_id": c["id"]}}
    assert await cloud.status("POST", "/projects", admin, json=under) == 400
    for project in (c, b, a):
        assert await cloud.status("DELETE", f"/projects/{project['id']}", admin) == 204


async def test_depth_is_bounded(cloud: Cloud, admin: str) -> None:
    parent = "default"
    for level in range(5):
        parent = (await cloud.make(admin, "project", name=f"l{level}", parent_id=parent))["id"]

    body = {"project": {"name": "deeper", "parent_id": parent}}
    assert await cloud.status("POST", "/projects", admin, json=body) == 403


async def test_a_parent_must_be_in_the_domain(cloud: Cloud, admin: str) -> None:
    domain = await cloud.make(admin, "domain", name="d")
    parent = await cloud.make(admin, "project", name="a")

    for attributes in (
        {"parent_id": parent["id"], "domain_id": domain["id"]},
        {"parent_id": parent["id"], "is_domain": True},
        {"is_domain": True, "domain_id": domain["id"]},
    ):
        body = {"project": {"name": "x", **attributes}}
        assert await cloud.status("POST", "/projects", admin, json=body) == 400, attributes
    for attributes in ({"parent_id": "no"}, {"domain_id": "no"}, {"domain_id": parent["id"]}):
        body = {"project": {"name": "x", **attributes}}
        assert await cloud.status("POST", "/projects", admin, json=body) == 404, attributes
    same_name = await cloud.make(admin, "project", name="a", domain_id=domain["id"])
    assert same_name["domain_id"] == domain["id"]


async def test_a_project_that_is_a_domain(cloud: Cloud, admin: str) -> None:
    made = await cloud.make(admin, "project", name="acting", is_domain=True)

    assert (made["is_domain"], made["domain_id"], made["parent_id"]) == (True, None, None)
    assert "acting" in await cloud.names("/domains", admin, "domains")
    assert "acting" not in await cloud.names("/projects", admin, "projects")
    assert await cloud.names("/projects?is_domain=true&name=acting", admin, "projects")


async def test_tags(cloud: Cloud, admin: str) -> None:
    one = await cloud.make(admin, "project", name="one", tags=["red", "blue"])
    await cloud.make(admin, "project", name="two", tags=["red"])
    path = f"/projects/{one['id']}/tags"

    async def found(query: str) -> list[str]:
        names = await cloud.names(f"/projects?{query}", admin, "projects")
        return [name for name in names if name in ("one", "two")]

    assert await found("tags=red,blue") == ["one"]
    assert await found("tags-any=blue,green") == ["one"]
    assert await found("not-tags=red,blue") == ["two"]
    assert await found("not-tags-any=red") == []
    assert await cloud.status("PUT", f"{path}/green", admin) == 201
    assert await cloud.status("GET", f"{path}/green", admin) == 204
    assert await cloud.status("DELETE", f"{path}/red", admin) == 204
    assert await cloud.status("DELETE", f"{path}/red", admin) == 404
    assert (await cloud.call("GET", path, admin)).json()["tags"] == ["blue", "green"]
    assert await cloud.status("PUT", path, admin, json={"tags": ["x"]}) == 200
    for tags in (["a,b"], ["a/b"], [""], ["x" * 256], [f"t{n}" for n in range(81)], "x"):
        assert await cloud.status("PUT", path, admin, json={"tags": tags}) == 400, tags
    assert await cloud.status("DELETE", path, admin) == 204
    assert (await cloud.call("GET", path, admin)).json()["tags"] == []


async def test_pages_and_filters(cloud: Cloud, admin: str) -> None:
    made = {
        (await cloud.make(admin, "project", name=f"p{n}", enabled=n % 2 == 0))["id"]
        for n in range(5)
    }
    seen: list[str] = []
    path = "/projects?limit=2&name__startswith=p"
    while path:
        page = (await cloud.call("GET", path, admin)).json()
        seen += [project["id"] for project in page["projects"]]
        following = page["links"]["next"]
        path = following.removeprefix("http://cloud/identity/v3") if following else ""
    assert len(seen) == 5
    assert set(seen) == made
    assert await cloud.names("/projects?enabled=0&name__startswith=p", admin, "projects") == [
        "p1",
        "p3",
    ]
    for query in ("limit=x", "limit=-1", "name=a%00b"):
        assert await cloud.status("GET", f"/projects?{query}", admin) == 400, query


async def test_immutable(cloud: Cloud, admin: str) -> None:
    project = await cloud.make(admin, "project", name="rock", options={"immutable": True})
    path = f"/projects/{project['id']}"

    assert await cloud.status("DELETE", path, admin) == 403
    body = {"project": {"description": "x"}}
    assert await cloud.status("PATCH", path, admin, json=body) == 403
    lift = {"project": {"options": {"immutable": None}}}
    assert (await cloud.call("PATCH", path, admin, json=lift)).json()["project"]["options"] == {}
    assert await cloud.status("DELETE", path, admin) == 204


async def test_who_sees_a_project(cloud: Cloud, admin: str, demo: str) -> None:
    mine = f"/projects/{cloud.seeded.demo_project_id}"

    assert await cloud.status("GET", mine, demo) == 200
    assert await cloud.status("GET", f"/projects/{cloud.seeded.admin_project_id}", demo) == 403
    assert await cloud.status("GET", "/projects/nothing", demo) == 403
    assert await cloud.status("GET", "/projects", demo) == 403
    assert await cloud.status("GET", "/domains/default", demo) == 200
