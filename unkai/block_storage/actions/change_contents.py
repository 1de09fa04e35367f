"""A volume's contents as a whole: back to its last snapshot, or anew from an image."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.find import own_snapshot, own_volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import (
    ERROR,
    REIMAGE,
    REIMAGE_RESERVED,
    REVERT,
    SNAPSHOT_USE,
    check,
    rest,
)
from unkai.block_storage.store import volumes
from unkai.image.actions.get_image import get_image
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller, service_caller
from unkai.timeline.model import CINDER_API

Write = Callable[[Tx], Awaitable[None]]


async def revert_volume(
    block: BlockStorage, caller: Caller, volume_id: str, snapshot_id: str
) -> None:
    """To its newest snapshot: BadRequest for an older one."""

    async def admit(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        snapshot = await own_snapshot(tx, caller, snapshot_id)
        if snapshot.volume_id != volume_id:
            raise BadRequest(f"Snapshot {snapshot_id} is not of volume {volume_id}.")
        if (await volumes.snapshots_of(tx, volume_id))[-1] != snapshot_id:
            raise BadRequest(
                f"Volume {volume_id} goes back to its newest snapshot only.",
                code="snapshot-not-newest",
            )
        check(SNAPSHOT_USE, "snapshot", snapshot_id, snapshot.status)
        work.check_verb(REVERT, volume)
        await volumes.change(tx, volume_id, block.kit.clock.now(), status=REVERT.to)
        await work.submit(
            block,
            tx,
            caller,
            REVERT_VOLUME,
            f"volume/{volume_id}",
            project_id=volume.project_id,
            input={"snapshot_id": snapshot_id},
        )

    await block.kit.database.transact(admit)


async def reimage_volume(
    block: BlockStorage, caller: Caller, volume_id: str, image_id: str, *, reserved: bool
) -> None:
    """reserved: also one that a server is about to have."""

    async def admit(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        work.check_verb(REIMAGE_RESERVED if reserved else REIMAGE, volume)
        image = await get_image(block.images, tx, caller, image_id)
        work.check_image(image, volume.size)
        now, before = block.kit.clock.now(), volume.status
        await volumes.change(tx, volume_id, now, status=REIMAGE.to, previous_status=before)
        await work.submit(
            block,
            tx,
            caller,
            REIMAGE_VOLUME,
            f"volume/{volume_id}",
            project_id=volume.project_id,
            input={"image_id": image_id, "size": volume.size},
        )

    await block.kit.database.transact(admit)


async def go_back(block: BlockStorage, run: Run) -> Result:
    volume_id = run.subject.partition("/")[2]
    driver = await work.driver_of(block, volume_id)
    await driver.revert(volume_id, run.input["snapshot_id"], run.id)
    return Result(None, _rested(block, volume_id))


async def write_image(block: BlockStorage, run: Run) -> Result:
    volume_id, size = run.subject.partition("/")[2], work.bytes_of(run.input["size"])
    unkai = service_caller("cinder", run.request_id)  # who asked was let in at the admission
    session = block.kit.database.reader
    image = await get_image(block.images, session, unkai, run.input["image_id"])
    driver = await work.driver_of(block, volume_id)
    await driver.replace(volume_id, size, run.id, work.image_data(block, image))
    return Result(None, _rested(block, volume_id, work.image_metadata(image)))


def _rested(block: BlockStorage, volume_id: str, said: dict[str, str] | None = None):
    async def write(tx: Tx) -> None:
        volume = await volumes.find(tx, volume_id)
        if volume is None:
            return
        before = volume.previous_status
        status = before if before in work.UNSTABLE else None
        status = status or rest(attached=await work.is_attached(tx, volume_id))
        if said is not None:
            await volumes.set_metadata(tx, volume_id, "image", said)
        values: dict[str, Any] = {"status": status, "previous_status": None}
        if said is not None:
            values["bootable"] = True
        await volumes.change(tx, volume_id, block.kit.clock.now(), **values)
        await work.settled(block, tx, volume_id, status)

    return write


async def _revert_failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await work.rest_again(block, tx, run, ERROR, "revert_to_snapshot")


async def _reimage_failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await work.rest_again(block, tx, run, ERROR, "reimage_volume")


REVERT_VOLUME = Operation("revert-volume", Step(go_back, CINDER_API), failed=_revert_failed)
REIMAGE_VOLUME = Operation(
    "reimage-volume", Step(write_image, CINDER_API), failed=_reimage_failed, deadline_s=3600.0
)
