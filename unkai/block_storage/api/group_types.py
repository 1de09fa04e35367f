"""/group_types and their specs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.block_storage.actions import group_types as actions
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import Listed, truth
from unkai.block_storage.api.shapes import Said, Text
from unkai.block_storage.model import GroupType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import groups
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

LISTED = Listed(sorts=frozenset({"id", "name", "created_at"}), fields={}, pairs={})
TypeName = Annotated[str, Meta(min_length=1, max_length=255)]


class NewType(Struct, forbid_unknown_fields=True):
    name: TypeName
    description: Text | None = None
    is_public: bool | str = True
    group_specs: Said | None = None


class CreateType(Struct, forbid_unknown_fields=True):
    group_type: NewType


class ChangedType(Struct, forbid_unknown_fields=True):
    name: TypeName | UnsetType = UNSET
    description: Text | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET


class UpdateType(Struct, forbid_unknown_fields=True):
    group_type: ChangedType


class Specs(Struct, forbid_unknown_fields=True):
    group_specs: Said


def _view(call: Call, one: GroupType) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": one.id,
        "name": one.name,
        "description": one.description,
        "is_public": one.is_public,
    }
    if call.caller.reads_all:
        shown["group_specs"] = dict(one.group_specs)
    return shown


async def _find(call: Call, session: Session) -> GroupType:
    said = call.params["group_type_id"]
    found = await groups.find_type(session, said)
    if found is None or not (found.is_public or call.caller.reads_all):
        raise NotFound(f"Group type {said} could not be found.")
    return found


async def list_types(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    said = call.request.query_params.get("is_public", "true")
    public = True if not call.caller.reads_all else None if said == "None" else truth(said)
    query = listing.asked(call, LISTED)
    found = await groups.all_types(block.kit.database.reader, public=public, sort=query.sort)
    page = found[query.offset : query.offset + query.limit]
    return {"group_types": [_view(call, one) for one in page]}


async def show_type(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    return {"group_type": _view(call, await _find(call, block.kit.database.reader))}


async def show_default(call: Call) -> dict[str, Any]:
    raise NotFound("There is no default group type.")


async def create_type(call: Call) -> dict[str, Any]:
    body: NewType = call.body.group_type
    made = await actions.create_type(
        call.service,
        name=body.name,
        description=body.description,
        is_public=truth(str(body.is_public)),
        group_specs=dict(body.group_specs or {}),
    )
    return {"group_type": _view(call, made)}


async def update_type(call: Call) -> dict[str, Any]:
    body: ChangedType = call.body.group_type
    given = {"name": body.name, "description": body.description, "is_public": body.is_public}
    values: dict[str, Any] = {k: v for k, v in given.items() if v is not UNSET}
    if not values:
        raise BadRequest("There is nothing to change in the body.", code="invalid-body")
    return {"group_type": _view(call, await actions.update_type(call.service, _id(call), **values))}


async def delete_type(call: Call) -> None:
    await actions.delete_type(call.service, _id(call))


def _id(call: Call) -> str:
    return call.params["group_type_id"]


async def list_specs(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    return {"group_specs": dict((await _find(call, block.kit.database.reader)).group_specs)}


async def add_specs(call: Call) -> dict[str, Any]:
    said: dict[str, str] = call.body.group_specs
    await _change(call, lambda before: before | said)
    return {"group_specs": said}


async def show_spec(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    specs, key = (await _find(call, block.kit.database.reader)).group_specs, call.params["key"]
    if key not in specs:
        raise _no_spec(key)
    return {key: specs[key]}


async def set_spec(call: Call) -> dict[str, Any]:
    key, said = call.params["key"], dict(call.body)
    if set(said) != {key}:
        raise BadRequest("Request body and URI mismatch.", code="invalid-body")
    await _change(call, lambda before: before | said)
    return said


async def delete_spec(call: Call) -> None:
    key = call.params["key"]

    def drop(before: dict[str, str]) -> dict[str, str]:
        if key not in before:
            raise _no_spec(key)
        return {name: value for name, value in before.items() if name != key}

    await _change(call, drop)


def _no_spec(key: str) -> NotFound:
    return NotFound(f"The group type has no spec {key}.")


async def _change(call: Call, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    await actions.change_specs(call.service, _id(call), change)


_ONE = "/group_types/{group_type_id}"
_SPECS = f"{_ONE}/group_specs"
_M, _S = "group:group_types:", "group:group_types_specs:"
ROUTES = (
    Route("GET", "/group_types", list_types, f"{_M}get", since="3.11"),
    Route(
        "POST",
        "/group_types",
        create_type,
        f"{_M}create",
        body=CreateType,
        status=202,
        since="3.11",
    ),
    Route("GET", "/group_types/default", show_default, f"{_M}get", since="3.11"),
    Route("GET", _ONE, show_type, f"{_M}get", since="3.11"),
    Route("PUT", _ONE, update_type, f"{_M}update", body=UpdateType, since="3.11"),
    Route("DELETE", _ONE, delete_type, f"{_M}delete", status=202, since="3.11"),
    Route("GET", _SPECS, list_specs, f"{_S}get_all", since="3.11"),
    Route("POST", _SPECS, add_specs, f"{_S}create", body=Specs, status=202, since="3.11"),
    Route("GET", f"{_SPECS}/{{key}}", show_spec, f"{_S}get", since="3.11"),
    Route("PUT", f"{_SPECS}/{{key}}", set_spec, f"{_S}update", body=Said, since="3.11"),
    Route("DELETE", f"{_SPECS}/{{key}}", delete_spec, f"{_S}delete", status=202, since="3.11"),
)
