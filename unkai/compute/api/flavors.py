"""/flavors: what sizes of servers there are, who may use them, and their extra specs."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from unkai.compute.actions import flavors as actions
from unkai.compute.api.extra_specs import check_extra_specs
from unkai.compute.api.paging import check_known, next_links, number, page_limit
from unkai.compute.api.shapes import MetadataKey, Name, Switch, link, switch
from unkai.compute.model import Flavor
from unkai.compute.service import Compute
from unkai.compute.store import flavors
from unkai.compute.store.flavors import SORT_KEYS, FlavorQuery
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route, since

INT_MAX = 2**31 - 1
Positive = Annotated[int, Meta(ge=1, le=INT_MAX)]
Whole = Annotated[int, Meta(ge=0, le=INT_MAX)]
FlavorId = Annotated[
    str, Meta(min_length=1, max_length=255, pattern=r"^(?! )[a-zA-Z0-9. _-]+(?<! )$")
]
Description = Annotated[str, Meta(max_length=65535)]
SpecValue = Annotated[str, Meta(max_length=255)]
PARAMETERS = (
    "limit",
    "marker",
    "minRam",
    "minDisk",
    "is_public",
    "sort_key",
    "sort_dir",
)


class NewFlavor(Struct, forbid_unknown_fields=True):
    name: Name
    ram: Positive
    vcpus: Positive
    disk: Whole
    id: int | FlavorId | None = None
    swap: Whole = 0
    rxtx_factor: Annotated[float, Meta(gt=0, le=3.40282e38)] = 1.0
    is_public: Switch = field(name="os-flavor-access:is_public", default=True)
    ephemeral: Whole = field(name="OS-FLV-EXT-DATA:ephemeral", default=0)
    description: Annotated[Description | None, since("2.55")] = None


class CreateFlavor(Struct, forbid_unknown_fields=True):
    flavor: NewFlavor


class FlavorUpdate(Struct, forbid_unknown_fields=True):
    description: Description | None


class UpdateFlavor(Struct, forbid_unknown_fields=True):
    flavor: FlavorUpdate


class Access(Struct, forbid_unknown_fields=True):
    tenant: Annotated[str, Meta(min_length=1, max_length=255)]


class ExtraSpecs(Struct, forbid_unknown_fields=True):
    extra_specs: dict[MetadataKey, SpecValue | int | float]


def _links(call: Call, flavor_id: str) -> list[dict[str, Any]]:
    return [
        link("self", f"{call.url}/flavors/{flavor_id}"),
        link("bookmark", f"{call.base_url}/compute/flavors/{flavor_id}"),
    ]


def brief(call: Call, flavor: Flavor) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": flavor.id, "name": flavor.name, "links": _links(call, flavor.id)}
    if call.at_least("2.55"):
        shown["description"] = flavor.description
    return shown


def view(call: Call, flavor: Flavor) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": flavor.id,
        "name": flavor.name,
        "ram": flavor.ram,
        "disk": flavor.disk,
        "swap": flavor.swap if flavor.swap or call.at_least("2.75") else "",
        "OS-FLV-EXT-DATA:ephemeral": flavor.ephemeral,
        "OS-FLV-DISABLED:disabled": flavor.disabled,
        "vcpus": flavor.vcpus,
        "os-flavor-access:is_public": flavor.is_public,
        "rxtx_factor": flavor.rxtx_factor,
        "links": _links(call, flavor.id),
    }
    if call.at_least("2.55"):
        shown["description"] = flavor.description
    if call.at_least("2.61"):
        shown["extra_specs"] = flavor.extra_specs
    return shown


def _asked_public(call: Call) -> bool | None:
    """Which kind an administrator asks for; others get what they may use."""
    text = call.request.query_params.get("is_public")
    if not call.caller.reads_all or text is None:
        return True
    if text.strip().lower() == "none":
        return None
    try:
        return switch(text, "is_public")
    except BadRequest as error:
        raise BadRequest(f"Invalid is_public filter [{text}]") from error


async def _list(call: Call) -> tuple[list[Flavor], list[dict[str, Any]]]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    given = call.request.query_params
    check_known(call, PARAMETERS)
    sort_key, sort_dir = given.get("sort_key", "flavorid"), given.get("sort_dir", "asc")
    if sort_key not in SORT_KEYS or sort_dir not in ("asc", "desc"):
        raise BadRequest(f"Flavors cannot be sorted by {sort_key} {sort_dir}.")
    marker = given.get("marker")
    at = await flavors.get_flavor(session, marker) if marker else None
    if marker and at is None:
        raise BadRequest(f"marker [{marker}] not found")
    public = _asked_public(call)
    limit = page_limit(call)
    query = FlavorQuery(
        public=public,
        open_to=call.caller.project_id if public else None,
        min_ram=number(call, "minRam") or 0,
        min_disk=number(call, "minDisk") or 0,
        sort_key=sort_key,
        descending=sort_dir == "desc",
        marker=at,
        limit=limit,
    )
    found = await flavors.list_flavors(session, query)
    path = call.route.path
    return found, next_links(call, path, len(found), limit, found[-1].id if found else "")


async def list_flavors(call: Call) -> dict[str, Any]:
    found, links = await _list(call)
    more = {"flavors_links": links} if links else {}
    return {"flavors": [brief(call, one) for one in found], **more}


async def list_flavors_detail(call: Call) -> dict[str, Any]:
    found, links = await _list(call)
    more = {"flavors_links": links} if links else {}
    return {"flavors": [view(call, one) for one in found], **more}


async def show_flavor(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    flavor = await actions.get_flavor(session, call.caller, call.params["flavor_id"])
    return {"flavor": view(call, flavor)}


async def create_flavor(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: NewFlavor = call.body.flavor
    now = compute.kit.clock.now()
    flavor = Flavor(
        id=compute.kit.chance.uuid() if body.id is None else str(body.id),
        name=body.name,
        vcpus=body.vcpus,
        ram=body.ram,
        disk=body.disk,
        ephemeral=body.ephemeral,
        swap=body.swap,
        rxtx_factor=body.rxtx_factor,
        is_public=switch(body.is_public, "os-flavor-access:is_public"),
        description=body.description,
        created_at=now,
        updated_at=now,
    )
    await compute.kit.database.transact(lambda tx: actions.create_flavor(compute, tx, flavor))
    return {"flavor": view(call, flavor)}


async def update_flavor(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    flavor_id, wanted = call.params["flavor_id"], call.body.flavor.description

    async def write(tx: Tx) -> Flavor:
        return await actions.describe_flavor(compute, tx, flavor_id, wanted)

    return {"flavor": view(call, await compute.kit.database.transact(write))}


async def delete_flavor(call: Call) -> None:
    compute: Compute = call.service
    flavor_id = call.params["flavor_id"]
    await compute.kit.database.transact(lambda tx: actions.delete_flavor(compute, tx, flavor_id))


def _access(flavor_id: str, projects: list[str]) -> dict[str, Any]:
    return {"flavor_access": [{"flavor_id": flavor_id, "tenant_id": one} for one in projects]}


async def list_flavor_access(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    flavor = await actions.get_flavor(session, call.caller, call.params["flavor_id"])
    if flavor.is_public:
        raise NotFound("Access list not available for public flavors.")
    return _access(flavor.id, await flavors.projects_of(session, flavor.id))


async def add_tenant_access(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    flavor_id, body = call.params["flavor_id"], call.body
    refused = call.at_least("2.7")

    async def write(tx: Tx) -> list[str]:
        return await actions.add_flavor_access(
            compute, tx, flavor_id, body.tenant, public_refused=refused
        )

    return _access(flavor_id, await compute.kit.database.transact(write))


async def remove_tenant_access(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    flavor_id, body = call.params["flavor_id"], call.body

    async def write(tx: Tx) -> list[str]:
        return await actions.remove_flavor_access(compute, tx, flavor_id, body.tenant)

    return _access(flavor_id, await compute.kit.database.transact(write))


async def list_extra_specs(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    flavor = await actions.get_flavor(session, call.caller, call.params["flavor_id"])
    return {"extra_specs": flavor.extra_specs}


async def show_extra_spec(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    flavor = await actions.get_flavor(session, call.caller, call.params["flavor_id"])
    key = call.params["key"]
    if key not in flavor.extra_specs:
        raise actions.no_spec(flavor.id, key)
    return {key: flavor.extra_specs[key]}


async def _change_specs(
    call: Call, new: dict[str, Any], remove: str | None = None
) -> dict[str, str]:
    compute: Compute = call.service
    specs = {key: str(value) for key, value in new.items()}
    if call.at_least("2.86"):
        check_extra_specs(specs)
    flavor_id = call.params["flavor_id"]

    async def write(tx: Tx) -> None:
        await actions.change_extra_specs(compute, tx, flavor_id, specs, remove=remove)

    await compute.kit.database.transact(write)
    return specs


async def create_extra_specs(call: Call) -> dict[str, Any]:
    return {"extra_specs": await _change_specs(call, call.body.extra_specs)}


async def update_extra_spec(call: Call) -> dict[str, Any]:
    key = call.params["key"]
    if list(call.body) != [key]:
        raise BadRequest(f"Request body and URI mismatch: the body must be {{{key}: a value}}.")
    return await _change_specs(call, call.body)


async def delete_extra_spec(call: Call) -> None:
    await _change_specs(call, {}, remove=call.params["key"])


_ONE = "/flavors/{flavor_id}"
_SPECS = _ONE + "/os-extra_specs"
_SPEC = _SPECS + "/{key}"
_ACTION = _ONE + "/action"
_M = "os_compute_api:os-flavor-manage"
_A = "os_compute_api:os-flavor-access"
_E = "os_compute_api:os-flavor-extra-specs"
_READ = "os_compute_api:flavors"
ROUTES = (
    Route("GET", "/flavors", list_flavors, policy=_READ),
    Route("GET", "/flavors/detail", list_flavors_detail, policy=_READ),
    Route("POST", "/flavors", create_flavor, policy=f"{_M}:create", body=CreateFlavor, lax=True),
    Route("GET", _ONE, show_flavor, policy=_READ),
    Route("PUT", _ONE, update_flavor, policy=f"{_M}:update", body=UpdateFlavor, since="2.55"),
    Route("DELETE", _ONE, delete_flavor, policy=f"{_M}:delete", status=202),
    Route("GET", f"{_ONE}/os-flavor-access", list_flavor_access, policy=_A),
    Route(
        "POST",
        _ACTION,
        add_tenant_access,
        action="addTenantAccess",
        policy=f"{_A}:add_tenant_access",
        body=Access,
    ),
    Route(
        "POST",
        _ACTION,
        remove_tenant_access,
        action="removeTenantAccess",
        policy=f"{_A}:remove_tenant_access",
        body=Access,
    ),
    Route("GET", _SPECS, list_extra_specs, policy=f"{_E}:index"),
    Route("POST", _SPECS, create_extra_specs, policy=f"{_E}:create", body=ExtraSpecs),
    Route("GET", _SPEC, show_extra_spec, policy=f"{_E}:show"),
    Route(
        "PUT",
        _SPEC,
        update_extra_spec,
        policy=f"{_E}:update",
        body=dict[MetadataKey, SpecValue | int | float],
    ),
    Route("DELETE", _SPEC, delete_extra_spec, policy=f"{_E}:delete"),
)
