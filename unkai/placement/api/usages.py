"""/usages of a project and of a provider."""

from __future__ import annotations

from typing import Any

from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route
from unkai.placement.actions.providers import need_provider
from unkai.placement.api.answers import date
from unkai.placement.api.query import check_keys, single
from unkai.placement.model import UNKNOWN_TYPE
from unkai.placement.service import Placement
from unkai.placement.store import allocations, inventories


async def show_provider_usages(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    stocks = await inventories.stocks_of(session, provider.id)
    date(call, provider.updated_at)
    return {
        "resource_provider_generation": provider.generation,
        "usages": {name: stock.used for name, stock in stocks.items()},
    }


async def show_usages(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    typed = call.at_least("1.38")
    check_keys(call, ("project_id", "user_id", *(["consumer_type"] if typed else [])))
    project_id, user_id = single(call, "project_id"), single(call, "user_id")
    consumer_type = single(call, "consumer_type") if typed else None
    if not project_id:
        raise BadRequest("Invalid query string parameters: 'project_id' is a required property.")
    if user_id == "" or len(project_id) > 255 or len(user_id or "") > 255:
        raise BadRequest("Invalid query string parameters: an id has 1 to 255 characters.")
    if not call.caller.may_see(project_id):
        raise Forbidden("The usages of another project are not yours to see.")
    session = placement.kit.database.reader
    kind = consumer_type if consumer_type not in (None, "all") else None
    rows = await allocations.usages(session, project_id, user_id, _stored(kind))
    date(call)
    if not typed:
        flat: dict[str, int] = {}
        for _, name, amount in rows:
            flat[name] = flat.get(name, 0) + amount
        return {"usages": flat}
    counts = await allocations.count_consumers(session, project_id, user_id)
    grouped: dict[str, dict[str, int]] = {}
    for one, name, amount in rows:
        group = "all" if consumer_type == "all" else one
        usage = grouped.setdefault(group, {"consumer_count": 0})
        usage[name] = usage.get(name, 0) + amount
    for one, count in counts.items():
        group = "all" if consumer_type == "all" else one
        if group in grouped:
            grouped[group]["consumer_count"] += count
    return {"usages": grouped}


def _stored(consumer_type: str | None) -> str | None:
    if consumer_type is None or consumer_type == UNKNOWN_TYPE:
        return consumer_type
    return consumer_type.upper()


ROUTES = (
    Route(
        "GET",
        "/resource_providers/{uuid}/usages",
        show_provider_usages,
        policy="placement:resource_providers:usages",
    ),
    Route("GET", "/usages", show_usages, policy="placement:usages", since="1.9"),
)
