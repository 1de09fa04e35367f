"""Taking an image out of use without deleting it, and back."""

from __future__ import annotations

from unkai.image.actions.get_image import get_own_image
from unkai.image.service import ImageService
from unkai.image.states import after
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Forbidden
from unkai.kit.policy import Caller


async def deactivate_image(image: ImageService, caller: Caller, image_id: str) -> None:
    """Only administrators read its data after this. Forbidden if it is not active."""
    await _move(image, caller, image_id, "deactivate")


async def reactivate_image(image: ImageService, caller: Caller, image_id: str) -> None:
    await _move(image, caller, image_id, "reactivate")


async def _move(image: ImageService, caller: Caller, image_id: str, verb: str) -> None:
    async def write(tx: Tx) -> None:
        found = await get_own_image(image, tx, caller, image_id)
        try:
            target = after(found.status, verb)
        except Conflict as error:
            raise Forbidden(error.message, code=error.code) from error
        if target is not found.status:
            now = image.kit.clock.now()
            await images.change(tx, image_id, status=target.value, updated_at=now)

    await image.kit.database.transact(write)
