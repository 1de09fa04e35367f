"""/reshaper: move inventories between providers with all that is allocated of them, at once."""

from __future__ import annotations

from msgspec import Struct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.http import Call, Route
from unkai.placement.actions.replace_allocations import replace_allocations
from unkai.placement.api.allocations import Replace, to_replacement
from unkai.placement.api.answers import check_generation, need_uuid
from unkai.placement.api.inventories import Inventories, check_classes, to_inventory
from unkai.placement.service import Placement
from unkai.placement.store import providers


class Reshape(Struct, forbid_unknown_fields=True):
    inventories: dict[str, Inventories]
    allocations: dict[str, Replace]


async def reshape(call: Call) -> None:
    placement: Placement = call.service
    body: Reshape = call.body
    if not body.inventories:
        raise BadRequest("JSON does not validate: inventories: {} does not have enough properties.")
    wanted = [
        to_replacement(call, one, given, empty=True) for one, given in body.allocations.items()
    ]
    stocks = {
        need_uuid(one, "resource provider uuid"): {
            name: to_inventory(call, name, shape) for name, shape in given.inventories.items()
        }
        for one, given in body.inventories.items()
    }
    given = dict(zip(stocks, body.inventories.values(), strict=True))

    async def write(tx: Tx) -> None:
        known = await providers.get_providers(tx, stocks)
        for provider_id, shape in given.items():
            if provider_id not in known:
                raise BadRequest(
                    f"Resource provider {provider_id} in inventories not found.",
                    code="resource_provider.not_found",
                )
            check_generation(known[provider_id], shape.resource_provider_generation)
            await check_classes(tx, shape.inventories)
        await replace_allocations(placement, tx, wanted, stocks)

    await placement.kit.database.transact(write)


ROUTES = (
    Route(
        "POST",
        "/reshaper",
        reshape,
        policy="placement:reshaper:reshape",
        body=Reshape,
        status=204,
        since="1.30",
    ),
)
