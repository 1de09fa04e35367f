"""/v2/images/{id}/import and /tasks."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, to_builtins

from unkai.image.actions.import_image import import_image, list_imports
from unkai.image.api.views import task_view
from unkai.image.model import STORE_ID
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.http import Call, Route


class Method(Struct):
    name: str


class Import(Struct):
    method: Method
    stores: list[str] | UnsetType = UNSET
    all_stores: bool | UnsetType = UNSET
    all_stores_must_succeed: bool | UnsetType = UNSET


async def start(call: Call) -> None:
    body: Import = call.body
    if body.stores is not UNSET:
        if body.all_stores is True:
            raise BadRequest("Give either stores or all_stores, not both.")
        if unknown := set(body.stores) - {STORE_ID}:
            raise Conflict(f"There is no store {min(unknown)!r}; this cloud has {STORE_ID}.")
    await import_image(call.service, call.caller, call.params["image_id"], to_builtins(body))


async def index_tasks(call: Call) -> dict[str, Any]:
    found = await list_imports(call.service, call.caller, call.params["image_id"])
    return {"tasks": [task_view(task) for task in found]}


ROUTES = (
    Route("POST", "/v2/images/{image_id}/import", start, "import_image", body=Import, status=202),
    Route("GET", "/v2/images/{image_id}/tasks", index_tasks, "get_task"),
)
