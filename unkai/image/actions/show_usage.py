"""What a project's images take."""

from __future__ import annotations

from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.policy import Caller


async def show_usage(image: ImageService, caller: Caller) -> dict[str, int]:
    """Bytes of active and of staged data, number of images, number of them coming in."""
    return await images.usage(image.kit.database.reader, caller.project_id)
