"""The disk under a cloud's state folder is full: clear refusals, nothing lost, and it goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.clouds import RunningCloud, running_cloud
from tests.e2e.visitor import Visitor

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(os.geteuid() != 0, reason="a small disk needs root to mount it"),
]
DISK = "1200m"
TRIES = 400
MIB = 1 << 20
PAGE = 4096


@contextmanager
def small_disk(folder: Path) -> Generator[Path]:
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[RunningCloud]:
    with small_disk(tmp_path / "disk") as disk, running_cloud(disk / "cloud", fake=True) as cloud:
        yield cloud


def resize(cloud: RunningCloud, bytes_free: int) -> None:
    """As much room as that, to the next page."""
    disk = cloud.state_dir.parent
    now = os.statvfs(disk)
    size = (now.f_blocks - now.f_bfree) * now.f_frsize + bytes_free
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


def refused(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """The first refusal: what was allocated before is used up first. Never a 5xx on the way."""
    for _ in range(TRIES):
        answer = ask()
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            return answer
    raise AssertionError("it was never refused")


def test_a_full_disk_refuses_in_each_dialect_and_loses_nothing(cloud: RunningCloud) -> None:
    admin, user = Visitor(cloud, "unkai"), Visitor(cloud)
    before = user.boot("before")
    image = {"name": "large", "disk_format": "raw", "container_format": "bare"}
    properties = {f"property{number}": "x" * 250 for number in range(60)}
    image_id = user.ask("POST", "/image/v2/images", image, status=201).json()["id"]
    fill_words = {**image, **properties}
    resize(cloud, PAGE)

    told = refused(lambda: user.ask("POST", "/image/v2/images", fill_words))
    assert (told.status_code, told.json()["title"]) == (413, "Request Entity Too Large")
    assert "no room left" in told.json()["message"]

    network = {"network": {"name": "full"}}
    told = refused(lambda: user.ask("POST", "/network/v2.0/networks", network))
    assert told.status_code == 409
    assert told.json()["NeutronError"]["type"] == "DatabaseFull"

    server = {
        "name": "full",
        "imageRef": user.image_id(),
        "flavorRef": user.get("/compute/v2.1/flavors")["flavors"][0]["id"],
        "networks": "none",
    }
    told = refused(lambda: user.ask("POST", "/compute/v2.1/servers", {"server": server}))
    assert told.status_code == 403
    assert "nothing was changed" in told.json()["forbidden"]["message"]

    project = {"project": {"name": "full"}}
    told = refused(lambda: admin.ask("POST", "/identity/v3/projects", project))
    assert told.status_code in (409, 413)  # its name may have been taken by an earlier try
    traits = iter(range(TRIES))
    told = refused(
        lambda: admin.ask(
            "PUT",
            f"/placement/traits/CUSTOM_FULL_{next(traits)}",
            headers={"OpenStack-API-Version": "placement 1.39"},
        )
    )
    assert (told.status_code, told.json()["errors"][0]["code"]) == (409, "placement.database_full")

    binary = {"Content-Type": "application/octet-stream"}
    path = f"/image/v2/images/{image_id}/file"
    assert user.ask("PUT", path, headers=binary, content=bytes(4 * MIB)).status_code == 413
    again = Visitor(cloud)  # a token needs no room
    assert again.server(before)["status"] == "ACTIVE"
    again.close()

    resize(cloud, 256 * MIB)
    for each in user.get("/image/v2/images", name="large", limit="1000")["images"]:
        if each["id"] != image_id:
            user.ask("DELETE", f"/image/v2/images/{each['id']}", status=204)
    user.ask("PUT", path, headers=binary, content=bytes(4 * MIB), status=204)
    assert user.server(before)["status"] == "ACTIVE"
    user.boot("after")
    for each in user.get("/compute/v2.1/servers", name="full")["servers"]:
        user.reach(each["id"], "ACTIVE")
    assert admin.get("/unkai/v1/audit")["leftovers"] == []
    admin.close()
    user.close()
