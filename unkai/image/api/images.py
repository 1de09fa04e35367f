"""/v2/images: create, list, show, update, delete, deactivate, reactivate."""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.image.actions.create_image import create_image
from unkai.image.actions.deactivate_image import deactivate_image, reactivate_image
from unkai.image.actions.delete_image import delete_image
from unkai.image.actions.get_image import get_image
from unkai.image.actions.list_images import list_images
from unkai.image.actions.update_image import update_image
from unkai.image.api.attributes import SETTABLE, additional, attributes
from unkai.image.api.discovery import IMPORT_METHODS
from unkai.image.api.patch import changes, shape_of
from unkai.image.api.query import image_query, links
from unkai.image.api.views import image_view
from unkai.image.model import STORE_ID, Image
from unkai.image.service import ImageService
from unkai.kit.errors import BadRequest, MethodNotAllowed, NotFound
from unkai.kit.http import Call, Route
from unkai.kit.http.app import read_body, refuse_unstorable


async def create(call: Call) -> dict[str, Any]:
    service: ImageService = call.service
    body: dict[str, Any] = call.body
    given = attributes({name: body[name] for name in body if name in SETTABLE})
    properties = additional({name: body[name] for name in body if name not in SETTABLE})
    given.setdefault("owner", None)
    given["tags"] = tuple(dict.fromkeys(given.get("tags", ())))
    given["id"] = given.get("id", "").lower()
    draft = Image(**given, properties=properties)
    created = await create_image(service, call.caller, draft)
    call.headers["Location"] = f"{call.url}/v2/images/{created.id}"
    call.headers["OpenStack-image-import-methods"] = IMPORT_METHODS
    call.headers["OpenStack-image-store-ids"] = STORE_ID
    return image_view(created)


def refuse_empty_id(call: Call) -> None:
    """`/v2/images/` is an image without an id, not the list."""
    if call.request.url.path.endswith("/"):
        raise NotFound("No image has an empty ID.", code="image-not-found")


async def index(call: Call) -> dict[str, Any]:
    refuse_empty_id(call)
    service: ImageService = call.service
    items = call.request.query_params.multi_items()
    query = image_query(items)
    found = await list_images(service, call.caller, query) if query.limit else []
    last_id = found[-1].id if found and len(found) == query.limit else None
    return {
        "images": [image_view(image) for image in found],
        "schema": "/v2/schemas/images",
        **links(items, last_id),
    }


async def show(call: Call) -> dict[str, Any]:
    service: ImageService = call.service
    reader = service.kit.database.reader
    return image_view(await get_image(service, reader, call.caller, call.params["image_id"]))


async def update(call: Call) -> dict[str, Any]:
    service: ImageService = call.service
    shape = shape_of(call.request.headers.get("content-type", ""))
    body = await read_body(call.request, call.api.max_body_bytes)
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}.", code="invalid-json") from error
    refuse_unstorable(data)
    updated = await update_image(
        service, call.caller, call.params["image_id"], changes(data, shape)
    )
    return image_view(updated)


async def delete_all(call: Call) -> None:
    refuse_empty_id(call)
    raise MethodNotAllowed("Images are deleted one by one, each by its ID.")


async def delete(call: Call) -> None:
    await delete_image(call.service, call.caller, call.params["image_id"])


async def deactivate(call: Call) -> None:
    await deactivate_image(call.service, call.caller, call.params["image_id"])


async def reactivate(call: Call) -> None:
    await reactivate_image(call.service, call.caller, call.params["image_id"])


ROUTES = (
    Route("POST", "/v2/images", create, "add_image", body=dict[str, Any], status=201),
    Route("GET", "/v2/images", index, "get_images"),
    Route("DELETE", "/v2/images", delete_all, "delete_image", status=204),
    Route("GET", "/v2/images/{image_id}", show, "get_image"),
    Route("PATCH", "/v2/images/{image_id}", update, "modify_image", raw=True),
    Route("DELETE", "/v2/images/{image_id}", delete, "delete_image", status=204),
    Route("POST", "/v2/images/{image_id}/actions/deactivate", deactivate, "deactivate", status=204),
    Route("POST", "/v2/images/{image_id}/actions/reactivate", reactivate, "reactivate", status=204),
)
