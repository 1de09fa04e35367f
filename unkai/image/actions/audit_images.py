"""Image data without an image, and images without their data, for the operator's audit."""

from __future__ import annotations

from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.leftovers import Leftover


async def audit_images(image: ImageService) -> list[Leftover]:
    return [
        *(
            Leftover("image", kind, name, "This data belongs to no image.")
            for kind, name in sorted(await orphans(image))
        ),
        *(
            Leftover("image", "image-without-data", image_id, "Its data is not in the store.")
            for image_id in sorted(await hollow(image))
        ),
    ]


async def hollow(image: ImageService) -> set[str]:
    """Images that can be booted from by their status, but whose data is gone."""
    owned = await images.whole(image.kit.database.reader)
    return owned - await image.store.kept()


async def orphans(image: ImageService) -> set[tuple[str, str]]:
    """("data", image id) and ("incoming", upload id) of files that no row accounts for."""
    kept, incoming = await image.store.kept(), await image.store.incoming()
    session = image.kit.database.reader
    owned = await images.with_data(session)
    owners = {upload_id for _, upload_id in await images.stalled(session, float("inf"))}
    lost = {("data", name) for name in kept - owned}
    return lost | {("incoming", name) for name in incoming - owners - image.live_uploads}
