"""The clock's door of the image service."""

from __future__ import annotations

from unkai.image.reconcilers.remove_orphans import RemoveOrphans
from unkai.image.reconcilers.settle_uploads import settle_uploads
from unkai.image.service import ImageService


def add_reconcilers(image: ImageService) -> None:
    """Make them known to the kit; called once, by boot."""

    async def settle() -> None:
        await settle_uploads(image)

    image.kit.reconcilers.add("settle-image-uploads", settle, every_s=60.0)
    image.kit.reconcilers.add("remove-image-orphans", RemoveOrphans(image).run, every_s=300.0)
