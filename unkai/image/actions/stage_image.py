"""The first half of an import: data is taken in and kept, but the image is not active yet."""

from __future__ import annotations

from unkai.image.actions.receive_data import Chunks
from unkai.image.actions.upload_image import Ending, begin_upload, columns_of, gone, take_in
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def stage_image(
    image: ImageService,
    caller: Caller,
    image_id: str,
    chunks: Chunks,
    expected_bytes: int | None = None,
) -> None:
    """Stage a queued image's data; it is "uploading" from now until it is imported."""
    upload = await begin_upload(image, caller, image_id, "stage", expected_bytes)

    async with Ending(image, upload) as ending:
        incoming = await image.store.begin(upload.id, expected_bytes)
        ending.incoming = incoming
        digests = await take_in(image, upload, incoming, chunks)
        await image.store.keep(incoming, image_id)
        ending.kept = True

        async def write(tx: Tx) -> bool:
            return await images.change(
                tx,
                image_id,
                owned_by=upload.id,
                upload_id=None,
                touched_at=None,
                updated_at=image.kit.clock.now(),
                **columns_of(digests),
            )

        if not await image.kit.database.transact(write):
            raise gone(upload)
