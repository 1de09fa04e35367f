"""Sharing: the owner invites, the member accepts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.image.conftest import Cloud
from unkai.image.actions.share_image import forget_project

pytestmark = pytest.mark.anyio


async def share(cloud: Cloud, image_id: str, member: Any = "p-other", who: str = "member") -> Any:
    return await cloud.call("POST", f"/images/{image_id}/members", who, json={"member": member})


async def answer(cloud: Cloud, image_id: str, status: Any, who: str = "other") -> Any:
    path = f"/images/{image_id}/members/p-other"
    return await cloud.call("PUT", path, who, json={"status": status})


async def test_a_shared_image_is_listed_once_accepted(cloud: Cloud) -> None:
    made = await cloud.make()

    invited = (await share(cloud, made["id"])).json()

    assert (invited["member_id"], invited["image_id"], invited["status"]) == (
        "p-other",
        made["id"],
        "pending",
    )
    assert (await cloud.show(made["id"], "other"))["id"] == made["id"]
    assert await cloud.ids(who="other") == []
    assert await cloud.ids("?visibility=shared&member_status=pending", "other") == [made["id"]]
    assert (await answer(cloud, made["id"], "accepted")).json()["status"] == "accepted"
    assert await cloud.ids(who="other") == [made["id"]]
    assert (await answer(cloud, made["id"], "rejected")).status_code == 200
    assert await cloud.ids(who="other") == []
    assert await cloud.ids("?member_status=all", "other") == [made["id"]]


async def test_members_are_seen_by_owner_and_member(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])
    await share(cloud, made["id"], "p-third")
    path = f"/images/{made['id']}/members"

    def names(answer: Any) -> list[str]:
        return [member["member_id"] for member in answer.json()["members"]]

    assert names(await cloud.call("GET", path, "reader")) == ["p-other", "p-third"]
    assert names(await cloud.call("GET", path, "other")) == ["p-other"]
    assert (await cloud.call("GET", f"{path}/p-other", "other")).json()["status"] == "pending"
    assert (await cloud.call("GET", f"{path}/p-third", "other")).status_code == 404
    assert (await cloud.call("GET", f"{path}/p-none")).status_code == 404


async def test_who_may_not_share(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])

    assert (await share(cloud, made["id"])).status_code == 409
    assert (await share(cloud, made["id"], "p-third", "other")).status_code == 403
    assert (await share(cloud, made["id"], "p-third", "third")).status_code == 404
    assert (await share(cloud, made["id"], "p-third", "reader")).status_code == 403
    for wrong in ("", "x" * 256, 5, None, ["a"]):
        assert (await share(cloud, made["id"], wrong)).status_code == 400


@pytest.mark.parametrize("visibility", ["private", "community"])
async def test_only_shared_images_have_members(cloud: Cloud, visibility: str) -> None:
    made = await cloud.make(visibility=visibility)

    assert (await share(cloud, made["id"])).status_code == 403
    assert (await cloud.call("GET", f"/images/{made['id']}/members")).status_code == 403


async def test_only_the_member_answers(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])

    assert (await answer(cloud, made["id"], "accepted", "member")).status_code == 403
    assert (await answer(cloud, made["id"], "accepted", "third")).status_code == 404
    assert (await answer(cloud, made["id"], "notavalidstatus")).status_code == 400
    assert (await answer(cloud, made["id"], None)).status_code == 400
    assert (await cloud.show(made["id"]))["status"] == "queued"


async def test_a_member_may_not_touch_the_image(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])
    change = {"op": "replace", "path": "/name", "value": "mine"}

    assert (await cloud.patch(made["id"], change, who="other")).status_code == 403
    assert (await cloud.call("DELETE", f"/images/{made['id']}", "other")).status_code == 403
    assert (await cloud.upload(made["id"], b"x", "other")).status_code == 403


async def test_an_image_is_taken_back(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])
    path = f"/images/{made['id']}/members/p-other"

    assert (await cloud.call("DELETE", path, "other")).status_code == 403
    assert (await cloud.call("DELETE", path)).status_code == 204
    assert (await cloud.call("DELETE", path)).status_code == 404
    assert (await cloud.call("GET", f"/images/{made['id']}", "other")).status_code == 404


async def test_a_project_that_is_gone_is_no_member(cloud: Cloud) -> None:
    made = await cloud.make()
    await share(cloud, made["id"])

    await forget_project(cloud.image, "p-other")

    assert (await cloud.call("GET", f"/images/{made['id']}/members")).json()["members"] == []
