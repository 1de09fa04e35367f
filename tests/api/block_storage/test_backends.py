"""Several backends: which one a volume comes to lie on, and how it is moved to another."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.block_storage.conftest import Cloud, attach
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.drivers.base import Capacity
from unkai.block_storage.drivers.contents import CHUNK_BYTES
from unkai.block_storage.drivers.fake import FakeDriver
from unkai.block_storage.drivers.file import FileDriver
from unkai.block_storage.reconcilers.remove_orphans import RemoveOrphans
from unkai.block_storage.store import volumes
from unkai.boot.volumes import open_volume_drivers
from unkai.kit.errors import BadRequest, Unavailable
from unkai.settings import BlockStorageSettings, Settings
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio
FIRST, SPARE = "unkai@fake#fake", "unkai@spare#spare"
GIB = 1 << 30
WORDS = b"written"


async def host_of(cloud: Cloud, volume_id: str) -> str:
    return (await cloud.show("volumes", volume_id, "admin"))["os-vol-host-attr:host"]


async def make_type(cloud: Cloud, name: str, **specs: str) -> str:
    body = {"volume_type": {"name": name, "extra_specs": specs}}
    answer = await cloud.call("POST", "/types", "admin", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["volume_type"]["id"]


async def switch(cloud: Cloud, verb: str, host: str) -> None:
    body = {"host": host}
    if verb in ("enable", "disable"):
        body["binary"] = "cinder-volume"
    answer = await cloud.call("PUT", f"/os-services/{verb}", "admin", json=body)
    assert answer.status_code == 200, answer.text


async def migrate(cloud: Cloud, volume_id: str, host: str = SPARE, **said: Any) -> Any:
    return await cloud.act(volume_id, "os-migrate_volume", {"host": host, **said}, "admin")


async def migrated(cloud: Cloud, volume_id: str, ended: str = "success") -> Any:
    async with asyncio.timeout(20):
        while True:
            found = await cloud.show("volumes", volume_id, "admin")
            if found["migration_status"] == ended:
                return found
            await asyncio.sleep(0.002)


async def on_spare(cloud: Cloud, **body: Any) -> Any:
    """A volume of a type that asks for the second backend."""
    found = await cloud.call("GET", "/types", "admin")
    if "spare" not in [one["name"] for one in found.json()["volume_types"]]:
        await make_type(cloud, "spare", volume_backend_name="spare")
    return await cloud.make(volume_type="spare", **body)


async def test_each_backend_is_told_of(cloud: Cloud) -> None:
    await cloud.make(size=2)
    answer = await cloud.call("GET", "/scheduler-stats/get_pools?detail=true", "admin")
    told = {one["name"]: one["capabilities"] for one in answer.json()["pools"]}
    assert list(told) == [FIRST, SPARE]
    assert told[SPARE]["volume_backend_name"] == "spare"
    assert [one["allocated_capacity_gb"] for one in told.values()] == [2, 0]
    services = (await cloud.call("GET", "/os-services?binary=cinder-volume", "admin")).json()
    assert [one["host"] for one in services["services"]] == ["unkai@fake", "unkai@spare"]
    for host in ("unkai@spare", SPARE):
        shown = await cloud.call("GET", f"/capabilities/{host.replace('#', '%23')}", "admin")
        assert shown.json()["volume_backend_name"] == "spare"
    counted = (await cloud.call("GET", "/os-hosts/unkai@spare", "admin")).json()["host"]
    assert counted[0]["resource"]["volume_count"] == "0"


@pytest.mark.parametrize("key", ["volume_backend_name", "capabilities:volume_backend_name"])
async def test_a_type_chooses_the_backend(cloud: Cloud, key: str) -> None:
    await make_type(cloud, "chosen", **{key: "spare"})
    chosen = await cloud.make(volume_type="chosen")
    assert await host_of(cloud, chosen["id"]) == SPARE
    assert chosen["id"] in cloud.driver_of("spare").volumes
    plain = await cloud.make()
    assert await host_of(cloud, plain["id"]) == FIRST


async def test_what_is_made_of_a_volume_stays_beside_it(cloud: Cloud) -> None:
    source = await on_spare(cloud)
    cloud.driver_of("spare").write(source["id"], 0, WORDS)
    clone = await cloud.make(source_volid=source["id"])
    snapshot = await cloud.snap(source["id"])
    copy = await cloud.make(snapshot_id=snapshot["id"])
    for one in (clone, copy):
        assert await host_of(cloud, one["id"]) == SPARE
        assert cloud.driver_of("spare").volumes[one["id"]].chunks == {0: WORDS}
    assert snapshot["id"] in cloud.driver_of("spare").snapshots
    assert cloud.driver.volumes == {}
    body = {"volume": {"size": 1, "source_volid": source["id"], "volume_type": "elsewhere"}}
    await make_type(cloud, "elsewhere", volume_backend_name="fake")
    answer = await cloud.call("POST", "/volumes", json=body)
    await cloud.settled("volumes", answer.json()["volume"]["id"], "error")


async def test_a_closed_backend_is_passed_over(cloud: Cloud) -> None:
    await switch(cloud, "disable", "unkai@fake")
    made = await cloud.make()
    assert await host_of(cloud, made["id"]) == SPARE
    await switch(cloud, "freeze", "unkai@spare")
    refused = await cloud.call("POST", "/volumes", json={"volume": {"size": 1}})
    assert refused.status_code == 400
    assert "unkai@fake is disabled, unkai@spare is frozen" in refused.text
    await switch(cloud, "enable", "unkai@fake")
    made = await cloud.make()
    assert await host_of(cloud, made["id"]) == FIRST
    assert (await migrate(cloud, made["id"])).status_code == 400


class Away(FakeDriver):
    """A store that does not answer."""

    async def capacity(self) -> Capacity:
        raise Unavailable("The store does not answer.")


async def test_a_backend_that_does_not_answer_hides_no_other(cloud: Cloud) -> None:
    drivers: Any = cloud.block.drivers
    drivers["spare"] = Away()
    answer = await cloud.call("GET", "/scheduler-stats/get_pools?detail=true", "admin")
    told = {one["name"]: one["capabilities"] for one in answer.json()["pools"]}
    assert [one["backend_state"] for one in told.values()] == ["up", "down"]
    assert told[SPARE]["free_capacity_gb"] == 0


async def test_volumes_of_a_backend_that_was_taken_away(cloud: Cloud) -> None:
    made = await on_spare(cloud)
    drivers: Any = cloud.block.drivers
    kept = drivers.pop("spare")
    body = {"volume": {"size": 1, "source_volid": made["id"]}}
    refused = await cloud.call("POST", "/volumes", json=body)
    assert refused.status_code == 503
    assert "block_storage.backends" in refused.text
    left = await audit_volumes(cloud.block)
    assert [(one.kind, one.id) for one in left] == [("volume-without-data", made["id"])]
    drivers["spare"] = kept
    assert await audit_volumes(cloud.block) == []


async def test_nobody_has_what_the_type_asks_for(cloud: Cloud) -> None:
    await make_type(cloud, "nowhere", volume_backend_name="tape")
    made = await cloud.make(volume_type="nowhere", rest="error")
    assert await host_of(cloud, made["id"]) is None
    assert (await cloud.call("DELETE", f"/volumes/{made['id']}")).status_code == 202
    await cloud.gone("volumes", made["id"])


async def test_a_volume_is_moved_whole(cloud: Cloud) -> None:
    made = await cloud.make(size=2, metadata={"a": "b"})
    for number in range(3):
        cloud.driver.write(made["id"], number * CHUNK_BYTES, b"%d" % number)
    answer = await migrate(cloud, made["id"], force_host_copy=True, lock_volume=True)
    assert answer.status_code == 202, answer.text
    found = await migrated(cloud, made["id"])
    assert (found["os-vol-host-attr:host"], found["status"]) == (SPARE, "available")
    assert {key: found[key] for key in ("size", "metadata", "volume_type")} == {
        key: made[key] for key in ("size", "metadata", "volume_type")
    }
    there = cloud.driver_of("spare").volumes[made["id"]]
    assert there.chunks == {number * CHUNK_BYTES: b"%d" % number for number in range(3)}
    assert there.size == 2 * GIB
    assert cloud.driver.volumes == {}
    assert await audit_volumes(cloud.block) == []
    attached = await attach(cloud, made["id"])
    assert attached
    assert (await cloud.act(made["id"], "os-extend", {"new_size": 3})).status_code == 202
    async with asyncio.timeout(20):
        while (await cloud.show("volumes", made["id"]))["status"] != "in-use":
            await asyncio.sleep(0.002)
    assert cloud.driver_of("spare").volumes[made["id"]].size == 3 * GIB


async def test_a_move_that_fails_leaves_the_volume_where_it_was(cloud: Cloud) -> None:
    made = await cloud.make()
    cloud.driver.write(made["id"], 0, WORDS)
    cloud.driver_of("spare").full = True
    assert (await migrate(cloud, made["id"])).status_code == 202
    found = await migrated(cloud, made["id"], "error")
    assert (found["os-vol-host-attr:host"], found["status"]) == (FIRST, "available")
    assert cloud.driver.volumes[made["id"]].chunks == {0: WORDS}
    assert cloud.driver_of("spare").volumes == {}
    assert await audit_volumes(cloud.block) == []
    told = (await cloud.call("GET", "/messages")).json()["messages"]
    assert [one["event_id"] for one in told] == ["migrate_volume"]
    cloud.driver_of("spare").full = False
    assert (await migrate(cloud, made["id"])).status_code == 202
    await migrated(cloud, made["id"])


class Slow(FakeDriver):
    """Reads on when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()

    async def create(self, *given: Any, **more: Any) -> None:
        await self.go_on.wait()
        await super().create(*given, **more)


