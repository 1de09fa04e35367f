"""/types, their extra specs, access, encryption, and /default-types."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import asdict

from unkai.block_storage.actions import volume_types as actions
from unkai.block_storage.actions.check_quota import check_project
from unkai.block_storage.actions.find import get_type
from unkai.block_storage.actions.find_default_type import default_type
from unkai.block_storage.api import listing
from unkai.block_storage.api.listing import truth
from unkai.block_storage.api.shapes import Id, Key, Text, refuse_unknown
from unkai.block_storage.api.views import type_view
from unkai.block_storage.model import VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import types
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

TypeName = Annotated[str, Meta(min_length=1, max_length=255)]
Specs = dict[Key, Text]


class CreateType(Struct, forbid_unknown_fields=True):
    volume_type: dict[str, Any]


class ChangedType(Struct, forbid_unknown_fields=True):
    name: TypeName | UnsetType | None = UNSET
    description: Text | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET


class UpdateType(Struct, forbid_unknown_fields=True):
    volume_type: ChangedType


class ExtraSpecs(Struct, forbid_unknown_fields=True):
    extra_specs: Specs


class Access(Struct, forbid_unknown_fields=True):
    project: Id


class NewEncryption(Struct, forbid_unknown_fields=True):
    provider: TypeName
    control_location: Literal["front-end", "back-end"] = "front-end"
    cipher: Text | None = None
    key_size: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class CreateEncryption(Struct, forbid_unknown_fields=True):
    encryption: NewEncryption


class ChangedEncryption(Struct, forbid_unknown_fields=True):
    provider: TypeName | UnsetType = UNSET
    control_location: Literal["front-end", "back-end"] | UnsetType = UNSET
    cipher: Text | UnsetType | None = UNSET
    key_size: Annotated[int, Meta(ge=0, le=2**31 - 1)] | UnsetType | None = UNSET


class UpdateEncryption(Struct, forbid_unknown_fields=True):
    encryption: ChangedEncryption


class NewDefault(Struct, forbid_unknown_fields=True):
    volume_type: Id


class SetDefault(Struct):
    default_type: NewDefault


async def _type(call: Call) -> VolumeType:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    return await get_type(session, call.caller, call.params["volume_type_id"])


async def list_types(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    params, caller = call.request.query_params, call.caller
    public: bool | None = True
    if caller.reads_all:
        said = params.get("is_public", "true")
        public = None if said.lower() == "none" else truth(said)
    found = await types.all_types(
        block.kit.database.reader, public=public, open_to=caller.project_id
    )
    if call.at_least("3.52") and "extra_specs" in params:
        wanted = listing.pairs(params["extra_specs"]).items()
        found = [one for one in found if wanted <= one.extra_specs.items()]
    query = listing.asked(call, SORTED)
    found = _after(found, query.marker)[query.offset : query.offset + query.limit]
    shown = [type_view(call, one) for one in found]
    last = found[-1].id if found else ""
    return listing.page(call, "volume_types", "/types", shown, last=last, query=query)


SORTED = listing.Listed(
    sorts=frozenset({"id", "name", "created_at", "updated_at"}), fields={}, pairs={}
)


def _after(found: list[VolumeType], marker: str | None) -> list[VolumeType]:
    if marker is None:
        return found
    places = [at for at, one in enumerate(found) if one.id == marker]
    if not places:
        raise NotFound(f"The marker {marker} was not found.", code="no-such-marker")
    return found[places[0] + 1 :]


async def show_type(call: Call) -> dict[str, Any]:
    return {"volume_type": type_view(call, await _type(call))}


async def show_default(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await default_type(block.kit.database.reader, call.caller.project_id)
    return {"volume_type": type_view(call, found)}


KNOWN = frozenset({"name", "description", "extra_specs", "os-volume-type-access:is_public"})


async def create_type(call: Call) -> dict[str, Any]:
    body: dict[str, Any] = call.body.volume_type
    refuse_unknown(body, KNOWN)
    public = body.get("os-volume-type-access:is_public", True)
    name, description = body.get("name"), body.get("description")
    specs: Any = body.get("extra_specs") or {}
    if not isinstance(name, str) or not 0 < len(name.strip()) <= 255:
        raise BadRequest("A volume type needs a name of 1 to 255 characters.")
    if not (description is None or (isinstance(description, str) and len(description) <= 255)):
        raise BadRequest("The description must be text of at most 255 characters.")
    made = await actions.create_type(
        call.service,
        name=name.strip(),
        description=description,
        extra_specs=_specs(specs),
        is_public=truth(str(public)),
    )
    shown = type_view(call, made)
    shown.pop("qos_specs_id", None)
    return {"volume_type": shown}


def _specs(said: Any) -> dict[str, str]:
    if not isinstance(said, dict):
        raise BadRequest("extra_specs must be an object of names and values.", code="invalid-body")
    found: dict[str, str] = {}
    for key, value in cast("dict[str, Any]", said).items():
        if not 0 < len(key) <= 255 or not _plain(key):
            raise BadRequest(f"{key!r} cannot be the name of an extra spec.")
        if not isinstance(value, str) or len(value) > 255:
            raise BadRequest(f"The extra spec {key} must be text of at most 255 characters.")
        found[key] = value
    return found


def _plain(key: str) -> bool:
    return all(letter.isalnum() or letter in " .-_:" for letter in key)


async def update_type(call: Call) -> dict[str, Any]:
    body: ChangedType = call.body.volume_type
    values = {name: value for name, value in asdict(body).items() if value is not UNSET}
    if not values or values.get("name", "x") is None:
        raise BadRequest("Specify volume type name, description, is_public or a combination.")
    if "name" in values and not values["name"].strip():
        raise BadRequest("Volume type name can not be empty.")
    changed = await actions.update_type(call.service, call.params["volume_type_id"], **values)
    shown = type_view(call, changed)
    for name in ("os-volume-type-access:is_public", "qos_specs_id"):
        shown.pop(name, None)
    return {"volume_type": shown}


async def delete_type(call: Call) -> None:
    await actions.delete_type(call.service, call.params["volume_type_id"])


# --- extra specs


async def list_specs(call: Call) -> dict[str, Any]:
    return {"extra_specs": type_view(call, await _type(call))["extra_specs"]}


async def add_specs(call: Call) -> dict[str, Any]:
    said = _specs(call.body.extra_specs)
    if not said:
        raise BadRequest("There are no extra specs in the body.", code="invalid-body")
    type_id = call.params["volume_type_id"]
    await actions.change_extra_specs(call.service, type_id, lambda before: {**before, **said})
    return {"extra_specs": said}


async def show_spec(call: Call) -> dict[str, Any]:
    key = call.params["key"]
    specs: dict[str, str] = type_view(call, await _type(call))["extra_specs"]
    if key not in specs:
        raise _no_spec(call.params["volume_type_id"], key)
    return {key: specs[key]}


async def set_spec(call: Call) -> dict[str, Any]:
    key, said = call.params["key"], _specs(call.body)
    if key not in said:
        raise BadRequest("Request body and URI mismatch.", code="invalid-body")
    if len(said) > 1:
        raise BadRequest("Request body contains too many items.", code="invalid-body")
    type_id = call.params["volume_type_id"]

    await actions.change_extra_specs(call.service, type_id, lambda before: {**before, **said})
    return said


async def delete_spec(call: Call) -> None:
    key, type_id = call.params["key"], call.params["volume_type_id"]

    def drop(before: dict[str, str]) -> dict[str, str]:
        if key not in before:
            raise _no_spec(type_id, key)
        return {name: value for name, value in before.items() if name != key}

    await actions.change_extra_specs(call.service, type_id, drop)


def _no_spec(type_id: str, key: str) -> NotFound:
    return NotFound(f"Volume Type {type_id} has no extra specs with key {key}.")


# --- access


async def list_access(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await _type(call)
    if found.is_public:
        raise NotFound("Access list not available for public volume types.")
    projects = await types.projects_of(block.kit.database.reader, found.id)
    shown = [{"volume_type_id": found.id, "project_id": one} for one in projects]
    return {"volume_type_access": shown}


async def add_access(call: Call) -> None:
    await actions.open_type(call.service, call.params["volume_type_id"], call.body.project)


async def remove_access(call: Call) -> None:
    await actions.close_type(call.service, call.params["volume_type_id"], call.body.project)


# --- encryption


async def show_encryption(call: Call) -> dict[str, Any]:
    return dict((await _type(call)).encryption or {})


async def show_encryption_item(call: Call) -> dict[str, Any]:
    said, key = dict((await _type(call)).encryption or {}), call.params["key"]
    if key not in said:
        raise NotFound(f"The encryption of the type does not say {key}.")
    return {key: said[key]}


async def create_encryption(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await actions.find_type(block.kit.database.reader, call.params["volume_type_id"])
    if found.encryption is not None:
        raise BadRequest(f"Volume type {found.id} is encrypted already.")
    said = asdict(call.body.encryption) | {
        "volume_type_id": found.id,
        "encryption_id": block.kit.chance.uuid(),
    }
    await actions.set_encryption(block, found.id, said)
    return {"encryption": said}


async def update_encryption(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await actions.find_type(block.kit.database.reader, call.params["volume_type_id"])
    said = _encryption(call, found)
    given = {k: v for k, v in asdict(call.body.encryption).items() if v is not UNSET}
    await actions.set_encryption(block, found.id, {**said, **given})
    return {"encryption": given}


async def delete_encryption(call: Call) -> None:
    block: BlockStorage = call.service
    found = await actions.find_type(block.kit.database.reader, call.params["volume_type_id"])
    _encryption(call, found)
    await actions.set_encryption(block, found.id, None)


def _encryption(call: Call, found: VolumeType) -> dict[str, object]:
    said = found.encryption
    if said is None or said["encryption_id"] != call.params["encryption_id"]:
        raise NotFound(f"Volume type {found.id} has no such encryption.")
    return dict(said)


# --- defaults of projects


async def list_defaults(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    found = await types.defaults(block.kit.database.reader)
    shown = [{"project_id": project, "volume_type_id": kind} for project, kind in found]
    return {"default_types": shown}


async def show_project_default(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    project_id = call.params["target_project_id"]
    found = await types.default_of(block.kit.database.reader, project_id)
    if found is None:
        raise NotFound(f"Default volume type for project {project_id} not found.")
    return {"default_type": {"project_id": project_id, "volume_type_id": found}}


async def set_project_default(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    project_id = call.params["target_project_id"]
    await check_project(block, session, project_id)
    said = call.body.default_type.volume_type
    found = await get_type(session, call.caller, said, named=True)
    await actions.set_default(block, project_id, found.id)
    return {"default_type": {"project_id": project_id, "volume_type_id": found.id}}


async def unset_project_default(call: Call) -> None:
    await actions.set_default(call.service, call.params["target_project_id"], None)


_ONE = "/types/{volume_type_id}"
_SPECS = f"{_ONE}/extra_specs"
_CRYPT = f"{_ONE}/encryption"
_P, _S = "volume_extension:type", "volume_extension:types_extra_specs"
_A, _C = "volume_extension:volume_type_access", "volume_extension:volume_type_encryption"
_D = "volume_extension:default"
ROUTES = (
    Route("GET", "/types", list_types, f"{_P}_get_all"),
    Route("POST", "/types", create_type, f"{_P}_create", body=CreateType),
    Route("GET", "/types/default", show_default, f"{_P}_get"),
    Route("GET", _ONE, show_type, f"{_P}_get"),
    Route("PUT", _ONE, update_type, f"{_P}_update", body=UpdateType),
    Route("DELETE", _ONE, delete_type, f"{_P}_delete", status=202),
    Route("GET", _SPECS, list_specs, f"{_S}:index"),
    Route("POST", _SPECS, add_specs, f"{_S}:create", body=ExtraSpecs),
    Route("GET", f"{_SPECS}/{{key}}", show_spec, f"{_S}:show"),
    Route("PUT", f"{_SPECS}/{{key}}", set_spec, f"{_S}:update", body=dict[str, Any]),
    Route("DELETE", f"{_SPECS}/{{key}}", delete_spec, f"{_S}:delete", status=202),
    Route("GET", f"{_ONE}/os-volume-type-access", list_access, f"{_A}:get_all_for_type"),
    Route(
        "POST",
        f"{_ONE}/action",
        add_access,
        f"{_A}:addProjectAccess",
        action="addProjectAccess",
        body=Access,
        status=202,
    ),
    Route(
        "POST",
        f"{_ONE}/action",
        remove_access,
        f"{_A}:removeProjectAccess",
        action="removeProjectAccess",
        body=Access,
        status=202,
    ),
    Route("GET", _CRYPT, show_encryption, f"{_C}:get"),
    Route("POST", _CRYPT, create_encryption, f"{_C}:create", body=CreateEncryption),
    Route("GET", f"{_CRYPT}/{{key}}", show_encryption_item, f"{_C}:get"),
    Route(
        "PUT",
        f"{_CRYPT}/{{encryption_id}}",
        update_encryption,
        f"{_C}:update",
        body=UpdateEncryption,
    ),
    Route("DELETE", f"{_CRYPT}/{{encryption_id}}", delete_encryption, f"{_C}:delete", status=202),
    Route("GET", "/default-types", list_defaults, f"{_D}_get_all", since="3.62"),
    Route(
        "GET", "/default-types/{target_project_id}", show_project_default, f"{_D}_get", since="3.62"
    ),
    Route(
        "PUT",
        "/default-types/{target_project_id}",
        set_project_default,
        f"{_D}_set_or_update",
        body=SetDefault,
        since="3.62",
    ),
    Route(
        "DELETE",
        "/default-types/{target_project_id}",
        unset_project_default,
        f"{_D}_unset",
        status=204,
        since="3.62",
    ),
)
