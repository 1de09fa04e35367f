"""The second half of an import: staged data is inspected, and the image is active or queued again.

It is an operation, since the client has its answer by then. What was refused is dropped, and the
image says so in `os_glance_failed_import`, as clients expect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unkai.image.actions.get_image import get_image, get_own_image
from unkai.image.actions.upload_image import NO_DATA, inspect_data
from unkai.image.model import STORE_ID, Image, ImportTask, Status
from unkai.image.service import ImageService
from unkai.image.states import after
from unkai.image.store import images, imports
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Fault, NotFound
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import GLANCE_API

METHODS = ("glance-direct",)
FAILED_IMPORT = "os_glance_failed_import"
IMPORTING = "os_glance_importing_to_stores"


async def import_image(
    image: ImageService, caller: Caller, image_id: str, request: Mapping[str, Any]
) -> ImportTask:
    """Start the import of staged data; `request` is the API's body, kept with the task."""
    method = request.get("method", {}).get("name")
    if method not in METHODS:
        raise BadRequest(
            f"Unknown import method name '{method}'.",
            code="no-such-import-method",
            remedy=f"This cloud offers {', '.join(METHODS)}.",
        )

    async def write(tx: Tx) -> ImportTask:
        now = image.kit.clock.now()
        found = await get_own_image(image, tx, caller, image_id)
        status = after(found.status, "import")
        if found.upload_id is not None:
            raise Conflict(f"Image {image_id} is still being staged.", code="image-status")
        properties = {k: v for k, v in found.properties.items() if k != FAILED_IMPORT}
        changed = replace(
            found,
            status=status,
            updated_at=now,
            properties=properties | {FAILED_IMPORT: "", IMPORTING: STORE_ID},
        )
        await images.save(tx, changed)
        operation_id = await image.kit.operations.submit(
            tx,
            IMPORT_IMAGE,
            f"image/{image_id}",
            project_id=found.owner,
            user_id=caller.user_id,
            request_id=caller.request_id,
            input={"image_id": image_id},
        )
        task = ImportTask(
            id=operation_id,
            image_id=image_id,
            owner=found.owner,
            user_id=caller.user_id,
            request_id=caller.request_id,
            input={"image_id": image_id, "import_req": dict(request), "backend": [STORE_ID]},
            status="processing",
            created_at=now,
            updated_at=now,
        )
        await imports.add(tx, task)
        return task

    return await image.kit.database.transact(write)


async def list_imports(image: ImageService, caller: Caller, image_id: str) -> list[ImportTask]:
    session = image.kit.database.reader
    await get_image(image, session, caller, image_id)
    return await imports.list_of(session, image_id)


async def inspect_staged(image: ImageService, run: Run) -> Result:
    """Decide about the staged data; run again, it decides the same or finds it dropped."""
    found = await images.find(image.kit.database.reader, run.input["image_id"])
    if found is None:
        return Result("deleted")
    try:
        virtual_size = await _inspect(image, found)
    except (BadRequest, NotFound) as refusal:
        await image.store.delete(found.id)
        return Result("refused", _writer(image, run, refusal, None))
    return Result("imported", _writer(image, run, None, virtual_size))


async def _inspect(image: ImageService, found: Image) -> int | None:
    data = await image.store.open(found.id)
    try:
        verdict = await inspect_data(image, found, data.fileno(), data.size)
    finally:
        data.close()
    return verdict.virtual_size


def _writer(image: ImageService, run: Run, refusal: Fault | None, virtual_size: int | None) -> Any:
    async def write(tx: Tx) -> None:
        found = await images.find(tx, run.input["image_id"])
        if found is None or found.status is not Status.IMPORTING:
            return
        now = image.kit.clock.now()
        verb = "give back" if refusal else "activate"
        failed = STORE_ID if refusal else ""
        changed = replace(
            found,
            status=after(found.status, verb),
            virtual_size=virtual_size,
            updated_at=now,
            properties={**found.properties, FAILED_IMPORT: failed, IMPORTING: ""},
        )
        if refusal:
            changed = replace(changed, **NO_DATA)
        await images.save(tx, changed)
        status = "failure" if refusal else "success"
        await imports.set_status(tx, run.id, status, refusal.public if refusal else "", now)

    return write


async def _failed(image: ImageService, tx: Tx, run: Run) -> None:
    """The operation gave up; its data was not inspected, so it may not be used."""
    await _writer(image, run, run.error or Fault("The import failed."), None)(tx)


IMPORT_IMAGE = Operation(
    "import-image", Step(inspect_staged, GLANCE_API), failed=_failed, deadline_s=300.0
)
