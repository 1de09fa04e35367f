"""The end of an image: its row and the news of it in one transaction, then its data."""

from __future__ import annotations

from unkai.image.actions.get_image import get_own_image
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import Forbidden
from unkai.kit.policy import Caller


async def delete_image(image: ImageService, caller: Caller, image_id: str) -> None:
    """Forbidden (code "image-protected") for a protected one.

    An upload under way finds no row in the end and leaves nothing. Should the process die before
    the data is gone, `remove_orphans` does it.
    """

    async def write(tx: Tx) -> None:
        found = await get_own_image(image, tx, caller, image_id)
        if found.protected:
            raise Forbidden(
                f"Image {image_id} is protected and cannot be deleted.",
                code="image-protected",
                remedy="Set its attribute protected to false first.",
            )
        await images.remove(tx, image_id)
        await image.kit.events.emit(
            tx, "image.deleted", image_id, {"owner": found.owner, "sha256": found.sha256}
        )

    await image.kit.database.transact(write)
    await image.store.delete(image_id)