async def test_a_volume_that_is_moved_is_nobody_elses(cloud: Cloud) -> None:
    made = await cloud.make()
    slow = Slow()
    drivers: Any = cloud.block.drivers
    drivers["spare"] = slow
    assert (await migrate(cloud, made["id"])).status_code == 202
    found = await cloud.show("volumes", made["id"], "admin")
    assert (found["status"], found["migration_status"]) == ("available", "migrating")
    tries: dict[str, Any] = {
        "os-extend": {"new_size": 2},
        "os-reserve": {},
        "os-retype": {"new_type": "__DEFAULT__"},
        "os-force_delete": {},
        "os-migrate_volume": {"host": SPARE},
        "os-initialize_connection": {"connector": {}},
        "os-migrate_volume_completion": {"new_volume": made["id"]},
    }
    for name, said in tries.items():
        answer = await cloud.act(made["id"], name, said, "admin")
        assert answer.status_code == 400, name
    assert (await cloud.call("DELETE", f"/volumes/{made['id']}")).status_code == 400
    body: dict[str, Any] = {"volume": {"size": 1, "source_volid": made["id"]}}
    assert (await cloud.call("POST", "/volumes", json=body)).status_code == 400
    body = {"snapshot": {"volume_id": made["id"]}}
    refused = await cloud.call("POST", "/snapshots", json=body)
    assert "is being moved to another backend" in refused.text
    slow.go_on.set()
    await migrated(cloud, made["id"])
    assert await audit_volumes(cloud.block) == []


