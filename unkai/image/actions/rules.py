"""What must hold for every image, whatever verb changes it."""

from __future__ import annotations

from typing import Final

from unkai.image.model import AMAZON_FORMATS, Image, Visibility
from unkai.kit.errors import BadRequest, Forbidden, TooLarge
from unkai.kit.policy import Caller

PROPERTIES_MAX: Final = 128
TAGS_MAX: Final = 128
MEMBERS_MAX: Final = 128


def check(caller: Caller, image: Image, before: Image | None = None) -> None:
    """Raises Forbidden, BadRequest or TooLarge if the image may not become this."""
    _check_formats(image)
    was_public = before is not None and before.visibility is Visibility.PUBLIC
    if image.visibility is Visibility.PUBLIC and not was_public and not caller.is_admin:
        raise Forbidden("Only an administrator may make an image public.", code="policy")
    owner_before = before.owner if before else caller.project_id
    if image.owner != owner_before and not caller.is_admin:
        raise Forbidden(
            "Only an administrator may give an image to another project.", code="policy"
        )
    if len(image.properties) > PROPERTIES_MAX:
        raise TooLarge(
            f"The limit of {PROPERTIES_MAX} additional properties of an image is exceeded: "
            f"there would be {len(image.properties)}.",
            code="too-many-properties",
        )
    check_tags(image.tags)


def check_tags(tags: tuple[str, ...]) -> None:
    if len(tags) > TAGS_MAX:
        raise TooLarge(
            f"The limit of {TAGS_MAX} tags of an image is exceeded: there would be {len(tags)}.",
            code="too-many-tags",
        )


def _check_formats(image: Image) -> None:
    formats = {image.disk_format, image.container_format} - {None}
    if len(formats) > 1 and formats & AMAZON_FORMATS:
        raise BadRequest(
            "Invalid mix of disk and container formats: when one is aki, ari or ami, both must be "
            "the same.",
            code="image-format-mix",
        )
