"""Volumes of servers: attached, detached, booted from, and what becomes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from tests.api.compute.cloud import NOWHERE, Cloud, Outside, caller_of, opened
from unkai.block_storage.actions.attach_volume import detach_volume, reserve_volume
from unkai.block_storage.actions.create_snapshot import SnapshotRequest, create_snapshot
from unkai.block_storage.actions.create_volume import VolumeRequest, create_volume
from unkai.block_storage.actions.extend_volume import extend_volume
from unkai.block_storage.actions.find import get_volume
from unkai.block_storage.model import Volume
from unkai.compute.actions.render_metadata import openstack_files
from unkai.compute.reconcilers.take_back import TakeBack
from unkai.compute.store import servers
from unkai.image.actions.seed_image import seed_image
from unkai.kit.errors import Failed, NotFound

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    async with opened(Outside(tmp_path)) as made:
        yield made


async def a_volume(cloud: Cloud, size: int = 1, *, who: str = "member", **more: Any) -> str:
    """The id of a new volume, which is available."""
    request = VolumeRequest(size=size, **more)
    made = await create_volume(cloud.compute.block_storage, caller_of(who), request)
    await rests(cloud, made.id, "available")
    return made.id


async def volume(cloud: Cloud, volume_id: str) -> Volume | None:
    try:
        return await get_volume(cloud.kit.database.reader, caller_of("admin"), volume_id)
    except NotFound:
        return None


async def rests(cloud: Cloud, volume_id: str, status: str) -> None:
    async def there() -> bool:
        found = await volume(cloud, volume_id)
        return found is not None and found.status == status

    await cloud.until(there)


async def attach(cloud: Cloud, server_id: str, volume_id: str, **more: Any) -> dict[str, Any]:
    version = more.pop("version", "2.96")
    body = {"volumeAttachment": {"volumeId": volume_id, **more}}
    answer = await cloud.ask(
        "POST", f"/servers/{server_id}/os-volume_attachments", body, version=version, status=200
    )
    return answer.json()["volumeAttachment"]


async def detach(cloud: Cloud, server_id: str, volume_id: str, status: int = 202) -> None:
    path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
    await cloud.ask("DELETE", path, status=status)


async def listed(cloud: Cloud, server_id: str, version: str = "2.96") -> list[dict[str, Any]]:
    path = f"/servers/{server_id}/os-volume_attachments"
    return (await cloud.ask("GET", path, version=version)).json()["volumeAttachments"]


def at_host(cloud: Cloud, server_id: str) -> set[str]:
    host = cloud.host_of(server_id)
    assert host is not None
    return {disk.volume_id for disk in host.machines[server_id].machine.volumes}


def from_volume(volume_id: str, **more: Any) -> dict[str, Any]:
    device = {"source_type": "volume", "destination_type": "volume", "boot_index": 0}
    return {"imageRef": "", "block_device_mapping_v2": [{**device, "uuid": volume_id, **more}]}


async def bootable(cloud: Cloud, **more: Any) -> str:
    return await a_volume(cloud, image_id=cloud.image_id, **more)


async def test_a_volume_is_attached_and_detached(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    made = await attach(cloud, server_id, volume_id, tag="data", delete_on_termination=True)
    assert made == {
        "id": volume_id,
        "serverId": server_id,
        "volumeId": volume_id,
        "device": "/dev/vdb",
        "tag": "data",
        "delete_on_termination": True,
    }
    await rests(cloud, volume_id, "in-use")
    assert at_host(cloud, server_id) == {volume_id}
    shown = await cloud.show(server_id)
    assert shown["os-extended-volumes:volumes_attached"] == [
        {"id": volume_id, "delete_on_termination": True}
    ]

    await detach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "available")
    assert at_host(cloud, server_id) == set() and await listed(cloud, server_id) == []
    actions = (await cloud.ask("GET", f"/servers/{server_id}/os-instance-actions")).json()
    assert {one["action"] for one in actions["instanceActions"]} >= {
        "attach_volume",
        "detach_volume",
    }
    assert await cloud.leftovers() == []


async def test_each_version_shows_its_fields(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id, version="2.1")
    basic = {"id", "serverId", "volumeId", "device"}
    for version, more, less in (
        ("2.1", set[str](), set[str]()),
        ("2.70", {"tag"}, set[str]()),
        ("2.79", {"tag", "delete_on_termination"}, set[str]()),
        ("2.89", {"tag", "delete_on_termination", "attachment_id", "bdm_uuid"}, {"id"}),
    ):
        (shown,) = await listed(cloud, server_id, version)
        assert set(shown) == (basic | more) - less
        path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
        one = (await cloud.ask("GET", path, version=version)).json()["volumeAttachment"]
        assert one == shown


async def test_several_come_to_one_server_at_once(cloud: Cloud) -> None:
    server_id = await cloud.boot()
    volume_ids = [await a_volume(cloud) for _ in range(4)]
    made = [await attach(cloud, server_id, one) for one in volume_ids]
    assert [one["device"] for one in made] == ["/dev/vdb", "/dev/vdc", "/dev/vdd", "/dev/vde"]
    for one in volume_ids:
        await rests(cloud, one, "in-use")
    await detach(cloud, server_id, volume_ids[1])
    await detach(cloud, server_id, volume_ids[2])
    for one in volume_ids[1:3]:
        await rests(cloud, one, "available")
    assert at_host(cloud, server_id) == {volume_ids[0], volume_ids[3]}
    shown = await cloud.ask("GET", f"/servers/{server_id}/os-volume_attachments?limit=1&offset=1")
    assert [one["volumeId"] for one in shown.json()["volumeAttachments"]] == [volume_ids[3]]


async def test_refusals_in_novas_words(cloud: Cloud) -> None:
    server_id, other_id = await cloud.boot(), await cloud.boot()
    volume_id = await a_volume(cloud)
    path = f"/servers/{server_id}/os-volume_attachments"

    async def refused(status: int, volume: str, **more: Any) -> str:
        body = {"volumeAttachment": {"volumeId": volume, **more}}
        return (await cloud.ask("POST", path, body, status=status)).text

    await refused(404, NOWHERE)
    await refused(400, "no-uuid")
    await refused(400, volume_id, device="nowhere")
    foreign = await a_volume(cloud, who="other")
    await refused(404, foreign)
    await attach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "in-use")
    assert "already attached" in await refused(400, volume_id)
    body = {"volumeAttachment": {"volumeId": volume_id}}
    await cloud.ask("POST", f"/servers/{other_id}/os-volume_attachments", body, status=400)
    await cloud.ask("GET", f"{path}/{NOWHERE}", status=404)
    await detach(cloud, server_id, NOWHERE, status=404)
    await detach(cloud, other_id, volume_id, status=404)
    await cloud.ask("DELETE", f"{path}/{volume_id}", who="other", status=404)
    await cloud.ask("DELETE", f"{path}/{volume_id}", who="reader", status=403)
    await cloud.act(server_id, "lock")
    await detach(cloud, server_id, volume_id, status=409)
    assert at_host(cloud, server_id) == {volume_id}


async def test_only_what_becomes_of_a_volume_can_change(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id)
    path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
    same = {"volumeId": volume_id, "delete_on_termination": True}
    await cloud.ask("PUT", path, {"volumeAttachment": same}, status=202)
    (shown,) = await listed(cloud, server_id)
    assert shown["delete_on_termination"] is True
    swap = {"volumeAttachment": {"volumeId": await a_volume(cloud)}}
    await cloud.ask("PUT", path, swap, status=403)
    tagged = {"volumeAttachment": {**same, "tag": "other"}}
    await cloud.ask("PUT", path, tagged, status=400)


async def test_a_guest_that_keeps_its_volume(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "in-use")
    host = cloud.host_of(server_id)
    assert host is not None
    host.kept_disks.add(volume_id)
    await detach(cloud, server_id, volume_id)
    await cloud.idle()
    await rests(cloud, volume_id, "in-use")
    assert (await cloud.show(server_id))["status"] == "ACTIVE"
    assert at_host(cloud, server_id) == {volume_id}

    host.kept_disks.clear()
    await detach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "available")


async def test_a_host_that_refuses_leaves_the_volume_free(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    host = cloud.host_of(server_id)
    assert host is not None
    host.fail_next("attach_disk", Failed("QEMU refused device_add.", code="qemu-refused"))
    await attach(cloud, server_id, volume_id)
    await cloud.idle()
    await rests(cloud, volume_id, "available")
    assert await listed(cloud, server_id) == []
    assert (await cloud.show(server_id))["status"] == "ACTIVE"
    assert await cloud.leftovers() == []


async def test_volumes_of_a_stopped_server_stay(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await cloud.act(server_id, "os-stop")
    await cloud.reach(server_id, "SHUTOFF")
    await attach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "in-use")
    await cloud.act(server_id, "os-start")
    await cloud.reach(server_id, "ACTIVE")
    assert at_host(cloud, server_id) == {volume_id}


async def test_a_guest_sees_its_volume_grow_and_be_snapshot(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "in-use")
    block, caller = cloud.compute.block_storage, caller_of("member")
    await extend_volume(block, caller, volume_id, 3, attached=True)
    await cloud.idle()
    host = cloud.host_of(server_id)
    assert host is not None
    (disk,) = host.machines[server_id].machine.disks
    assert disk.size_bytes == 3 << 30
    assert await cloud.noted(server_id, "extend_volume") == [("compute_extend_volume", "Success")]
    assert await cloud.noted(server_id, "attach_volume") == [("compute_attach_volume", "Success")]
    await create_snapshot(block, caller, SnapshotRequest(volume_id=volume_id, attached=True))
    await cloud.idle()
    await rests(cloud, volume_id, "in-use")


async def test_a_server_boots_from_a_volume(cloud: Cloud) -> None:
    root, data = await bootable(cloud), await a_volume(cloud)
    body = from_volume(root)
    body["block_device_mapping_v2"].append(
        {"source_type": "volume", "destination_type": "volume", "uuid": data, "boot_index": None}
    )
    server_id = await cloud.boot(**body)
    shown = await cloud.show(server_id)
    assert shown["image"] == ""
    assert [one["id"] for one in shown["os-extended-volumes:volumes_attached"]] == [root, data]
    host = cloud.host_of(server_id)
    assert host is not None
    machine = host.machines[server_id].machine
    assert machine.root_disk.volume is not None and machine.root_disk.volume.volume_id == root
    await rests(cloud, root, "in-use")
    await detach(cloud, server_id, root, status=403)

    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    for one in (root, data):
        await rests(cloud, one, "available")
    assert await cloud.leftovers() == []


@pytest.mark.parametrize("source", ["image", "snapshot"])
async def test_the_root_volume_is_made_with_the_server(cloud: Cloud, source: str) -> None:
    source_id = cloud.image_id
    if source == "snapshot":
        origin = await bootable(cloud)
        block = cloud.compute.block_storage
        made = await create_snapshot(block, caller_of("member"), SnapshotRequest(volume_id=origin))
        await cloud.idle()
        source_id = made.id
    devices = [
        {
            "source_type": source,
            "destination_type": "volume",
            "uuid": source_id,
            "boot_index": "0",
            "volume_size": "2",
            "delete_on_termination": True,
        },
        {"source_type": "blank", "destination_type": "volume", "volume_size": 1, "tag": "scratch"},
    ]
    server_id = await cloud.boot(imageRef="", block_device_mapping_v2=devices)
    root, blank = await listed(cloud, server_id)
    assert root["device"] == "/dev/vda" and blank["tag"] == "scratch"
    found = await volume(cloud, root["volumeId"])
    assert found is not None and found.size == 2 and found.status == "in-use"

    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    await cloud.idle()
    assert await volume(cloud, root["volumeId"]) is None
    kept = await volume(cloud, blank["volumeId"])
    assert kept is not None and kept.status == "available"
    assert await cloud.leftovers() == []


@pytest.mark.parametrize(
    ("devices", "words"),
    [
        ([{"source_type": "blank", "uuid": NOWHERE, "boot_index": 0}], "Invalid device UUID"),
        ([{"source_type": "volume", "boot_index": 0}], "Missing device UUID"),
        ([{"source_type": "volume", "uuid": NOWHERE, "boot_index": 0}], "failed to get volume"),
        ([{"source_type": "snapshot", "uuid": NOWHERE, "boot_index": 0}], "failed to get snapshot"),
        ([{"source_type": "volume", "uuid": NOWHERE, "boot_index": 1}], "Boot sequence"),
        ([{"uuid": NOWHERE, "boot_index": 0}], "source_type"),
        (
            [
                {
                    "source_type": "image",
                    "destination_type": "volume",
                    "uuid": NOWHERE,
                    "boot_index": 0,
                }
            ],
            "non-zero size",
        ),
        ([{"source_type": "blank", "destination_type": "volume", "boot_index": 0}], "non-zero"),
        ([{"source_type": "blank", "volume_size": 1, "boot_index": 0}], "Ephemeral"),
    ],
)
async def test_mappings_that_make_no_sense(
    cloud: Cloud, devices: list[dict[str, Any]], words: str
) -> None:
    body = cloud.body(imageRef="", block_device_mapping_v2=devices)
    answer = await cloud.ask("POST", "/servers", body, status=400)
    assert words in answer.text


async def test_a_volume_for_a_server_must_fit(cloud: Cloud) -> None:
    blank, root = await a_volume(cloud), await bootable(cloud)
    answer = await cloud.ask("POST", "/servers", cloud.body(**from_volume(blank)), status=400)
    assert "is not bootable" in answer.text
    several = cloud.body(**from_volume(root), min_count=2)
    answer = await cloud.ask("POST", "/servers", several, status=400)
    assert "Cannot attach one or more volumes to multiple instances" in answer.text
    server_id = await cloud.boot(**from_volume(root))
    answer = await cloud.ask("POST", "/servers", cloud.body(**from_volume(root)), status=400)
    assert len((await cloud.ask("GET", "/servers")).json()["servers"]) == 1
    assert await listed(cloud, server_id)


async def test_a_boot_that_fails_gives_its_volumes_back(cloud: Cloud) -> None:
    root = await bootable(cloud)
    for host in cloud.outside.world.hosts:
        host.fail_next("start", Failed("QEMU did not start.", code="qemu-failed"))
    server_id = await cloud.create(**from_volume(root))
    await cloud.reach(server_id, "ERROR")
    await rests(cloud, root, "available")
    assert await cloud.leftovers() == []
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)


async def test_a_delete_takes_an_attach_along(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    host = cloud.host_of(server_id)
    assert host is not None
    host.reachable = False
    await attach(cloud, server_id, volume_id)
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    host.reachable = True
    await cloud.gone(server_id)
    await rests(cloud, volume_id, "available")
    assert await cloud.leftovers() == []


@pytest.mark.parametrize("verb", ["attach_disk", "detach_disk"])
async def test_a_crash_in_the_middle_is_gone_on_with(tmp_path: Path, verb: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as cloud:
        server_id, volume_id = await cloud.boot(), await a_volume(cloud)
        if verb == "detach_disk":
            await attach(cloud, server_id, volume_id)
            await rests(cloud, volume_id, "in-use")
        for host in outside.world.hosts:
            host.delays[verb] = 30.0
        if verb == "attach_disk":
            await attach(cloud, server_id, volume_id)
        else:
            await detach(cloud, server_id, volume_id)
    for host in outside.world.hosts:
        host.delays.clear()
    async with opened(outside) as cloud:
        await rests(cloud, volume_id, "in-use" if verb == "attach_disk" else "available")
        assert at_host(cloud, server_id) == ({volume_id} if verb == "attach_disk" else set())
        assert await cloud.leftovers() == []


async def test_a_guest_learns_of_its_tagged_volume(cloud: Cloud) -> None:

    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id, tag="data")
    found = await servers.get_server(cloud.kit.database.reader, server_id)
    assert found is not None
    told = (await openstack_files(cloud.compute, found))["meta_data.json"]
    assert b'"tags":["data"]' in told and volume_id[:20].encode() in told


async def test_the_audit_sees_all_three_sides(cloud: Cloud) -> None:
    server_id, volume_id = await cloud.boot(), await a_volume(cloud)
    await attach(cloud, server_id, volume_id)
    await rests(cloud, volume_id, "in-use")
    host = cloud.host_of(server_id)
    assert host is not None
    found = host.machines[server_id]
    found.machine = structs.replace(found.machine, disks=())
    assert await cloud.leftovers() == [("volume-without-disk", volume_id)]

    block = cloud.compute.block_storage
    (shown,) = await listed(cloud, server_id)
    await cloud.kit.database.transact(
        lambda tx: detach_volume(block, tx, str(shown["attachment_id"]))
    )
    assert set(await cloud.leftovers()) == {
        ("volume-without-attachment", volume_id),
        ("volume-without-disk", volume_id),
    }


async def test_a_volume_of_a_server_that_is_gone_is_taken_back(cloud: Cloud) -> None:
    volume_id = await a_volume(cloud)
    block, caller = cloud.compute.block_storage, caller_of("member")
    made = await cloud.kit.database.transact(
        lambda tx: reserve_volume(block, tx, caller, volume_id, NOWHERE)
    )
    assert await cloud.leftovers() == [("attachment-without-server", made.id)]
    taking = TakeBack(cloud.compute)
    for _ in range(2):
        await taking.run()
    await rests(cloud, volume_id, "available")
    assert await cloud.leftovers() == []


async def test_a_server_on_a_volume_is_rebuilt_from_its_own_image(cloud: Cloud) -> None:
    root = await bootable(cloud)
    server_id = await cloud.boot(**from_volume(root))
    other = await seed_image(
        cloud.compute.images, "other", cloud.outside.folder / "image.raw", "raw", {}, "p-admin"
    )
    answer = await cloud.act(
        server_id, "rebuild", {"imageRef": other.id}, version="2.92", status=400
    )
    assert "Unable to rebuild with a different image" in answer.text
    await cloud.act(server_id, "rebuild", {"imageRef": cloud.image_id}, version="2.92")
    await cloud.reach(server_id, "ACTIVE")
    assert at_host(cloud, server_id) == {root}
    assert (await cloud.show(server_id))["image"] == ""
    assert await cloud.leftovers() == []


async def test_a_root_volume_is_written_anew_from_another_image(cloud: Cloud) -> None:
    root, data = await bootable(cloud), await a_volume(cloud)
    server_id = await cloud.boot(**from_volume(root))
    await attach(cloud, server_id, data)
    await rests(cloud, data, "in-use")
    path = cloud.outside.folder / "other.raw"
    path.write_bytes(b"other".ljust(1 << 20, b"\0"))
    other = await seed_image(cloud.compute.images, "other", path, "raw", {}, "p-admin")
    before = (await listed(cloud, server_id))[0]["attachment_id"]
    await cloud.act(server_id, "rebuild", {"imageRef": other.id}, version="2.93")
    await cloud.reach(server_id, "ACTIVE")

    await rests(cloud, root, "in-use")
    found = await volume(cloud, root)
    assert found is not None and found.image_metadata["image_id"] == other.id
    assert cloud.outside.volumes.volumes[root].chunks[0].startswith(b"other")
    assert (await listed(cloud, server_id))[0]["attachment_id"] != before
    assert at_host(cloud, server_id) == {root, data}
    assert await cloud.leftovers() == []