async def test_which_volumes_are_not_moved(cloud: Cloud) -> None:
    made = await cloud.make()

    async def refused(why: str, volume_id: str = made["id"], host: str = SPARE) -> None:
        answer = await migrate(cloud, volume_id, host)
        assert answer.status_code == 400
        assert why in answer.text

    await refused("is on unkai@fake already", host=FIRST)
    await refused("No available service named", host="unkai@nowhere")
    member = await cloud.act(made["id"], "os-migrate_volume", {"host": SPARE})
    assert member.status_code == 403
    both = await cloud.act(made["id"], "os-migrate_volume", {"cluster": "c", "host": "h"}, "admin")
    assert both.status_code == 400
    one = await cloud.act(made["id"], "os-migrate_volume", {"cluster": "c"}, "admin")
    assert "no clusters" in one.text
    snapshot = await cloud.snap(made["id"])
    await refused("it has snapshots")
    await cloud.call("DELETE", f"/snapshots/{snapshot['id']}")
    await cloud.gone("snapshots", snapshot["id"])
    await attach(cloud, made["id"])
    await refused("it is attached")
    grouped = await cloud.make()
    await cloud.block.kit.database.transact(
        lambda tx: volumes.change(tx, grouped["id"], 0.0, group_id="g")
    )
    await refused("it is in group g", grouped["id"])
    await make_type(cloud, "here", volume_backend_name="fake")
    bound = await cloud.make(volume_type="here")
    await refused("volume_backend_name is spare, not fake", bound["id"])


