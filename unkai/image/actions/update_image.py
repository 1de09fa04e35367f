"""Changes to an image's attributes and properties, all of a patch or none of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from unkai.image.actions import rules
from unkai.image.actions.get_image import get_own_image
from unkai.image.model import Image, Status, Visibility
from unkai.image.service import ImageService
from unkai.image.store import images
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, Forbidden
from unkai.kit.policy import Caller

ATTRIBUTES = frozenset(
    {
        "name",
        "owner",
        "visibility",
        "disk_format",
        "container_format",
        "min_disk",
        "min_ram",
        "protected",
        "os_hidden",
        "tags",
    }
)
FIXED_BY_DATA = frozenset({"disk_format", "container_format"})


@dataclass(frozen=True, slots=True)
class Change:
    """op: add, replace or remove; name: of an attribute or of an additional property."""

    op: str
    name: str
    value: Any = None


async def update_image(
    image: ImageService, caller: Caller, image_id: str, changes: Sequence[Change]
) -> Image:
    """The image after every change, in their order.

    Conflict if a property to replace or remove is not there, Forbidden for what may not change.
    """

    async def write(tx: Tx) -> Image:
        before = await get_own_image(image, tx, caller, image_id)
        after = before
        for change in changes:
            after = _apply(after, change)
        if not changes:
            return before
        rules.check(caller, after, before)
        return await images.save(tx, replace(after, updated_at=image.kit.clock.now()))

    return await image.kit.database.transact(write)


def _apply(image: Image, change: Change) -> Image:
    if change.name in ATTRIBUTES:
        return _set_attribute(image, change)
    properties = dict(image.properties)
    if change.op != "add" and change.name not in properties:
        raise Conflict(f"Property {change.name} does not exist.", code="no-such-property")
    if change.op == "remove":
        del properties[change.name]
    else:
        properties[change.name] = change.value
    return replace(image, properties=properties)


def _set_attribute(image: Image, change: Change) -> Image:
    if change.op == "remove":
        raise Forbidden(
            f"Property {change.name} may not be removed.", code="attribute-not-removable"
        )
    if change.name in FIXED_BY_DATA and image.status is not Status.QUEUED:
        raise Forbidden(
            f"Attribute {change.name} can be only replaced for a queued image.",
            code="image-status",
        )
    value = change.value
    if change.name == "visibility":
        value = Visibility(value)
    if change.name == "tags":
        value = tuple(dict.fromkeys(value))
    return replace(image, **{change.name: value})
