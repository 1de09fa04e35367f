"""Images that a cloud starts with."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from unkai.image.actions.create_image import create_image
from unkai.image.actions.upload_image import upload_image
from unkai.image.drivers.base import BLOCK_BYTES
from unkai.image.model import Image, Visibility
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.policy import service_caller


async def seed_image(  # noqa: PLR0917 -- an image is described by so many words
    image: ImageService,
    name: str,
    path: Path,
    disk_format: str,
    properties: Mapping[str, str],
    owner: str | None,
) -> Image:
    """A public image with this name, owner and data, made if there is none.

    One that an earlier start left without data is filled instead of making another.
    """
    sha256 = await asyncio.to_thread(_sha256, path)
    found = await images.find_by_content(image.kit.database.reader, name, owner, sha256)
    if found is not None and found.has_data:
        return found
    caller = service_caller("image", "req-seed")
    if found is None:
        draft = Image(
            id="",
            owner=owner,
            name=name,
            visibility=Visibility.PUBLIC,
            disk_format=disk_format,
            container_format="bare",
            properties=dict(properties),
        )
        found = await create_image(image, caller, draft)
    return await upload_image(image, caller, found.id, chunks_of(path), path.stat().st_size)


async def chunks_of(path: Path) -> AsyncIterator[bytes]:
    """A file's content, read in threads."""
    with path.open("rb") as file:
        while chunk := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield chunk


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
