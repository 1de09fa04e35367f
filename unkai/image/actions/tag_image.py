"""Single tags."""

from __future__ import annotations

from unkai.image.actions import rules
from unkai.image.actions.get_image import get_own_image
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import NotFound
from unkai.kit.policy import Caller


async def add_tag(image: ImageService, caller: Caller, image_id: str, tag: str) -> None:
    """Nothing happens if the image has the tag."""

    async def write(tx: Tx) -> None:
        found = await get_own_image(image, tx, caller, image_id)
        if tag not in found.tags:
            rules.check_tags((*found.tags, tag))
            await images.add_tags(tx, image_id, (tag,))
            await images.change(tx, image_id, updated_at=image.kit.clock.now())

    await image.kit.database.transact(write)


async def remove_tag(image: ImageService, caller: Caller, image_id: str, tag: str) -> None:
    """NotFound if the image does not have the tag."""

    async def write(tx: Tx) -> None:
        await get_own_image(image, tx, caller, image_id)
        if not await images.remove_tag(tx, image_id, tag):
            raise NotFound(f"Image {image_id} has no tag {tag}.", code="no-such-tag")
        await images.change(tx, image_id, updated_at=image.kit.clock.now())

    await image.kit.database.transact(write)
