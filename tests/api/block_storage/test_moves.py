"""Backups, transfers, images of volumes, types and limits: what moves a volume or bounds it."""

from __future__ import annotations

import asyncio

import pytest

from tests.api.block_storage.conftest import Cloud, attach
from tests.api.image.conftest import caller_of
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.store import quotas
from unkai.image.actions.open_data import open_data

pytestmark = pytest.mark.anyio
CHUNK = 4 << 20


async def back_up(cloud: Cloud, volume_id: str, **values: object) -> str:
    body = {"backup": {"volume_id": volume_id} | values}
    answer = await cloud.call("POST", "/backups", json=body)
    assert answer.status_code == 202, answer.text
    backup_id = answer.json()["backup"]["id"]
    await cloud.settled("backups", backup_id, "available")
    return backup_id


async def restore(cloud: Cloud, backup_id: str, **values: object) -> str:
    answer = await cloud.call("POST", f"/backups/{backup_id}/restore", json={"restore": values})
    assert answer.status_code == 202, answer.text
    volume_id = answer.json()["restore"]["volume_id"]
    await cloud.settled("volumes", volume_id, "available")
    return volume_id


async def test_full_and_incremental_backups_come_back(cloud: Cloud) -> None:
    volume = await cloud.make()
    cloud.driver.write(volume["id"], 0, b"a" * CHUNK)
    cloud.driver.write(volume["id"], CHUNK, b"b" * CHUNK)
    none = {"backup": {"volume_id": volume["id"], "incremental": True}}
    assert (await cloud.call("POST", "/backups", json=none)).status_code == 400
    full = await back_up(cloud, volume["id"], name="full")
    cloud.driver.write(volume["id"], CHUNK, b"c" * CHUNK)
    more = await back_up(cloud, volume["id"], incremental=True)

    assert (await cloud.show("backups", full))["object_count"] == 2
    shown = await cloud.show("backups", more)
    assert (shown["object_count"], shown["is_incremental"]) == (1, True)
    assert (await cloud.show("backups", full))["has_dependent_backups"] is True
    first, second = await restore(cloud, full), await restore(cloud, more)
    assert cloud.driver.volumes[first].chunks == {0: b"a" * CHUNK, CHUNK: b"b" * CHUNK}
    assert cloud.driver.volumes[second].chunks == {0: b"a" * CHUNK, CHUNK: b"c" * CHUNK}
    assert (await cloud.call("DELETE", f"/backups/{full}")).status_code == 400
    for one in (more, full):
        assert (await cloud.call("DELETE", f"/backups/{one}")).status_code == 202
        await cloud.gone("backups", one)
    assert await cloud.block.backups.kept() == frozenset()
    assert await audit_volumes(cloud.block) == []


async def test_a_backup_replaces_a_volume_that_is_free_and_large_enough(cloud: Cloud) -> None:
    image = await cloud.image(b"i" * 10)
    volume = await cloud.make(size=2, imageRef=image.id)
    backup = await back_up(cloud, volume["id"])
    target, small = await cloud.make(size=2), await cloud.make(size=1)

    body = {"restore": {"volume_id": small["id"]}}
    refused = await cloud.call("POST", f"/backups/{backup}/restore", json=body)
    assert refused.status_code == 400
    await restore(cloud, backup, volume_id=target["id"])

    found = await cloud.show("volumes", target["id"])
    assert (found["bootable"], found["volume_image_metadata"]["image_id"]) == ("true", image.id)
    assert cloud.driver.volumes[target["id"]].chunks[0] == b"i" * 10
    assert (await cloud.call("GET", f"/backups/{backup}", "other")).status_code == 404
    made = await cloud.make(size=3, backup_id=backup)
    assert cloud.driver.volumes[made["id"]].chunks[0] == b"i" * 10


async def test_a_volume_in_use_is_backed_up_as_of_one_moment(cloud: Cloud) -> None:
    volume = await cloud.make()
    await attach(cloud, volume["id"])

    body = {"backup": {"volume_id": volume["id"]}}
    assert (await cloud.call("POST", "/backups", json=body)).status_code == 400
    await back_up(cloud, volume["id"], force=True)

    assert len(cloud.guest.switched) == 1
    assert cloud.driver.snapshots == {}
    assert (await cloud.show("volumes", volume["id"]))["status"] == "in-use"


async def test_a_damaged_backup_says_so_and_leaves_the_volume(cloud: Cloud) -> None:
    volume = await cloud.make()
    cloud.driver.write(volume["id"], 0, b"a" * CHUNK)
    backup = await back_up(cloud, volume["id"])
    (cloud.folder / "backups" / backup / "0").write_bytes(b"rot")

    await cloud.call(
        "POST", f"/backups/{backup}/restore", json={"restore": {"volume_id": volume["id"]}}
    )
    await cloud.settled("volumes", volume["id"], "error_restoring")

    assert cloud.driver.volumes[volume["id"]].chunks == {0: b"a" * CHUNK}


