"""Kill the cloud around the step of every operation on volumes, and in its way back.

Hosts, their guests and the volumes' data outlive each kill. Afterwards the work is done or taken
back, what a guest had written is there, and the audit finds nothing left over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.api.compute.cloud import Cloud, Outside, caller_of, opened
from unkai.block_storage.actions.attach_volume import server_attachments
from unkai.block_storage.actions.audit_volumes import audit_volumes
from unkai.block_storage.actions.change_contents import reimage_volume, revert_volume
from unkai.block_storage.actions.create_backup import BackupRequest, create_backup
from unkai.block_storage.actions.create_snapshot import SnapshotRequest, create_snapshot
from unkai.block_storage.actions.create_volume import VolumeRequest, create_volume
from unkai.block_storage.actions.delete_snapshot import delete_snapshot
from unkai.block_storage.actions.delete_volume import delete_volume
from unkai.block_storage.actions.extend_volume import extend_volume
from unkai.block_storage.actions.migrate_volume import migrate_volume
from unkai.block_storage.actions.restore_backup import restore_backup
from unkai.block_storage.drivers.fake import FakeDriver as FakeVolumes
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import backups, snapshots, volumes
from unkai.kit.errors import Failed
from unkai.kit.operations import Run, Step

pytestmark = pytest.mark.anyio
OLD, NEW = b"written before", b"written at last"
ME = caller_of("member")


class Hold:
    """A probe that stops the cloud where it is: nothing after this moment of the kind happens.

    step: of the operation's steps this one; else its first.
    """

    def __init__(
        self, kind: str, moment: str, *, fails: bool = False, step: str | None = None
    ) -> None:
        self._place = (kind, moment)
        self._fails = fails
        self._step = step
        self.reached = asyncio.Event()

    async def __call__(self, run: Run, step: Step, moment: str) -> None:
        there = self._step in (None, step.name)
        if (run.kind, moment) == self._place and (there or moment == "undo"):
            self.reached.set()
            await asyncio.Event().wait()
        if self._fails and there and (run.kind, moment) == (self._place[0], "after"):
            raise Failed("The disk is full.")


class Scene:
    """One life of a cloud with a server, a volume that it writes to, and all that hangs on it."""

    server: str
    volume: str
    spare: str
    snapshot: str
    backup: str
    done = True
    """Whether the work is to be done in the end, or taken back."""

    def __init__(self) -> None:
        self.cloud: Cloud

    @property
    def block(self) -> BlockStorage:
        return self.cloud.compute.block_storage

    @property
    def data(self) -> Any:
        return self.cloud.outside.volumes

    def written(self, volume_id: str) -> bytes | None:
        return self.data.volumes[volume_id].chunks.get(0)

    async def set_up(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.server = await cloud.boot()
        self.volume, self.spare = await self.made(), await self.made()
        self.data.write(self.volume, 0, OLD)
        self.data.write(self.spare, 0, OLD)
        await self.attach(self.volume)
        await cloud.idle()
        request = SnapshotRequest(volume_id=self.volume, attached=True)
        self.snapshot = (await create_snapshot(self.block, ME, request)).id
        wanted = BackupRequest(volume_id=self.spare)
        self.backup = (await create_backup(self.block, ME, wanted)).id
        await cloud.idle()
        self.data.write(self.volume, 0, NEW)

    async def made(self) -> str:
        made = await create_volume(self.block, ME, VolumeRequest(size=1))
        await self.cloud.idle()
        return made.id

    async def attach(self, volume_id: str) -> None:
        path = f"/servers/{self.server}/os-volume_attachments"
        body = {"volumeAttachment": {"volumeId": volume_id}}
        await self.cloud.ask("POST", path, body, status=200)

    async def detach(self, volume_id: str) -> None:
        path = f"/servers/{self.server}/os-volume_attachments/{volume_id}"
        await self.cloud.ask("DELETE", path, status=202)

    async def status(self, volume_id: str) -> str | None:
        found = await volumes.find(self.cloud.kit.database.reader, volume_id)
        return found.status if found else None

    def at_host(self) -> set[str]:
        host = self.cloud.host_of(self.server)
        assert host is not None
        return {disk.volume_id for disk in host.machines[self.server].machine.volumes}


Ask = Callable[[Scene], Awaitable[object]]
Look = Callable[[Scene], Awaitable[None]]
"""What must be true in the end; whether the work was done or taken back."""


async def attach(scene: Scene) -> None:
    await scene.attach(scene.spare)


async def is_attached(scene: Scene) -> None:
    assert await scene.status(scene.spare) == ("in-use" if scene.done else "available")
    assert (scene.spare in scene.at_host()) is scene.done
    assert scene.written(scene.spare) == OLD


async def detach(scene: Scene) -> None:
    await scene.detach(scene.volume)


async def is_detached(scene: Scene) -> None:
    assert await scene.status(scene.volume) == ("available" if scene.done else "in-use")
    held = await server_attachments(scene.cloud.kit.database.reader)
    assert ([one.volume_id for one in held] == []) is scene.done
    assert (scene.volume in scene.at_host()) is not scene.done


async def swap(scene: Scene) -> None:
    scene.data.write(scene.spare, 0, b"of the other")
    path = f"/servers/{scene.server}/os-volume_attachments/{scene.volume}"
    body = {"volumeAttachment": {"volumeId": scene.spare}}
    await scene.cloud.ask("PUT", path, body, status=202, who="admin")


async def is_swapped(scene: Scene) -> None:
    """The server has one of both, with what it had written; the other is nobody's."""
    has, other = (scene.spare, scene.volume) if scene.done else (scene.volume, scene.spare)
    assert (await scene.status(has), await scene.status(other)) == ("in-use", "available")
    held = await server_attachments(scene.cloud.kit.database.reader)
    assert [one.volume_id for one in held] == [has]
    assert scene.at_host() == {has}
    assert scene.written(has) == NEW


