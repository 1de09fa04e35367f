"""/resource_classes: the standard ones and those made by users."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from starlette.responses import Response

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.http import Call, Route
from unkai.placement import names
from unkai.placement.actions.names import (
    delete_class,
    ensure_classes,
    rename_class,
    unknown_classes,
)
from unkai.placement.api.answers import date
from unkai.placement.service import Placement
from unkai.placement.store import marks

Custom = Annotated[str, Meta(pattern=r"^CUSTOM_[A-Z0-9_]+$", max_length=255)]


class ClassBody(Struct, forbid_unknown_fields=True):
    name: Custom


def _view(call: Call, name: str) -> dict[str, Any]:
    href = f"{call.api.prefix}/resource_classes/{name}"
    return {"name": name, "links": [{"rel": "self", "href": href}]}


async def list_resource_classes(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    custom = await marks.known_classes(placement.kit.database.reader)
    date(call)
    shown = [*names.RESOURCE_CLASSES, *sorted(custom)]
    return {"resource_classes": [_view(call, name) for name in shown]}


async def show_resource_class(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    name = call.params["name"]
    if await unknown_classes(placement.kit.database.reader, {name}):
        raise NotFound(f"No such resource class {name}.")
    date(call)
    return _view(call, name)


async def _make(call: Call, name: str) -> bool:
    """Whether the class was not there yet."""
    placement: Placement = call.service

    async def write(tx: Tx) -> bool:
        new = bool(await unknown_classes(tx, {name}))
        await ensure_classes(placement, tx, {name})
        return new

    new = await placement.kit.database.transact(write)
    call.headers["Location"] = f"{call.url}/resource_classes/{name}"
    return new


async def create_resource_class(call: Call) -> None:
    body: ClassBody = call.body
    if not await _make(call, body.name):
        raise Conflict(f"Conflicting resource class already exists: {body.name}.")


async def put_resource_class(call: Call) -> Response:
    name = call.params["name"]
    if not names.is_custom(name):
        raise BadRequest(f"The resource class {name} is invalid: it must be CUSTOM_[A-Z0-9_]+.")
    return Response(status_code=201 if await _make(call, name) else 204)


async def rename_resource_class(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    body: ClassBody = call.body
    name = call.params["name"]

    await placement.kit.database.transact(lambda tx: rename_class(placement, tx, name, body.name))
    return _view(call, body.name)


async def delete_resource_class(call: Call) -> None:
    placement: Placement = call.service
    await placement.kit.database.transact(lambda tx: delete_class(tx, call.params["name"]))


_ALL = "/resource_classes"
_ONE = "/resource_classes/{name}"
_P = "placement:resource_classes"
ROUTES = (
    Route("GET", _ALL, list_resource_classes, policy=f"{_P}:list", since="1.2"),
    Route(
        "POST",
        _ALL,
        create_resource_class,
        policy=f"{_P}:create",
        body=ClassBody,
        status=201,
        since="1.2",
    ),
    Route("GET", _ONE, show_resource_class, policy=f"{_P}:show", since="1.2"),
    Route(
        "PUT",
        _ONE,
        rename_resource_class,
        policy=f"{_P}:update",
        body=ClassBody,
        since="1.2",
        until="1.6",
    ),
    Route("PUT", _ONE, put_resource_class, policy=f"{_P}:update", since="1.7"),
    Route("DELETE", _ONE, delete_resource_class, policy=f"{_P}:delete", status=204, since="1.2"),
)
