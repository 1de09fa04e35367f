"""/resource_providers/{uuid}/aggregates: the groups a provider is in."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec import Struct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route
from unkai.placement.actions.providers import need_provider, set_aggregates
from unkai.placement.api.answers import check_generation, date, need_uuid
from unkai.placement.model import Provider
from unkai.placement.service import Placement
from unkai.placement.store import marks


class AggregatesUpdate(Struct, forbid_unknown_fields=True):
    aggregates: list[str]
    resource_provider_generation: int


def _view(call: Call, provider: Provider, aggregates: set[str]) -> dict[str, Any]:
    date(call, provider.updated_at)
    shown: dict[str, Any] = {"aggregates": sorted(aggregates)}
    if call.at_least("1.19"):
        shown["resource_provider_generation"] = provider.generation
    return shown


async def list_aggregates(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    return _view(call, provider, await marks.aggregates_of(session, provider.id))


def _read(call: Call) -> tuple[set[str], int | None]:
    """The aggregates and, from 1.19 on, the generation they are meant for."""
    body = call.body
    generation = None
    if call.at_least("1.19"):
        try:
            update = msgspec.convert(body, AggregatesUpdate)
        except msgspec.ValidationError as error:
            raise BadRequest(f"JSON does not validate: {error}.") from error
        body, generation = update.aggregates, update.resource_provider_generation
    if not isinstance(body, list):
        raise BadRequest("JSON does not validate: the body must be a list of aggregate uuids.")
    given = [str(one) for one in cast("list[object]", body)]
    if len(set(given)) < len(given):
        raise BadRequest("JSON does not validate: an aggregate is given twice.")
    return {need_uuid(one, "aggregate") for one in given}, generation


async def replace_aggregates(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    await need_provider(placement.kit.database.reader, call.params["uuid"])
    wanted, generation = _read(call)

    async def write(tx: Tx) -> Provider:
        provider = await need_provider(tx, call.params["uuid"])
        if generation is not None:
            check_generation(provider, generation)
        return await set_aggregates(placement, tx, provider.id, wanted)

    return _view(call, await placement.kit.database.transact(write), wanted)


_PATH = "/resource_providers/{uuid}/aggregates"
_P = "placement:resource_providers:aggregates"
ROUTES = (
    Route("GET", _PATH, list_aggregates, policy=f"{_P}:list", since="1.1"),
    Route("PUT", _PATH, replace_aggregates, policy=f"{_P}:update", body=Any, since="1.1"),
)
