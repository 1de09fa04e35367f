"""Import in two halves: stage the data, then have it inspected and taken."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.api.image.conftest import Cloud

pytestmark = pytest.mark.anyio
DIRECT = {"method": {"name": "glance-direct"}}


async def stage(cloud: Cloud, image_id: str, data: bytes, who: str = "member") -> Any:
    return await cloud.call(
        "PUT",
        f"/images/{image_id}/stage",
        who,
        content=data,
        headers={"Content-Type": "application/octet-stream"},
    )


async def start(cloud: Cloud, image_id: str, body: Any = DIRECT, who: str = "member") -> Any:
    return await cloud.call("POST", f"/images/{image_id}/import", who, json=body)


async def until_ended(cloud: Cloud, image_id: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            tasks = (await cloud.call("GET", f"/images/{image_id}/tasks")).json()["tasks"]
            if tasks and tasks[-1]["status"] in ("success", "failure"):
                return tasks[-1]
            await asyncio.sleep(0.005)


async def test_staged_data_becomes_the_image(cloud: Cloud) -> None:
    data = os.urandom(5000)
    made = await cloud.make()

    assert (await stage(cloud, made["id"], data)).status_code == 204
    staged = await cloud.show(made["id"])
    assert (staged["status"], staged["size"]) == ("uploading", None)
    assert (await cloud.call("GET", f"/images/{made['id']}/file")).status_code == 204
    started = await start(cloud, made["id"], DIRECT | {"all_stores": True})
    task = await until_ended(cloud, made["id"])

    assert started.status_code == 202
    assert (task["status"], task["request_id"]) == (
        "success",
        started.headers["x-openstack-request-id"],
    )
    assert task["input"]["import_req"]["method"]["name"] == "glance-direct"
    shown = await cloud.show(made["id"])
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", 5000, "file")
    assert (shown["os_glance_failed_import"], shown["os_glance_importing_to_stores"]) == ("", "")
    assert (await cloud.call("GET", f"/images/{made['id']}/file")).content == data


async def test_refused_data_is_dropped(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make(disk_format="vmdk")
    await stage(cloud, made["id"], b"nothing of that kind")

    await start(cloud, made["id"])
    task = await until_ended(cloud, made["id"])

    assert task["status"] == "failure"
    assert "it is raw, not vmdk" in task["message"]
    shown = await cloud.show(made["id"])
    assert (shown["status"], shown["os_glance_failed_import"]) == ("queued", "file")
    assert [path for path in (tmp_path / "images").rglob("*") if path.is_file()] == []
    assert (await stage(cloud, made["id"], b"again")).status_code == 204


async def test_an_admin_sees_all_imports(cloud: Cloud) -> None:
    made = [await cloud.make() for _ in range(3)]
    for one in made:
        await stage(cloud, one["id"], b"x")
        await start(cloud, one["id"])
        await until_ended(cloud, one["id"])

    first = (await cloud.call("GET", "/tasks?limit=2", "admin")).json()
    rest = (await cloud.call("GET", first["next"].removeprefix("/v2"), "admin")).json()

    tasks = first["tasks"] + rest["tasks"]
    assert len({task["id"] for task in tasks}) == 3
    assert tasks[0]["image_id"] == made[-1]["id"]
    one = f"/tasks/{tasks[0]['id']}"
    assert (await cloud.call("GET", one, "admin")).json() == tasks[0]
    assert (await cloud.call("GET", one)).status_code == 403
    assert (await cloud.call("GET", "/tasks")).status_code == 403
    assert (await cloud.call("GET", "/tasks/none", "admin")).status_code == 404
    fetch = {"type": "import", "input": {"import_from": "http://169.254.169.254/"}}
    assert (await cloud.call("POST", "/tasks", "admin", json=fetch)).status_code == 400
    assert (await cloud.call("GET", "/tasks?limit=x", "admin")).status_code == 400


async def test_what_cannot_be_imported(cloud: Cloud) -> None:
    made = await cloud.make()
    assert (await start(cloud, made["id"])).status_code == 409
    await stage(cloud, made["id"], b"x")

    wrong: list[tuple[Any, int]] = [
        ({"method": {"name": "web-download", "uri": "http://169.254.169.254/"}}, 400),
        ({"method": {"name": "glance-download"}}, 400),
        ({"method": {"name": "copy-image"}}, 400),
        ({"method": "glance-direct"}, 400),
        ({"method": {}}, 400),
        ([], 400),
        (DIRECT | {"stores": ["tape"]}, 409),
        (DIRECT | {"stores": ["file"], "all_stores": True}, 400),
        (DIRECT | {"stores": "file"}, 400),
    ]
    for body, status in wrong:
        answer = await start(cloud, made["id"], body)
        assert answer.status_code == status, answer.text
    assert (await start(cloud, made["id"], DIRECT, "other")).status_code == 404
    assert (await start(cloud, made["id"], DIRECT, "reader")).status_code == 403
    assert (await stage(cloud, made["id"], b"x")).status_code == 409
    assert (await cloud.upload(made["id"], b"x")).status_code == 409


async def test_a_staged_image_can_be_deleted(cloud: Cloud, tmp_path: Path) -> None:
    made = await cloud.make()
    await stage(cloud, made["id"], b"x")

    assert (await cloud.call("DELETE", f"/images/{made['id']}")).status_code == 204
    assert [path for path in (tmp_path / "images").rglob("*") if path.is_file()] == []
