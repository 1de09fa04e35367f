"""What the image service does by itself: the clock's door, and news from below."""

from __future__ import annotations

from unkai.image.actions.import_image import IMPORT_IMAGE
from unkai.image.actions.share_image import forget_project
from unkai.image.reconcilers.remove_orphans import RemoveOrphans
from unkai.image.reconcilers.settle_uploads import STALLED_S, settle_uploads
from unkai.image.service import ImageService
from unkai.kit.events import Event


def add_reconcilers(image: ImageService) -> None:
    """Make reconcilers, operations and subscriptions known to the kit; called once, by boot."""
    kit = image.kit
    stalled_s = 0.0 if kit.operations.sole else STALLED_S

    async def settle() -> None:
        await settle_uploads(image, stalled_s)

    async def forget(event: Event) -> None:
        await forget_project(image, event.key)

    kit.operations.register(IMPORT_IMAGE, image)
    kit.events.subscribe("project.deleted", forget)
    kit.reconcilers.add("settle-image-uploads", settle, every_s=60.0)
    kit.reconcilers.add("remove-image-orphans", RemoveOrphans(image).run, every_s=300.0)