async def extend(scene: Scene) -> None:
    await extend_volume(scene.block, ME, scene.volume, 3, attached=True)


async def is_larger(scene: Scene) -> None:
    found = await volumes.find(scene.cloud.kit.database.reader, scene.volume)
    assert found is not None
    wanted = ("in-use", 3) if scene.done else ("error_extending", 1)
    assert (found.status, found.size) == wanted


async def snapshot(scene: Scene) -> None:
    request = SnapshotRequest(volume_id=scene.volume, attached=True, name="late")
    await create_snapshot(scene.block, ME, request)


async def is_frozen(scene: Scene) -> None:
    found = await snapshots.of_volume(scene.cloud.kit.database.reader, scene.volume)
    (late,) = [one for one in found if one.name == "late"]
    assert late.status == ("available" if scene.done else "error")
    assert (late.id in scene.data.snapshots) is scene.done
    if scene.done:
        assert scene.data.snapshots[late.id].chunks[0] == NEW


async def clone(scene: Scene) -> None:
    await create_volume(
        scene.block, ME, VolumeRequest(source_volid=scene.volume, name="late", size=1)
    )


async def of_snapshot(scene: Scene) -> None:
    request = VolumeRequest(snapshot_id=scene.snapshot, name="late", size=1)
    await create_volume(scene.block, ME, request)


async def of_image(scene: Scene) -> None:
    request = VolumeRequest(image_id=scene.cloud.image_id, name="late", size=1)
    await create_volume(scene.block, ME, request)


async def blank(scene: Scene) -> None:
    await create_volume(scene.block, ME, VolumeRequest(name="late", size=1))


def has(contents: bytes | None) -> Look:
    """The new volume has these contents, or is in error and has none."""

    async def look(scene: Scene) -> None:
        session = scene.cloud.kit.database.reader
        found = [await volumes.find(session, one) for one in await volumes.ids(session)]
        (late,) = [one for one in found if one is not None and one.name == "late"]
        assert late.status == ("available" if scene.done else "error")
        assert (late.id in scene.data.volumes) is scene.done
        if scene.done and contents is not None:
            assert scene.written(late.id) == contents

    return look


async def back_up(scene: Scene) -> None:
    request = BackupRequest(volume_id=scene.volume, name="late", attached=True)
    await create_backup(scene.block, ME, request)


async def is_backed_up(scene: Scene) -> None:
    late = await backups.latest(scene.cloud.kit.database.reader, scene.volume)
    assert (late is not None) is scene.done
    if late is not None:
        kept = [data async for _, data in scene.block.backups.read(late.data_id)]
        assert kept == [NEW]
    assert await scene.status(scene.volume) == "in-use"


