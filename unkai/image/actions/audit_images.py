"""Image data without an image, for the operator's audit."""

from __future__ import annotations

from unkai.image.reconcilers.remove_orphans import orphans
from unkai.image.service import ImageService
from unkai.kit.leftovers import Leftover


async def audit_images(image: ImageService) -> list[Leftover]:
    return [
        Leftover("image", kind, name, "This data belongs to no image.")
        for kind, name in sorted(await orphans(image))
    ]
