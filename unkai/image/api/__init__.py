"""The Image API v2 under /image."""

from __future__ import annotations

from unkai.image.api import (
    discovery,
    image_data,
    image_tags,
    images,
    imports,
    members,
    schemas,
    versions,
)
from unkai.image.api.policies import RULES
from unkai.image.service import ImageService
from unkai.kit.http import Api, dialects

MAX_BODY_BYTES = 4 << 20
"""Of JSON bodies; image data has its own limit."""

ROUTES = (
    *versions.ROUTES,
    *images.ROUTES,
    *image_data.ROUTES,
    *image_tags.ROUTES,
    *members.ROUTES,
    *imports.ROUTES,
    *discovery.ROUTES,
    *schemas.ROUTES,
)


def image_api(image: ImageService) -> Api:
    return Api(
        name="image",
        prefix="/image",
        routes=ROUTES,
        service=image,
        policy=RULES,
        dialect=dialects.glance,
        max_body_bytes=MAX_BODY_BYTES,
    )