async def restore(scene: Scene) -> None:
    scene.data.write(scene.spare, 0, NEW)
    await restore_backup(scene.block, ME, scene.backup, volume_id=scene.spare)


async def is_restored(scene: Scene) -> None:
    assert await scene.status(scene.spare) == ("available" if scene.done else "error_restoring")
    assert scene.written(scene.spare) == OLD


async def revert(scene: Scene) -> None:
    await scene.detach(scene.volume)
    await scene.cloud.idle()
    await revert_volume(scene.block, ME, scene.volume, scene.snapshot)


async def is_reverted(scene: Scene) -> None:
    assert await scene.status(scene.volume) == ("available" if scene.done else "error")
    assert scene.written(scene.volume) == OLD


async def reimage(scene: Scene) -> None:
    await reimage_volume(scene.block, ME, scene.spare, scene.cloud.image_id, reserved=False)


async def is_imaged(scene: Scene) -> None:
    assert await scene.status(scene.spare) == ("available" if scene.done else "error")
    assert scene.written(scene.spare) != OLD


async def drop_volume(scene: Scene) -> None:
    await delete_volume(scene.block, ME, scene.spare)


async def is_dropped(scene: Scene) -> None:
    assert await scene.status(scene.spare) is None
    assert scene.spare not in scene.data.volumes


async def drop_snapshot(scene: Scene) -> None:
    await delete_snapshot(scene.block, ME, scene.snapshot)


async def is_unfrozen(scene: Scene) -> None:
    assert await snapshots.find(scene.cloud.kit.database.reader, scene.snapshot) is None
    assert scene.snapshot not in scene.data.snapshots


async def migrate(scene: Scene) -> None:
    admin = caller_of("admin")
    await migrate_volume(scene.block, admin, scene.spare, scene.block.backends[1].pool, locks=False)


async def is_moved(scene: Scene) -> None:
    """Whole on one of both backends, and on that one alone."""
    found = await volumes.find(scene.cloud.kit.database.reader, scene.spare)
    assert found is not None
    assert (found.status, found.hold) == ("available", None)
    assert found.migration_status == ("success" if scene.done else "error")
    places = [scene.data, scene.cloud.outside.spare_volumes]
    assert scene.block.at(found.host).driver is places[scene.done]
    assert places[scene.done].volumes[scene.spare].chunks == {0: OLD}
    assert scene.spare not in places[not scene.done].volumes


VERBS: dict[str, tuple[str, Ask, Look]] = {
    "attach": ("change-volumes", attach, is_attached),
    "detach": ("change-volumes", detach, is_detached),
    "swap": ("change-volumes", swap, is_swapped),
    "extend": ("extend-volume", extend, is_larger),
    "snapshot": ("create-snapshot", snapshot, is_frozen),
    "clone": ("create-volume", clone, has(NEW)),
    "of a snapshot": ("create-volume", of_snapshot, has(OLD)),
    "of an image": ("create-volume", of_image, has(None)),
    "blank": ("create-volume", blank, has(None)),
    "back up": ("create-backup", back_up, is_backed_up),
    "restore": ("restore-backup", restore, is_restored),
    "revert": ("revert-volume", revert, is_reverted),
    "reimage": ("reimage-volume", reimage, is_imaged),
    "migrate": ("migrate-volume", migrate, is_moved),
    "delete": ("delete-volume", drop_volume, is_dropped),
    "delete a snapshot": ("delete-snapshot", drop_snapshot, is_unfrozen),
}
UNDONE = (
    *("attach", "snapshot", "clone", "of a snapshot", "of an image", "blank", "back up"),
    "migrate",
)


async def killed(outside: Outside, scene: Scene, ask: Ask, hold: Hold) -> None:
    async with opened(outside) as cloud:
        await scene.set_up(cloud)
        cloud.kit.operations.probe = hold
        await ask(scene)
        async with asyncio.timeout(20):
            await hold.reached.wait()