async def test_a_transfer_needs_its_key_and_room(cloud: Cloud) -> None:
    volume = await cloud.make()
    await cloud.snap(volume["id"])
    body = {"transfer": {"volume_id": volume["id"], "name": "gift"}}
    made = (await cloud.call("POST", "/volume-transfers", json=body)).json()["transfer"]
    path = f"/volume-transfers/{made['id']}"

    assert (await cloud.show("volumes", volume["id"]))["status"] == "awaiting-transfer"
    assert "auth_key" not in (await cloud.call("GET", path)).json()["transfer"]
    assert (await cloud.call("GET", path, "other")).status_code == 404

    async def accept(key: str) -> int:
        said = {"accept": {"auth_key": key}}
        return (await cloud.call("POST", f"{path}/accept", "other", json=said)).status_code

    assert await accept("guessed") == 400
    await cloud.call(
        "PUT", "/os-quota-class-sets/default", "admin", json={"quota_class_set": {"snapshots": 0}}
    )
    assert await accept(made["auth_key"]) == 413
    await cloud.call(
        "PUT", "/os-quota-class-sets/default", "admin", json={"quota_class_set": {"snapshots": 9}}
    )
    assert await accept(made["auth_key"]) == 202
    assert await accept(made["auth_key"]) == 404
    assert await cloud.ids("/volumes") == []
    assert await cloud.ids("/volumes", "other") == [volume["id"]]
    assert len(await cloud.ids("/snapshots", "other")) == 1


async def test_a_volume_becomes_an_image_and_back(cloud: Cloud) -> None:
    volume = await cloud.make()
    cloud.driver.write(volume["id"], 0, b"v" * 100)
    cloud.driver.volumes[volume["id"]].size = 4096  # what is hashed here
    said = {"image_name": "mine", "disk_format": "raw", "container_format": "bare"}

    answer = await cloud.act(volume["id"], "os-volume_upload_image", said)
    assert answer.status_code == 202, answer.text
    image_id = answer.json()["os-volume_upload_image"]["image_id"]
    await cloud.settled("volumes", volume["id"], "available")

    image, reader = await open_data(cloud.block.images, caller_of("member"), image_id)
    assert reader is not None
    assert (image.name, reader.size, await reader.read(0, 3)) == ("mine", 4096, b"vvv")
    reader.close()
    wrong = await cloud.act(volume["id"], "os-volume_upload_image", said | {"disk_format": "x"})
    assert wrong.status_code == 400
    other = await cloud.image(b"new")
    assert (await cloud.act(volume["id"], "os-reimage", {"image_id": other.id})).status_code == 202
    await cloud.settled("volumes", volume["id"], "available")
    assert cloud.driver.volumes[volume["id"]].chunks == {0: b"new"}


async def test_a_volume_goes_back_to_its_newest_snapshot_only(cloud: Cloud) -> None:
    volume = await cloud.make()
    old, new = await cloud.snap(volume["id"]), await cloud.snap(volume["id"])
    cloud.driver.write(volume["id"], 0, b"later")

    refused = await cloud.act(volume["id"], "revert", {"snapshot_id": old["id"]})
    assert refused.status_code == 400
    assert (await cloud.act(volume["id"], "revert", {"snapshot_id": new["id"]})).status_code == 202
    await cloud.settled("volumes", volume["id"], "available")

    assert cloud.driver.volumes[volume["id"]].chunks == {}


