"""/v2/images/{id}/tags."""

from __future__ import annotations

from unkai.image.actions.tag_image import add_tag, remove_tag
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route


async def add(call: Call) -> None:
    tag = call.params["tag"]
    if len(tag) > 255:
        raise BadRequest("A tag has at most 255 characters.")
    await add_tag(call.service, call.caller, call.params["image_id"], tag)


async def remove(call: Call) -> None:
    await remove_tag(call.service, call.caller, call.params["image_id"], call.params["tag"])


ROUTES = (
    Route("PUT", "/v2/images/{image_id}/tags/{tag}", add, "modify_image", status=204),
    Route("DELETE", "/v2/images/{image_id}/tags/{tag}", remove, "modify_image", status=204),
)
