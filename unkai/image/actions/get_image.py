"""Who sees an image, and who may change it."""

from __future__ import annotations

from unkai.image.model import Image, Visibility
from unkai.image.service import ImageService
from unkai.image.store import images, members
from unkai.kit.db import Session
from unkai.kit.errors import Forbidden, NotFound
from unkai.kit.policy import Caller


async def get_image(image: ImageService, session: Session, caller: Caller, image_id: str) -> Image:
    """The image, if the caller may see it; NotFound (code "image-not-found") if not."""
    found = await images.find(session, image_id)
    if found is None or not await _sees(session, caller, found):
        raise not_found(image_id)
    return found


async def get_own_image(
    image: ImageService, session: Session, caller: Caller, image_id: str
) -> Image:
    """The image, if the caller may change it; Forbidden if it may only see it."""
    found = await get_image(image, session, caller, image_id)
    if not caller.may_touch(found.owner):
        raise Forbidden(
            f"Image {image_id} belongs to another project; only that may change it.",
            code="image-not-owned",
        )
    return found


def not_found(image_id: str) -> NotFound:
    return NotFound(f"No image found with ID {image_id}.", code="image-not-found")


async def _sees(session: Session, caller: Caller, found: Image) -> bool:
    if caller.may_see(found.owner):
        return True
    if found.visibility in (Visibility.PUBLIC, Visibility.COMMUNITY):
        return True
    if found.visibility is not Visibility.SHARED or caller.project_id is None:
        return False
    return await members.find(session, found.id, caller.project_id) is not None
