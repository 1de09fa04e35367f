"""Images that are gone, and that no server's disk stands on, leave the hosts' caches.

A host is told what to drop, never what to keep: it may have cached an image since it was asked.
"""

from __future__ import annotations

from unkai.compute.service import Compute
from unkai.image.actions.get_image import get_image
from unkai.kit.errors import Fault, NotFound
from unkai.kit.log import log
from unkai.kit.policy import service_caller


async def evict_images(compute: Compute) -> None:
    for name in list(compute.agents):
        try:
            agent = compute.agent(name)
            cached = await agent.cached_images()
            lost = [image.id for image in cached if not await _exists(compute, image.id)]
            if lost:
                gone = await agent.evict_images(lost)
                log.info("images left a host's cache", host=name, images=gone)
        except Fault as fault:
            log.info("image cache not looked at", host=name, error=fault.message)


async def _exists(compute: Compute, image_id: str) -> bool:
    caller = service_caller("nova", "req-image-caches")
    try:
        await get_image(compute.images, compute.kit.database.reader, caller, image_id)
    except NotFound:
        return False
    return True
