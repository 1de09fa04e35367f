"""An image's data, for reading."""

from __future__ import annotations

from pathlib import Path

from unkai.image.actions.get_image import get_image
from unkai.image.drivers.base import Reader
from unkai.image.model import Image, Status
from unkai.image.service import ImageService
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller


def data_path(image: ImageService, image_id: str) -> Path:
    """Where an active image's data lies; it never changes, and is there as long as the image."""
    return image.store.path(image_id)


async def open_data(
    image: ImageService, caller: Caller, image_id: str
) -> tuple[Image, Reader | None]:
    """The image with its data open (close it), or None if it has none yet.

    Forbidden if it is deactivated and the caller is no administrator.
    """
    found = await get_image(image, image.kit.database.reader, caller, image_id)
    if found.status is Status.DEACTIVATED and not caller.is_admin:
        raise Forbidden(
            f"The requested image {image_id} has been deactivated. Image data download is "
            "forbidden.",
            code="image-deactivated",
        )
    if not found.has_data:
        return found, None
    return found, await image.store.open(image_id)