async def test_unmanaged_snapshots_keep_a_volume_where_it_is(cloud: Cloud) -> None:
    made = await cloud.make()
    snapshot = await cloud.snap(made["id"])
    path = f"/snapshots/{snapshot['id']}/action"
    assert (await cloud.call("POST", path, "admin", json={"os-unmanage": {}})).status_code == 202
    await cloud.gone("snapshots", snapshot["id"])
    assert (await migrate(cloud, made["id"])).status_code == 202
    found = await migrated(cloud, made["id"], "error")
    assert found["os-vol-host-attr:host"] == FIRST
    assert len(cloud.driver.snapshots) == 1


async def test_a_retype_moves_where_it_may(cloud: Cloud) -> None:
    made = await cloud.make()
    cloud.driver.write(made["id"], 0, WORDS)
    type_id = await make_type(cloud, "spare", volume_backend_name="spare")

    async def retype(**said: str) -> Any:
        return await cloud.act(made["id"], "os-retype", {"new_type": "spare", **said})

    for policy in ({}, {"migration_policy": "never"}):
        refused = await retype(**policy)
        assert refused.status_code == 400
        assert "No valid backend was found" in refused.text
    assert (await retype(migration_policy="on-demand")).status_code == 202
    found = await migrated(cloud, made["id"])
    assert (found["volume_type"], found["status"]) == ("spare", "available")
    assert (found["os-vol-host-attr:host"], found["volume_type_id"]) == (SPARE, type_id)
    assert cloud.driver_of("spare").volumes[made["id"]].chunks == {0: WORDS}
    assert cloud.driver.volumes == {}


async def test_a_retype_moves_nothing_that_is_attached(cloud: Cloud) -> None:
    made = await cloud.make()
    await attach(cloud, made["id"])
    await make_type(cloud, "spare", volume_backend_name="spare")
    said = {"new_type": "spare", "migration_policy": "on-demand"}
    refused = await cloud.act(made["id"], "os-retype", said)
    assert refused.status_code == 400
    assert "it is attached" in refused.text


async def test_who_copied_a_volume_goes_on_with_the_copy(cloud: Cloud) -> None:
    old, new = await cloud.make(), await cloud.make()
    said = {"new_volume": new["id"]}
    answer = await cloud.act(old["id"], "os-migrate_volume_completion", said, "admin")
    assert answer.json() == {"save_volume_id": new["id"]}
    refused = await cloud.act(old["id"], "os-migrate_volume_completion", said)
    assert refused.status_code == 403


async def test_a_copy_left_on_another_backend_is_named_and_kept(cloud: Cloud) -> None:
    """Nothing of a volume that is there is ever removed behind its back."""
    made = await cloud.make()
    await cloud.driver_of("spare").create(made["id"], GIB)
    left = await audit_volumes(cloud.block)
    assert [(one.kind, one.id) for one in left] == [("volume-copy", made["id"])]
    removing = RemoveOrphans(cloud.block)
    for _ in range(3):
        await removing.run()
    assert made["id"] in cloud.driver_of("spare").volumes
    await cloud.call("DELETE", f"/volumes/{made['id']}")
    await cloud.gone("volumes", made["id"])
    for _ in range(2):
        await removing.run()
    assert cloud.driver_of("spare").volumes == {}


