"""Volumes and snapshots in Nova's words, until 2.35."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.compute.cloud import NOWHERE, Cloud, Outside, opened

pytestmark = pytest.mark.anyio
OLD = "2.35"


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with opened(Outside(tmp_path)) as made:
        yield made


async def test_a_volume_and_its_snapshot_in_novas_words(cloud: Cloud) -> None:
    said = {"size": "1", "display_name": "old", "metadata": {"k": "v"}}
    made = await cloud.ask("POST", "/os-volumes", {"volume": said}, version=OLD, status=200)
    volume = made.json()["volume"]
    await cloud.idle()
    path = f"/os-volumes/{volume['id']}"
    shown = (await cloud.ask("GET", path, version=OLD, status=200)).json()["volume"]
    assert (shown["displayName"], shown["size"], shown["attachments"]) == ("old", 1, [{}])
    assert (shown["status"], shown["metadata"]) == ("available", {"k": "v"})

    server_id = await cloud.boot()
    body = {"volumeAttachment": {"volumeId": volume["id"]}}
    await cloud.ask("POST", f"/servers/{server_id}/os-volume_attachments", body, status=200)
    await cloud.idle()
    listed = (await cloud.ask("GET", "/os-volumes/detail", version=OLD)).json()["volumes"]
    assert [one["attachments"] for one in listed] == [
        [
            {
                "id": volume["id"],
                "volumeId": volume["id"],
                "serverId": server_id,
                "device": "/dev/vdb",
            }
        ]
    ]

    frozen = {"snapshot": {"volume_id": volume["id"], "display_name": "s", "force": True}}
    answer = await cloud.ask("POST", "/os-snapshots", frozen, version=OLD, status=200)
    snapshot = f"/os-snapshots/{answer.json()['snapshot']['id']}"
    await cloud.idle()
    found = (await cloud.ask("GET", snapshot, version=OLD)).json()["snapshot"]
    assert (found["volumeId"], found["status"]) == (volume["id"], "available")
    await cloud.ask("DELETE", path, version=OLD, status=400)
    await cloud.ask("DELETE", snapshot, version=OLD, status=202)
    await cloud.idle()
    assert (await cloud.ask("GET", "/os-snapshots", version=OLD)).json() == {"snapshots": []}


async def test_pages_strangers_and_newer_clients(cloud: Cloud) -> None:
    for number in range(3):
        said = {"size": 1, "display_name": f"v{number}"}
        await cloud.ask("POST", "/os-volumes", {"volume": said}, version=OLD, status=200)
        await cloud.idle()
    page = await cloud.ask("GET", "/os-volumes?limit=1&offset=1", version=OLD, status=200)
    (volume,) = page.json()["volumes"]
    assert volume["displayName"] == "v1"
    others = await cloud.ask("GET", "/os-volumes", who="other", version=OLD)
    assert others.json() == {"volumes": []}
    path = f"/os-volumes/{volume['id']}"
    await cloud.ask("GET", path, who="other", version=OLD, status=404)
    await cloud.ask("DELETE", path, who="reader", version=OLD, status=403)
    await cloud.ask("GET", path, version="2.36", status=404)
    await cloud.ask("GET", f"/os-volumes/{NOWHERE}", version=OLD, status=404)
    await cloud.ask("GET", "/os-volumes/", version=OLD, status=404)
    await cloud.ask("DELETE", "/os-volumes/", version=OLD, status=404)
    for size in ("", "0", "#$%", 0, None):
        body = {"volume": {"size": size}}
        await cloud.ask("POST", "/os-volumes", body, version=OLD, status=400)
