"""/resource_providers/{uuid}/inventories: what a provider has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from msgspec import Meta, Struct

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.http import Call, Route
from unkai.placement.actions.names import unknown_classes
from unkai.placement.actions.providers import need_provider, set_inventories
from unkai.placement.api.answers import check_generation, date
from unkai.placement.model import UNIT_MAX, Inventory, Provider
from unkai.placement.service import Placement
from unkai.placement.store import inventories

Unit = Annotated[int, Meta(ge=1, le=UNIT_MAX)]
Ratio = Annotated[float, Meta(ge=0, le=3.40282e38)]


class InventoryBody(Struct, forbid_unknown_fields=True):
    total: Unit
    reserved: Annotated[int, Meta(ge=0, le=UNIT_MAX)] = 0
    min_unit: Unit = 1
    max_unit: Unit = UNIT_MAX
    step_size: Unit = 1
    allocation_ratio: Ratio = 1.0


class OneInventory(InventoryBody, forbid_unknown_fields=True, kw_only=True):
    resource_provider_generation: int


class NewInventory(InventoryBody, forbid_unknown_fields=True, kw_only=True):
    resource_class: str
    resource_provider_generation: int | None = None


class Inventories(Struct, forbid_unknown_fields=True):
    resource_provider_generation: int
    inventories: dict[str, InventoryBody]


def to_inventory(call: Call, name: str, body: InventoryBody) -> Inventory:
    if body.reserved >= body.total and not call.at_least("1.26"):
        raise BadRequest(
            f"Unable to update inventory for {name}: reserved must be less than total."
        )
    return Inventory(
        body.total,
        body.reserved,
        body.min_unit,
        body.max_unit,
        body.step_size,
        body.allocation_ratio,
    )


async def check_classes(tx: Tx, names: Collection[str]) -> None:
    """BadRequest for a resource class that nobody has made."""
    unknown = await unknown_classes(tx, names)
    if unknown:
        raise BadRequest(f"Unknown resource class in inventory: {', '.join(sorted(unknown))}.")


def view(inventory: Inventory) -> dict[str, Any]:
    return {
        "total": inventory.total,
        "reserved": inventory.reserved,
        "min_unit": inventory.min_unit,
        "max_unit": inventory.max_unit,
        "step_size": inventory.step_size,
        "allocation_ratio": inventory.allocation_ratio,
    }


async def list_inventories(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    stocks = await inventories.stocks_of(session, provider.id)
    date(call, provider.updated_at)
    return {
        "resource_provider_generation": provider.generation,
        "inventories": {name: view(stock.inventory) for name, stock in stocks.items()},
    }


async def _write(
    call: Call,
    given: int | None,
    change: dict[str, Inventory | None],
    *,
    whole: bool = False,
    new: bool = False,
) -> tuple[Provider, dict[str, Inventory]]:
    """Put these classes (None: take it away) in the place of all, or beside the others."""
    placement: Placement = call.service

    async def write(tx: Tx) -> tuple[Provider, dict[str, Inventory]]:
        provider = await need_provider(tx, call.params["uuid"])
        if given is not None:
            check_generation(provider, given)
        await check_classes(tx, change)
        stocks = {} if whole else await inventories.stocks_of(tx, provider.id)
        wanted = {name: stock.inventory for name, stock in stocks.items()}
        if not (whole or new or change.keys() <= wanted.keys()):
            raise BadRequest(f"No inventory of class {', '.join(change)} on {provider.id}.")
        for name, inventory in change.items():
            if inventory is not None:
                wanted[name] = inventory
            elif wanted.pop(name, None) is None:
                raise NotFound(f"No inventory of class {name} found for delete on {provider.id}.")
        return await set_inventories(placement, tx, provider.id, wanted), wanted

    return await placement.kit.database.transact(write)


async def replace_inventories(call: Call) -> dict[str, Any]:
    body: Inventories = call.body
    change: dict[str, Inventory | None] = {
        name: to_inventory(call, name, one) for name, one in body.inventories.items()
    }
    provider, now = await _write(call, body.resource_provider_generation, change, whole=True)
    date(call, provider.updated_at)
    return {
        "resource_provider_generation": provider.generation,
        "inventories": {name: view(one) for name, one in now.items()},
    }


async def delete_inventories(call: Call) -> None:
    await _write(call, None, {}, whole=True)


async def create_inventory(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    body: NewInventory = call.body
    name = body.resource_class
    stocks = await inventories.stocks_of(placement.kit.database.reader, call.params["uuid"])
    if name in stocks:
        raise Conflict(f"Update conflict: inventory of {name} exists already.")
    change: dict[str, Inventory | None] = {name: to_inventory(call, name, body)}
    generation = body.resource_provider_generation
    provider, now = await _write(call, generation, change, new=True)
    uuid = call.params["uuid"]
    call.headers["Location"] = f"{call.url}/resource_providers/{uuid}/inventories/{name}"
    date(call, provider.updated_at)
    return {"resource_provider_generation": provider.generation, **view(now[name])}


async def show_inventory(call: Call) -> dict[str, Any]:
    placement: Placement = call.service
    session = placement.kit.database.reader
    provider = await need_provider(session, call.params["uuid"])
    name = call.params["resource_class"]
    stock = (await inventories.stocks_of(session, provider.id)).get(name)
    if stock is None:
        raise NotFound(f"No inventory of class {name} for {provider.id}.")
    date(call, provider.updated_at)
    return {"resource_provider_generation": provider.generation, **view(stock.inventory)}


async def update_inventory(call: Call) -> dict[str, Any]:
    body: OneInventory = call.body
    name = call.params["resource_class"]
    change: dict[str, Inventory | None] = {name: to_inventory(call, name, body)}
    provider, now = await _write(call, body.resource_provider_generation, change)
    date(call, provider.updated_at)
    return {"resource_provider_generation": provider.generation, **view(now[name])}


async def delete_inventory(call: Call) -> None:
    await _write(call, None, {call.params["resource_class"]: None}, new=True)


_P = "placement:resource_providers:inventories"
_ALL = "/resource_providers/{uuid}/inventories"
_ONE = _ALL + "/{resource_class}"
ROUTES = (
    Route("GET", _ALL, list_inventories, policy=f"{_P}:list"),
    Route("PUT", _ALL, replace_inventories, policy=f"{_P}:update", body=Inventories),
    Route("POST", _ALL, create_inventory, policy=f"{_P}:create", body=NewInventory, status=201),
    Route("DELETE", _ALL, delete_inventories, policy=f"{_P}:delete", status=204, since="1.5"),
    Route("GET", _ONE, show_inventory, policy=f"{_P}:show"),
    Route("PUT", _ONE, update_inventory, policy=f"{_P}:update", body=OneInventory),
    Route("DELETE", _ONE, delete_inventory, policy=f"{_P}:delete", status=204),
)
