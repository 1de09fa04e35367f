"""A page of the images a caller sees."""

from __future__ import annotations

from unkai.image.actions.get_image import get_image
from unkai.image.model import Image, ImageQuery
from unkai.image.service import ImageService
from unkai.image.store import listing
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller


async def list_images(image: ImageService, caller: Caller, query: ImageQuery) -> list[Image]:
    """BadRequest (code "no-such-marker") if the marker is no image the caller sees."""
    session = image.kit.database.reader
    if query.marker is not None:
        try:
            await get_image(image, session, caller, query.marker)
        except NotFound as error:
            raise BadRequest(
                f"The marker {query.marker} is not an image.", code="no-such-marker"
            ) from error
    return await listing.list_images(session, query, caller.project_id, sees_all=caller.reads_all)