async def in_the_end(outside: Outside, scene: Scene, look: Look) -> None:
    async with opened(outside) as cloud:
        scene.cloud = cloud
        await cloud.idle()
        await look(scene)
        if scene.volume in scene.at_host():
            assert scene.written(scene.volume) == NEW
        assert await cloud.leftovers() == []


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("verb", VERBS)
async def test_work_on_volumes_survives_a_kill(tmp_path: Path, verb: str, moment: str) -> None:
    outside, scene = Outside(tmp_path), Scene()
    kind, ask, look = VERBS[verb]
    await killed(outside, scene, ask, Hold(kind, moment))
    await in_the_end(outside, scene, look)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_move_survives_a_kill_while_its_old_data_goes(tmp_path: Path, moment: str) -> None:
    outside, scene = Outside(tmp_path), Scene()
    await killed(outside, scene, migrate, Hold("migrate-volume", moment, step="remove_old"))
    await in_the_end(outside, scene, is_moved)


async def test_a_move_that_fails_at_last_is_one_nevertheless(tmp_path: Path) -> None:
    """What the volume is then lies on the new backend, and is not taken back from there."""
    outside, scene = Outside(tmp_path), Scene()
    hold = Hold("migrate-volume", "undo", step="remove_old", fails=True)
    await killed(outside, scene, migrate, hold)
    await in_the_end(outside, scene, is_moved)


class Interrupted(FakeVolumes):
    """Has a half of what it is sent when the cloud is killed; the next one gets all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def replace(self, volume_id: str, *given: Any, **more: Any) -> None:
        if not self.reached.is_set():
            self.write(volume_id, 0, b"a half")
            self.reached.set()
            await asyncio.Event().wait()
        await super().replace(volume_id, *given, **more)


async def test_a_move_survives_a_kill_while_it_copies(tmp_path: Path) -> None:
    there = Interrupted()
    outside, scene = Outside(tmp_path, spare_volumes=there), Scene()
    async with opened(outside) as cloud:
        await scene.set_up(cloud)
        await migrate(scene)
        async with asyncio.timeout(20):
            await there.reached.wait()
        assert await audit_volumes(scene.block) == []  # of work under way nothing is left over
    await in_the_end(outside, scene, is_moved)


@pytest.mark.parametrize("verb", UNDONE)
async def test_its_way_back_survives_a_kill(tmp_path: Path, verb: str) -> None:
    """The work was done, but failed in the end; the cloud is killed while it takes it back."""
    outside, scene = Outside(tmp_path), Scene()
    kind, ask, look = VERBS[verb]
    await killed(outside, scene, ask, Hold(kind, "undo", fails=True))
    scene.done = False
    await in_the_end(outside, scene, look)


async def test_a_swap_that_the_host_has_made_is_not_undone(tmp_path: Path) -> None:
    outside, scene = Outside(tmp_path), Scene()
    await killed(outside, scene, swap, Hold("change-volumes", "undo", fails=True))
    await in_the_end(outside, scene, is_swapped)


@pytest.mark.parametrize("end", ["done", "refused"])
async def test_a_kill_while_a_guest_copies_its_volume(tmp_path: Path, end: str) -> None:
    outside, scene = Outside(tmp_path), Scene()
    async with opened(outside) as cloud:
        await scene.set_up(cloud)
        host = cloud.host_of(scene.server)
        assert host is not None
        host.swaps.mirrors = host.swaps.slow = True
        await swap(scene)
        async with asyncio.timeout(20):
            while not host.swaps.begun:
                await asyncio.sleep(0.01)
    scene.data.write(scene.spare, 0, NEW)
    host.swaps.slow = False
    if end == "refused":
        scene.done = False
        host.fail_next("swap_disk", Failed("The target's disk is full.", code="swap-failed"))
    await in_the_end(outside, scene, is_swapped)
    assert host.swaps.begun == set()


@pytest.mark.parametrize("verb", VERBS)
async def test_its_step_may_run_twice(tmp_path: Path, verb: str) -> None:
    scene = Scene()
    kind, ask, look = VERBS[verb]
    async with opened(Outside(tmp_path)) as cloud:
        await scene.set_up(cloud)

        async def again(run: Run, step: Step, moment: str) -> None:
            if (run.kind, moment) == (kind, "after"):
                tool = cloud.compute if kind == "change-volumes" else scene.block
                await step.function(tool, run)

        cloud.kit.operations.probe = again
        await ask(scene)
        await cloud.idle()
        await look(scene)
        assert await cloud.leftovers() == []
