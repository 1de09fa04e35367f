"""/v2/images/{id}/import and /tasks, and /v2/tasks: every import there was, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, to_builtins

from unkai.image.actions.import_image import import_image, list_imports
from unkai.image.api.views import task_view
from unkai.image.model import STORE_ID
from unkai.image.service import ImageService
from unkai.image.store import imports
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.http import Call, Route


class Method(Struct):
    name: str


class Import(Struct):
    method: Method
    stores: list[str] | UnsetType = UNSET
    all_stores: bool | UnsetType = UNSET
    all_stores_must_succeed: bool | UnsetType = UNSET


class TaskQuery(Struct):
    limit: Annotated[int, Meta(ge=1, le=1000)] = 25
    marker: str | None = None


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


async def index_all(call: Call) -> dict[str, Any]:
    service: ImageService = call.service
    query = call.query(TaskQuery)
    found = await imports.list_all(service.kit.database.reader, query.limit, query.marker)
    view: dict[str, Any] = {
        "tasks": [task_view(task) for task in found],
        "schema": "/v2/schemas/tasks",
        "first": "/v2/tasks",
    }
    if len(found) == query.limit:
        view["next"] = f"/v2/tasks?limit={query.limit}&marker={found[-1].id}"
    return view


async def show_task(call: Call) -> dict[str, Any]:
    service: ImageService = call.service
    task = await imports.find(service.kit.database.reader, call.params["task_id"])
    if task is None:
        raise NotFound(f"There is no task {call.params['task_id']}.", code="no-such-task")
    return task_view(task)


async def refuse_task(call: Call) -> None:
    raise BadRequest(
        "This cloud fetches no images from other places.",
        code="no-such-import-method",
        remedy="Upload the data, or stage and import it by glance-direct.",
    )


ROUTES = (
    Route("POST", "/v2/tasks", refuse_task, "tasks_api_access", body=dict[str, Any], status=201),
    Route("GET", "/v2/tasks", index_all, "tasks_api_access", query=TaskQuery),
    Route("GET", "/v2/tasks/{task_id}", show_task, "tasks_api_access"),
    Route("POST", "/v2/images/{image_id}/import", start, "import_image", body=Import, status=202),
    Route("GET", "/v2/images/{image_id}/tasks", index_tasks, "get_task"),
)
