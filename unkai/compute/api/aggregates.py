"""/os-aggregates: groups of hosts, for administrators."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from unkai.compute.actions import aggregates as actions
from unkai.compute.api.shapes import MetadataKey, MetadataValue, Name
from unkai.compute.model import Aggregate
from unkai.compute.service import Compute
from unkai.compute.store import aggregates
from unkai.kit.clock import iso
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.http import Call, Route

Zone = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[^:]+$")]


class NewAggregate(Struct, forbid_unknown_fields=True):
    name: Name
    availability_zone: Zone | None = None


class CreateAggregate(Struct, forbid_unknown_fields=True):
    aggregate: NewAggregate


class AggregateUpdate(Struct, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    availability_zone: Zone | UnsetType | None = UNSET


class UpdateAggregate(Struct, forbid_unknown_fields=True):
    aggregate: AggregateUpdate


class HostOf(Struct, forbid_unknown_fields=True):
    host: Annotated[str, Meta(min_length=1, max_length=255)]


class SetMetadata(Struct, forbid_unknown_fields=True):
    metadata: dict[MetadataKey, MetadataValue | None]


def _brief(call: Call, aggregate: Aggregate) -> dict[str, Any]:
    updated = aggregate.updated_at
    shown: dict[str, Any] = {
        "id": aggregate.number,
        "name": aggregate.name,
        "availability_zone": aggregate.metadata.get(actions.ZONE),
        "created_at": iso(aggregate.created_at, micro=True),
        "updated_at": None if updated is None else iso(updated, micro=True),
        "deleted": False,
        "deleted_at": None,
    }
    if call.at_least("2.41"):
        shown["uuid"] = aggregate.id
    return shown


def _view(call: Call, aggregate: Aggregate) -> dict[str, Any]:
    more = {"hosts": aggregate.hosts, "metadata": aggregate.metadata}
    return {**_brief(call, aggregate), **more}


def _number(call: Call) -> int:
    text = call.params["aggregate_id"]
    if not text.isdigit() or not text.isascii() or len(text) > 9:
        raise NotFound(f"Aggregate {text} could not be found.", code="aggregate-not-found")
    return int(text)


async def list_aggregates(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    found = await aggregates.list_aggregates(compute.kit.database.reader)
    return {"aggregates": [_view(call, one) for one in found]}


async def show_aggregate(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    found = await actions.need_aggregate(compute.kit.database.reader, _number(call))
    return {"aggregate": _view(call, found)}


async def create_aggregate(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: NewAggregate = call.body.aggregate

    async def write(tx: Tx) -> Aggregate:
        return await actions.create_aggregate(compute, tx, body.name, body.availability_zone)

    return {"aggregate": _brief(call, await compute.kit.database.transact(write))}


async def delete_aggregate(call: Call) -> None:
    compute: Compute = call.service
    number = _number(call)
    await compute.kit.database.transact(lambda tx: actions.delete_aggregate(compute, tx, number))


async def _change(call: Call, change: Callable[[Tx], Awaitable[Aggregate]]) -> dict[str, Any]:
    compute: Compute = call.service
    return {"aggregate": _view(call, await compute.kit.database.transact(change))}


async def update_aggregate(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    body: AggregateUpdate = call.body.aggregate
    number, zone = _number(call), body.availability_zone
    if body.name is UNSET and zone is UNSET:
        raise BadRequest("The aggregate needs a name or an availability_zone to change.")
    name = None if isinstance(body.name, UnsetType) else body.name
    metadata: dict[str, str | None] = {} if isinstance(zone, UnsetType) else {actions.ZONE: zone}
    return await _change(
        call, lambda tx: actions.rename_aggregate(compute, tx, number, name, metadata)
    )


async def add_host(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    number, host = _number(call), call.body.host
    return await _change(call, lambda tx: actions.add_host(compute, tx, number, host))


async def remove_host(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    number, host = _number(call), call.body.host
    return await _change(call, lambda tx: actions.remove_host(compute, tx, number, host))


async def set_metadata(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    number, metadata = _number(call), call.body.metadata
    return await _change(
        call, lambda tx: actions.rename_aggregate(compute, tx, number, None, metadata)
    )


_ONE = "/os-aggregates/{aggregate_id}"
_ACTION = _ONE + "/action"
_P = "os_compute_api:os-aggregates"
ROUTES = (
    Route("GET", "/os-aggregates", list_aggregates, policy=f"{_P}:index"),
    Route("POST", "/os-aggregates", create_aggregate, policy=f"{_P}:create", body=CreateAggregate),
    Route("GET", _ONE, show_aggregate, policy=f"{_P}:show"),
    Route("PUT", _ONE, update_aggregate, policy=f"{_P}:update", body=UpdateAggregate),
    Route("DELETE", _ONE, delete_aggregate, policy=f"{_P}:delete"),
    Route("POST", _ACTION, add_host, action="add_host", policy=f"{_P}:add_host", body=HostOf),
    Route(
        "POST",
        _ACTION,
        remove_host,
        action="remove_host",
        policy=f"{_P}:remove_host",
        body=HostOf,
    ),
    Route(
        "POST",
        _ACTION,
        set_metadata,
        action="set_metadata",
        policy=f"{_P}:set_metadata",
        body=SetMetadata,
    ),
)