async def test_data_is_managed_on_the_backend_that_has_it(cloud: Cloud) -> None:
    made = await on_spare(cloud)
    await cloud.act(made["id"], "os-unmanage", {}, "admin")
    await cloud.gone("volumes", made["id"])
    path = "/manageable_volumes?host=unkai@spare%23spare"
    (there,) = (await cloud.call("GET", path, "admin")).json()["manageable-volumes"]
    body = {"volume": {"host": SPARE, "ref": there["reference"], "volume_type": "spare"}}
    answer = await cloud.call("POST", "/manageable_volumes", "admin", json=body)
    again = await cloud.settled("volumes", answer.json()["volume"]["id"], "available", "admin")
    assert again["os-vol-host-attr:host"] == SPARE
    body["volume"]["host"] = FIRST
    assert (await cloud.call("POST", "/manageable_volumes", "admin", json=body)).status_code == 400


async def chunks_of(driver: FileDriver, volume_id: str) -> dict[int, bytes]:
    async with driver.read(volume_id, "test") as contents:
        return {offset: data[:8].rstrip(b"\0") async for offset, data in contents.extents()}


async def test_files_are_moved_with_all_their_layers(cloud: Cloud, tmp_path: Path) -> None:
    """Of a volume that stands on what others left, and on an image, all comes along."""
    places = [FileDriver(tmp_path / name, reserve_bytes=0) for name in ("here", "there")]
    drivers: Any = cloud.block.drivers
    for place, name in zip(places, ("fake", "spare"), strict=True):
        place.open()
        drivers[name] = place
    image = await cloud.image(b"boot")
    first = await cloud.make(imageRef=image.id)
    connection = await places[0].connect(first["id"], read_only=False)
    words = ("qemu-io", "-f", "qcow2", "-c", f"write -P 120 {CHUNK_BYTES} 8", "--")
    await asyncio.to_thread(subprocess.run, (*words, connection.layers[0].path), check=True)
    snapshot = await cloud.snap(first["id"])
    made = await cloud.make(snapshot_id=snapshot["id"], size=2)
    await cloud.call("DELETE", f"/volumes/{first['id']}?cascade=true")
    await cloud.gone("volumes", first["id"])

    assert (await migrate(cloud, made["id"])).status_code == 202
    await migrated(cloud, made["id"])

    wanted = {0: b"boot", CHUNK_BYTES: b"x" * 8}
    assert await chunks_of(places[1], made["id"]) == wanted
    assert (await places[1].connect(made["id"], read_only=True)).size_bytes == 2 * GIB
    assert not [path for path in (tmp_path / "here").rglob("*") if path.is_file()]
    assert await audit_volumes(cloud.block) == []
    assert (await migrate(cloud, made["id"], FIRST)).status_code == 202
    async with asyncio.timeout(20):
        while await host_of(cloud, made["id"]) != FIRST:
            await asyncio.sleep(0.002)
    await migrated(cloud, made["id"])
    assert await chunks_of(places[0], made["id"]) == wanted
    assert not [path for path in (tmp_path / "there").rglob("*") if path.is_file()]


@pytest.mark.parametrize("folder", ["volumes", "volumes/more", "backups", "."])
async def test_two_backends_are_never_in_one_place(
    cloud: Cloud, tmp_path: Path, folder: str
) -> None:
    said = BlockStorageSettings(backends=(f"more=file:{folder}",))
    settings = Settings(state_dir=tmp_path, block_storage=said)
    with pytest.raises(BadRequest, match="one is in the other"):
        open_volume_drivers(settings, cloud.block.identity)
    apart = BlockStorageSettings(backends=("more=file:more-volumes",))
    settings = Settings(state_dir=tmp_path, block_storage=apart)
    assert list(open_volume_drivers(settings, cloud.block.identity)) == ["file", "more"]
    assert (tmp_path / "more-volumes").is_dir()


async def test_how_far_a_move_got_is_on_the_timeline(cloud: Cloud) -> None:
    made = await cloud.make(size=2)
    for part in (0, 1, 2, 3):
        cloud.driver.write(made["id"], part * GIB // 2, WORDS)
    assert (await migrate(cloud, made["id"])).status_code == 202
    await migrated(cloud, made["id"])
    kit = cloud.block.kit
    found = await read_timeline(kit.database.reader, kit.clock, f"volume/{made['id']}")
    told = [one.action for one in found.events if one.action.endswith("copied")]
    assert told == ["25 % are copied", "50 % are copied", "75 % are copied"]
