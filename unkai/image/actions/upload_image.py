"""An image's data: taken in, inspected, kept, and only then the image's.

While data comes in the row names the upload that owns it. Whatever goes wrong (the client leaves,
the disk is full, the data is not what was declared) gives the image back as it was, queued, with
nothing left on the disk.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Self

from unkai.image.actions.get_image import get_own_image
from unkai.image.actions.receive_data import Chunks, receive, too_large
from unkai.image.drivers.base import Incoming
from unkai.image.model import Digests, Image, Status, Verdict
from unkai.image.service import ImageService
from unkai.image.states import after
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Gone
from unkai.kit.log import log
from unkai.kit.policy import Caller

BEAT_S = 10.0
"""How often an upload shows that it lives."""
NO_DATA = {
    "size": None,
    "virtual_size": None,
    "checksum": None,
    "os_hash_value": None,
    "sha256": None,
}


@dataclass(slots=True)
class Upload:
    """One upload: whose data comes in, and how much of it is announced."""

    id: str
    image: Image
    expected_bytes: int | None
    touched_at: float


async def upload_image(
    image: ImageService,
    caller: Caller,
    image_id: str,
    chunks: Chunks,
    expected_bytes: int | None = None,
) -> Image:
    """Give a queued image its data; the image is active when this returns.

    Raises Conflict if it is not queued, BadRequest (code "image-refused") if inspection refuses
    it, TooLarge past the size limit or on a full disk, Gone if it was deleted meanwhile.
    """
    upload = await begin_upload(image, caller, image_id, "upload", expected_bytes)
    async with Ending(image, upload) as ending:
        incoming = await image.store.begin(upload.id, expected_bytes)
        ending.incoming = incoming
        digests = await take_in(image, upload, incoming, chunks)
        verdict = await inspect_data(image, upload.image, incoming.fileno(), digests.size)
        await _beat(image, upload)
        await image.store.keep(incoming, image_id)
        ending.kept = True
        await _activate(image, upload, digests, verdict)
    return await get_own_image(image, image.kit.database.reader, caller, image_id)


async def begin_upload(
    image: ImageService, caller: Caller, image_id: str, verb: str, expected_bytes: int | None
) -> Upload:
    """Make the image this upload's; `verb` is "upload" or "stage"."""
    if expected_bytes is not None and expected_bytes > limit_bytes(image):
        raise too_large(limit_bytes(image))
    upload_id = image.kit.chance.uuid()

    async def claim(tx: Tx) -> Upload:
        now = image.kit.clock.now()
        found = await get_own_image(image, tx, caller, image_id)
        status = after(found.status, verb)
        if found.disk_format is None or found.container_format is None:
            raise BadRequest(
                "Properties disk_format, container_format must be set prior to saving data.",
                code="image-format-missing",
            )
        await images.change(
            tx,
            image_id,
            status=status.value,
            upload_id=upload_id,
            touched_at=now,
            updated_at=now,
        )
        return Upload(upload_id, found, expected_bytes, now)

    image.live_uploads.add(upload_id)
    try:
        return await image.kit.database.transact(claim)
    except BaseException:
        image.live_uploads.discard(upload_id)
        raise


def limit_bytes(image: ImageService) -> int:
    return image.settings.max_image_mib << 20


async def take_in(
    image: ImageService, upload: Upload, incoming: Incoming, chunks: Chunks
) -> Digests:
    """Receive the data, showing signs of life meanwhile."""

    async def beat() -> None:
        if image.kit.clock.now() - upload.touched_at >= BEAT_S:
            await _beat(image, upload)

    return await receive(
        incoming,
        chunks,
        limit_bytes=limit_bytes(image),
        expected_bytes=upload.expected_bytes,
        beat=beat,
    )


async def inspect_data(image: ImageService, declared: Image, fd: int, size: int) -> Verdict:
    """BadRequest (code "image-refused") with the reason if the data may not be used."""
    assert declared.disk_format and declared.container_format
    verdict = await image.inspector.inspect(
        fd, declared.disk_format, declared.container_format, size
    )
    if verdict.reason is not None:
        log.info("image refused", image_id=declared.id, reason=verdict.reason)
        raise BadRequest(
            f"The data is refused as {declared.disk_format} in {declared.container_format}: "
            f"{verdict.reason}.",
            code="image-refused",
            remedy="Upload data that is in the image's disk_format and stands alone.",
        )
    return verdict


async def give_back(image: ImageService, image_id: str, upload_id: str) -> bool:
    """Make the image queued again, if the upload still owns it; whether it did."""

    async def write(tx: Tx) -> bool:
        return await images.change(
            tx,
            image_id,
            owned_by=upload_id,
            upload_id=None,
            touched_at=None,
            status=Status.QUEUED.value,
            updated_at=image.kit.clock.now(),
            **NO_DATA,
        )

    return await image.kit.database.transact(write)


def columns_of(digests: Digests) -> dict[str, object]:
    return {
        "size": digests.size,
        "checksum": digests.md5,
        "os_hash_value": digests.sha512,
        "sha256": digests.sha256,
    }


async def _activate(
    image: ImageService, upload: Upload, digests: Digests, verdict: Verdict
) -> None:
    async def write(tx: Tx) -> bool:
        return await images.change(
            tx,
            upload.image.id,
            owned_by=upload.id,
            upload_id=None,
            touched_at=None,
            status=after(Status.SAVING, "activate").value,
            virtual_size=verdict.virtual_size,
            updated_at=image.kit.clock.now(),
            **columns_of(digests),
        )

    if not await image.kit.database.transact(write):
        raise gone(upload)


async def _beat(image: ImageService, upload: Upload) -> None:
    now = image.kit.clock.now()

    async def write(tx: Tx) -> bool:
        return await images.touch(tx, upload.image.id, upload.id, now)

    if not await image.kit.database.transact(write):
        raise gone(upload)
    upload.touched_at = now


def gone(upload: Upload) -> Gone:
    return Gone(
        f"Image {upload.image.id} was deleted while its data came in; the data is dropped.",
        code="image-gone",
    )


class Ending:
    """The way back of an upload, taken on any failure, cancellation included."""

    def __init__(self, image: ImageService, upload: Upload) -> None:
        self._image = image
        self._upload = upload
        self.incoming: Incoming | None = None
        self.kept = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            self._image.live_uploads.discard(self._upload.id)
        else:
            await asyncio.shield(self._undo())

    async def _undo(self) -> None:
        try:
            if self.kept:
                await self._image.store.delete(self._upload.image.id)
            elif self.incoming is not None:
                await self.incoming.discard()
            await give_back(self._image, self._upload.image.id, self._upload.id)
        finally:
            self._image.live_uploads.discard(self._upload.id)
