"""Data that no image owns (a process died between a row and its file) is removed, seen twice."""

from __future__ import annotations

from unkai.image.actions.audit_images import orphans
from unkai.image.service import ImageService
from unkai.kit.log import log


class RemoveOrphans:
    """Remembers what the last run saw: what is still there without an owner goes."""

    def __init__(self, image: ImageService) -> None:
        self._image = image
        self._suspects: set[tuple[str, str]] = set()

    async def run(self) -> None:
        image = self._image
        found = await orphans(image)
        for kind, name in sorted(found & self._suspects):
            if kind == "data":
                await image.store.delete(name)
            else:
                await image.store.discard_incoming(name)
            log.info("orphaned image data removed", kind=kind, name=name)
        self._suspects = found - self._suspects
