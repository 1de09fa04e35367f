"""What every work on volumes needs: hands on the data, the way back, and a word on failure.

A volume's data is in the hands of one operation at a time: of that whose subject the volume is
(its status says so), or of one that holds it while its status stays (a snapshot, a clone). Nobody
is attached to a volume, or let go, while somebody holds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.block_storage.drivers.base import Guest, ImageData, VolumeDriver
from unkai.block_storage.model import GIB, Message, Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import Verb, check
from unkai.block_storage.store import attachments, exports, messages, volumes
from unkai.image.actions.open_data import data_path
from unkai.image.model import Image
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Failed
from unkai.kit.operations import Operation, Retry, Run
from unkai.kit.policy import Caller

MESSAGE_KEPT_S = 30 * 86400.0
SETTLED = "volume.settled"
"""The event that a volume, by its id, has come to rest: available, or error."""
UNSTABLE = frozenset({"attaching", "detaching", "reserved"})
RAW_FORMATS = frozenset({"raw", "iso", "ami", "ari", "aki"})


def bytes_of(size: int) -> int:
    return size * GIB


def check_verb(verb: Verb, volume: Volume) -> None:
    """BadRequest where the status forbids it, or other work has the volume's data in hand."""
    check(verb, "volume", volume.id, volume.status)
    check_free(volume)


def check_free(volume: Volume) -> None:
    check_not_moving(volume)
    if volume.hold is not None:
        raise BadRequest(
            f"Invalid volume: {volume.hold.replace('/', ' ')} is being made of volume {volume.id}.",
            code="volume-held",
            remedy="Try again when that has ended.",
        )


def check_not_moving(volume: Volume) -> None:
    """BadRequest while the volume's own operation carries its data to another backend."""
    if volume.hold == f"volume/{volume.id}":
        raise BadRequest(
            f"Invalid volume: volume {volume.id} is being moved to another backend.",
            code="volume-migrating",
            remedy="Try again when its migration has ended.",
        )


async def submit(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    operation: Operation,
    subject: str,
    *,
    project_id: str,
    input: dict[str, Any],
    supersede: bool = False,
) -> str:
    return await block.kit.operations.submit(
        tx,
        operation,
        subject,
        project_id=project_id,
        user_id=caller.user_id,
        request_id=caller.request_id,
        input=input,
        supersede=supersede,
    )


async def hold(block: BlockStorage, volume_id: str, run: Run) -> Volume:
    """The volume, with its data in this run's hands; Retry while others have it."""
    found = await volumes.find(block.kit.database.reader, volume_id)
    if found is not None and found.hold == run.subject:
        return found

    async def write(tx: Tx) -> bool:
        now = await volumes.find(tx, volume_id)
        if now is None:
            raise Failed(f"Volume {volume_id} is gone.", code="volume-gone")
        return now.status not in UNSTABLE and await volumes.hold(tx, volume_id, run.subject)

    if not await block.kit.database.transact(write):
        raise Retry(f"volume {volume_id} is in other hands", 0.2)
    found = await volumes.find(block.kit.database.reader, volume_id)
    assert found is not None
    return found


async def driver_of(block: BlockStorage, volume_id: str) -> VolumeDriver:
    """Of the backend that the volume is on; Unavailable if that is not there."""
    return block.at(await volumes.host_of(block.kit.database.reader, volume_id)).driver


async def let_go(block: BlockStorage, volume_id: str, run: Run) -> None:
    await block.kit.database.transact(lambda tx: volumes.let_go(tx, volume_id, run.subject))


async def guest_of(block: BlockStorage, session: Session, volume_id: str) -> Guest | None:
    """Whoever has the volume open; None if nobody has. Unavailable if it cannot be reached."""
    if await exports.find(session, volume_id) is not None:
        return block.exports.guest(volume_id)
    found = await attachments.of_volume(session, volume_id)
    opened = tuple(one for one in found if one.guarded and one.attach_status == "attached")
    return block.guests.of(opened) if opened else None


async def freeze_for(block: BlockStorage, volume_id: str, run: Run) -> str | None:
    """Freeze what a guest has open, as a snapshot named by the run; None where nobody has."""
    guest = await guest_of(block, block.kit.database.reader, volume_id)
    if guest is None:
        return None
    driver = await driver_of(block, volume_id)
    await driver.snapshot(run.id, volume_id, guest)
    return run.id


async def is_attached(session: Session, volume_id: str) -> bool:
    return bool(await attachments.of_volume(session, volume_id))


async def note_failure(
    block: BlockStorage, tx: Tx, run: Run, *, kind: str, thing_id: str, event: str
) -> None:
    """What the user is told: the fault's own sentence."""
    now = block.kit.clock.now()
    said = run.error.public if run.error else "The work was given up."
    message = Message(
        id=block.kit.chance.uuid(),
        project_id=run.project_id or "",
        request_id=run.request_id,
        resource_type=kind,
        resource_uuid=thing_id,
        event_id=event,
        user_message=said,
        created_at=now,
        guaranteed_until=now + MESSAGE_KEPT_S,
    )
    await messages.add(tx, message)


async def rest_again(block: BlockStorage, tx: Tx, run: Run, status: str, event: str) -> None:
    """Failed work leaves the volume in `status`, says why, and wakes whoever waits for it."""
    volume_id = run.subject.partition("/")[2]
    if await volumes.find(tx, volume_id) is None:
        return
    await volumes.change(tx, volume_id, block.kit.clock.now(), status=status, previous_status=None)
    await note_failure(block, tx, run, kind="VOLUME", thing_id=volume_id, event=event)
    await settled(block, tx, volume_id, status)


async def settled(block: BlockStorage, tx: Tx, volume_id: str, status: str) -> None:
    await block.kit.events.emit(tx, SETTLED, volume_id, {"status": status})


def check_image(image: Image, size: int) -> None:
    """BadRequest where no volume of this size can be made of it."""
    if not image.has_data or image.status != "active":
        raise BadRequest(f"Image {image.id} is not active.", code="image-not-active")
    if not image.is_disk or (image.disk_format != "qcow2" and image.disk_format not in RAW_FORMATS):
        raise BadRequest(
            f"Image {image.id} is {image.disk_format} in {image.container_format}; volumes are made"
            " of raw and qcow2.",
            code="image-format-unsupported",
            remedy="Convert it (qemu-img convert -O qcow2) and upload it again.",
        )
    if size < image.min_disk or bytes_of(size) < (image.virtual_size or image.size or 0):
        raise BadRequest(
            f"Volume size {size}GB is smaller than image {image.id} needs"
            f" (minDisk {image.min_disk}GB, {image.virtual_size or image.size} bytes).",
            code="volume-smaller-than-image",
        )


def image_data(block: BlockStorage, image: Image) -> ImageData:
    kind = "qcow2" if image.disk_format == "qcow2" else "raw"
    size = image.virtual_size or image.size or 0
    return ImageData(image.id, data_path(block.images, image.id), kind, size)


def image_metadata(image: Image) -> dict[str, str]:
    """What a volume remembers of the image it was made of."""
    said: Mapping[str, object] = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk,
        "min_ram": image.min_ram,
        "size": image.size,
    }
    told = {name: str(value) for name, value in said.items() if value is not None}
    return {**image.properties, **told}