async def test_limits_hold_for_all_at_once(cloud: Cloud) -> None:
    limits = {"quota_class_set": {"volumes": 3, "gigabytes": 10, "per_volume_gigabytes": 6}}
    await cloud.call("PUT", "/os-quota-class-sets/default", "admin", json=limits)

    async def make(size: int) -> int:
        answer = await cloud.call("POST", "/volumes", json={"volume": {"size": size}})
        return answer.status_code

    assert await make(7) == 413
    assert sorted(await asyncio.gather(*(make(1) for _ in range(5)))) == [202] * 3 + [413] * 2
    absolute = (await cloud.call("GET", "/limits")).json()["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["maxTotalVolumes"]) == (3, 3)
    over = await cloud.call("POST", "/volumes", json={"volume": {"size": 1}})
    assert over.json()["overLimit"]["code"] == 413


async def test_types_are_open_to_whom_they_are_opened(cloud: Cloud) -> None:
    body = {"volume_type": {"name": "gold", "os-volume-type-access:is_public": False}}
    kind = (await cloud.call("POST", "/types", "admin", json=body)).json()["volume_type"]
    path = f"/types/{kind['id']}"

    assert (await cloud.call("POST", "/types", json=body)).status_code == 403
    assert (await cloud.call("POST", "/types", "admin", json=body)).status_code == 409
    assert (await cloud.call("GET", path)).status_code == 404
    new = {"volume": {"size": 1, "volume_type": "gold"}}
    assert (await cloud.call("POST", "/volumes", json=new)).status_code == 404
    opened = {"addProjectAccess": {"project": "p-member"}}
    assert (await cloud.call("POST", f"{path}/action", "admin", json=opened)).status_code == 202
    made = await cloud.make(volume_type="gold")
    assert made["volume_type"] == "gold"
    assert (await cloud.call("DELETE", path, "admin")).status_code == 400
    specs = {"extra_specs": {"volume_backend_name": "elsewhere"}}
    assert (await cloud.call("POST", f"{path}/extra_specs", "admin", json=specs)).status_code == 200
    shown = (await cloud.call("GET", f"{path}/extra_specs")).json()
    assert shown == {"extra_specs": {}}
    await cloud.make(volume_type="gold", rest="error")


async def test_a_project_that_is_gone_leaves_its_volumes_and_nothing_else(cloud: Cloud) -> None:
    volume = await cloud.make()
    body = {"volume_type": {"name": "gold", "os-volume-type-access:is_public": False}}
    kind = (await cloud.call("POST", "/types", "admin", json=body)).json()["volume_type"]
    opened = {"addProjectAccess": {"project": "p-member"}}
    await cloud.call("POST", f"/types/{kind['id']}/action", "admin", json=opened)
    kit = cloud.block.kit
    await kit.database.transact(lambda tx: quotas.set_limits(tx, "p-member", {"volumes": 3}))
    cloud.driver.full = True
    await cloud.make(rest="error")
    assert (await cloud.call("GET", "/messages")).json()["messages"]

    await kit.database.transact(lambda tx: kit.events.emit(tx, "project.deleted", "p-member"))
    await kit.events.deliver_pending()

    access = await cloud.call("GET", f"/types/{kind['id']}/os-volume-type-access", "admin")
    assert access.json() == {"volume_type_access": []}
    assert (await quotas.limits_of(kit.database.reader, "p-member"))["volumes"] == 10
    assert (await cloud.call("GET", "/messages")).json()["messages"] == []
    assert (await cloud.show("volumes", volume["id"], "admin"))["status"] == "available"


async def test_qos_reaches_the_hypervisor_where_that_keeps_it(cloud: Cloud) -> None:
    body = {"qos_specs": {"name": "slow", "consumer": "front-end", "total_iops_sec": "500"}}
    made = (await cloud.call("POST", "/qos-specs", "admin", json=body)).json()["qos_specs"]
    kinds = (await cloud.call("GET", "/types", "admin")).json()["volume_types"]
    path = f"/qos-specs/{made['id']}"
    query = f"vol_type_id={kinds[0]['id']}"

    assert (await cloud.call("GET", f"{path}/associate?{query}", "admin")).status_code == 202
    volume = await cloud.make()
    connector = {"attachment": {"volume_uuid": volume["id"], "connector": {"host": "h"}}}
    found = (await cloud.call("POST", "/attachments", json=connector)).json()["attachment"]

    assert found["connection_info"]["qos"] == {"total_iops_sec": 500}
    assert (await cloud.call("DELETE", path, "admin")).status_code == 400
    assert (await cloud.call("DELETE", f"{path}?force=true", "admin")).status_code == 202


async def test_data_is_given_up_and_taken_back(cloud: Cloud) -> None:
    volume = await cloud.make(size=2)
    cloud.driver.write(volume["id"], 0, b"kept")

    assert (await cloud.act(volume["id"], "os-unmanage", {}, "member")).status_code == 403
    assert (await cloud.act(volume["id"], "os-unmanage", {}, "admin")).status_code == 202
    await cloud.gone("volumes", volume["id"])
    listed = (await cloud.call("GET", "/manageable_volumes", "admin")).json()
    (there,) = listed["manageable-volumes"]
    body = {"volume": {"host": "unkai@fake#fake", "ref": there["reference"], "name": "back"}}
    answer = await cloud.call("POST", "/manageable_volumes", "admin", json=body)
    assert answer.status_code == 202, answer.text
    made = await cloud.settled("volumes", answer.json()["volume"]["id"], "available", "admin")

    assert made["size"] == 2
    assert cloud.driver.volumes[made["id"]].chunks == {0: b"kept"}
