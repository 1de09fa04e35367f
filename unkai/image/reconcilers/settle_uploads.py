"""Uploads whose process died: their images are queued again, with nothing left of the data."""

from __future__ import annotations

from unkai.image.actions.upload_image import give_back
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.log import log

STALLED_S = 600.0


async def settle_uploads(image: ImageService, stalled_s: float = STALLED_S) -> None:
    """Settle those that gave no sign of life for `stalled_s`.

    0 if this process is the only one on the database: what it does not know is dead then.
    """
    before = image.kit.clock.now() - stalled_s
    for image_id, upload_id in await images.stalled(image.kit.database.reader, before):
        if upload_id in image.live_uploads:
            continue
        await image.store.discard_incoming(upload_id)
        await image.store.delete(image_id)
        if await give_back(image, image_id, upload_id):
            log.info("abandoned upload settled", image_id=image_id, upload_id=upload_id)
