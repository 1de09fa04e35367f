"""A new image: its row, without data yet."""

from __future__ import annotations

from dataclasses import replace

from unkai.image.actions import rules
from unkai.image.model import Image, Status
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict
from unkai.kit.policy import Caller


async def create_image(image: ImageService, caller: Caller, draft: Image) -> Image:
    """Write the image that the draft describes; `draft.id` may be empty, then one is drawn.

    The owner is the caller's project unless the draft names one. Conflict (code "image-exists") if
    the id is taken; Forbidden, BadRequest and TooLarge as `rules.check` says.
    """
    now = image.kit.clock.now()
    created = replace(
        draft,
        id=draft.id or image.kit.chance.uuid(),
        owner=draft.owner or caller.project_id,
        status=Status.QUEUED,
        created_at=now,
        updated_at=now,
    )
    rules.check(caller, created)

    async def write(tx: Tx) -> None:
        if await images.find(tx, created.id) is not None:
            raise Conflict(f"Image ID {created.id} already exists.", code="image-exists")
        await images.add(tx, created)

    await image.kit.database.transact(write)
    return created
