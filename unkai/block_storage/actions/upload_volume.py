"""os-volume_upload_image: a volume's contents become an image of the caller's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from unkai.block_storage.actions import work
from unkai.block_storage.actions.encryption import check_clear
from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.model import Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import UPLOAD, UPLOAD_ATTACHED, rest
from unkai.block_storage.store import volumes
from unkai.image.actions.create_image import create_image
from unkai.image.actions.delete_image import delete_image
from unkai.image.actions.get_image import get_image
from unkai.image.actions.upload_image import upload_image
from unkai.image.model import Image, Status, Visibility
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller, service_caller
from unkai.timeline.model import CINDER_API

FORMATS = frozenset({"raw", "qcow2"})
BLOCK_BYTES = 4 << 20
OF_THE_DATA = frozenset({"checksum", "container_format", "disk_format", "image_id", "image_name"})
OF_THE_IMAGE = OF_THE_DATA | {"min_disk", "min_ram", "size"}


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRequest:
    image_name: str
    disk_format: str = "raw"
    container_format: str = "bare"
    force: bool = False
    visibility: str = "private"
    protected: bool = False


async def upload_volume(
    block: BlockStorage, caller: Caller, volume_id: str, request: UploadRequest
) -> tuple[Volume, Image]:
    """The volume, uploading, and the image, which is queued."""
    if request.disk_format not in FORMATS or request.container_format != "bare":
        raise BadRequest(
            f"A volume is not uploaded as {request.disk_format} in {request.container_format}.",
            code="image-format-unsupported",
            remedy="Take raw or qcow2, in bare.",
        )
    verb = UPLOAD_ATTACHED if request.force else UPLOAD
    volume = await own_volume(block.kit.database.reader, caller, volume_id)
    work.check_verb(verb, volume)
    check_clear(volume, "an image of it would not be")
    image = await create_image(block.images, caller, _draft(volume, request))

    async def admit(tx: Tx) -> Volume:
        found = await own_volume(tx, caller, volume_id)
        work.check_verb(verb, found)
        now, before = block.kit.clock.now(), found.status
        await volumes.change(tx, volume_id, now, status=UPLOAD.to, previous_status=before)
        await work.submit(
            block,
            tx,
            caller,
            UPLOAD_VOLUME,
            f"volume/{volume_id}",
            project_id=found.project_id,
            input={"image_id": image.id, "disk_format": request.disk_format},
        )
        return await own_volume(tx, caller, volume_id)

    try:
        return await block.kit.database.transact(admit), image
    except BaseException:
        unkai = service_caller("cinder", caller.request_id)
        await asyncio.shield(delete_image(block.images, unkai, image.id))
        raise


def _draft(volume: Volume, request: UploadRequest) -> Image:
    said = {k: v for k, v in volume.image_metadata.items() if k not in OF_THE_IMAGE}
    return Image(
        id="",
        owner=None,
        name=request.image_name,
        disk_format=request.disk_format,
        container_format=request.container_format,
        min_disk=volume.size if request.disk_format == "qcow2" else 0,
        visibility=Visibility(request.visibility),
        protected=request.protected,
        properties=said,
    )


async def copy_out(block: BlockStorage, run: Run) -> Result:
    volume_id, image_id = run.subject.partition("/")[2], run.input["image_id"]
    unkai = service_caller("cinder", run.request_id)  # the image was made in the user's name
    image = await get_image(block.images, block.kit.database.reader, unkai, image_id)
    if not image.has_data:
        await _send(block, run, volume_id, unkai)

    async def write(tx: Tx) -> None:
        status = rest(attached=await work.is_attached(tx, volume_id))
        at = block.kit.clock.now()
        await volumes.change(tx, volume_id, at, status=status, previous_status=None)
        await work.settled(block, tx, volume_id, status)

    return Result(None, write)


async def _send(block: BlockStorage, run: Run, volume_id: str, unkai: Caller) -> None:
    frozen = await work.freeze_for(block, volume_id, run)
    driver = await work.driver_of(block, volume_id)
    opening = driver.read_snapshot(frozen, run.id) if frozen else driver.read(volume_id, run.id)
    async with opening as contents:
        path = await contents.as_image(run.input["disk_format"])
        try:
            size = path.stat().st_size
            await upload_image(block.images, unkai, run.input["image_id"], _chunks(path), size)
        except Conflict as error:  # a process died while it sent: the image is given back first
            raise Retry(error.message, 2.0) from error
    await driver.delete_snapshot(run.id)


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while chunk := await asyncio.to_thread(os.read, descriptor, BLOCK_BYTES):
            yield chunk
    finally:
        os.close(descriptor)


async def give_up(block: BlockStorage, run: Run) -> None:
    """Nothing stays of the image."""
    driver = await work.driver_of(block, run.subject.partition("/")[2])
    await driver.delete_snapshot(run.id)
    unkai = service_caller("cinder", run.request_id)
    try:
        session = block.kit.database.reader
        image = await get_image(block.images, session, unkai, run.input["image_id"])
        if image.status is not Status.ACTIVE and not image.protected:
            await delete_image(block.images, unkai, image.id)
    except NotFound:
        return


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    status = rest(attached=await work.is_attached(tx, run.subject.partition("/")[2]))
    await work.rest_again(block, tx, run, status, "copy_volume_to_image")


UPLOAD_VOLUME = Operation(
    "upload-volume",
    Step(copy_out, CINDER_API, undo=give_up),
    failed=_failed,
    deadline_s=6 * 3600.0,
)
