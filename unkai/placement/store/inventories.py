"""Rows of inventories, with what is taken of them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping

from sqlalchemy import (
    ColumnElement,
    Integer,
    Update,
    bindparam,
    case,
    delete,
    insert,
    select,
    update,
)

from unkai.kit.db import AnyRow, Session, Tx, among
from unkai.placement.model import Inventory, Resources, Stock
from unkai.placement.store.schema import allocations, inventories

OF_MANY = select(inventories).where(among(inventories.c.provider_id))


@functools.lru_cache(maxsize=64)
def _amounts(name: str, count: int) -> ColumnElement[int]:
    """Of a row's class its amount: `count` pairs of parameters, see `_given`."""
    of_class = inventories.c.resource_class
    pairs = [
        (of_class == bindparam(f"class_{at}"), bindparam(f"{name}_{at}", type_=Integer()))
        for at in range(count)
    ]
    return case(*pairs)


def _given(name: str, amounts: Resources) -> dict[str, str | int]:
    classes = {f"class_{at}": one for at, one in enumerate(amounts)}
    return classes | {f"{name}_{at}": amount for at, amount in enumerate(amounts.values())}


def _stock_of(row: AnyRow) -> Stock:
    inventory = Inventory(
        row.total,
        row.reserved,
        row.min_unit,
        row.max_unit,
        row.step_size,
        row.allocation_ratio,
    )
    return Stock(inventory, row.used)


async def stocks_of(session: Session, provider_id: str) -> dict[str, Stock]:
    """Resource class to inventory and usage of one provider."""
    rows = await session.all(
        select(inventories)
        .where(inventories.c.provider_id == provider_id)
        .order_by(inventories.c.resource_class)
    )
    return {row.resource_class: _stock_of(row) for row in rows}


async def stocks_of_many(session: Session, ids: Collection[str]) -> dict[str, dict[str, Stock]]:
    """Provider id to class to inventory and usage."""
    found: dict[str, dict[str, Stock]] = {}
    for row in await session.all(OF_MANY, {"ids": ids}):
        found.setdefault(row.provider_id, {})[row.resource_class] = _stock_of(row)
    return found


async def insert_inventories(tx: Tx, provider_id: str, new: Mapping[str, Inventory]) -> None:
    rows = [
        {
            "provider_id": provider_id,
            "resource_class": name,
            "used": 0,
            "free": inventory.capacity,
            **_values(inventory),
        }
        for name, inventory in new.items()
    ]
    await tx.execute(insert(inventories), rows)


async def update_inventory(
    tx: Tx, provider_id: str, resource_class: str, inventory: Inventory
) -> None:
    await tx.execute(
        update(inventories)
        .where(
            inventories.c.provider_id == provider_id,
            inventories.c.resource_class == resource_class,
        )
        .values(free=inventory.capacity - inventories.c.used, **_values(inventory))
    )


def _values(inventory: Inventory) -> dict[str, int | float]:
    return {
        "total": inventory.total,
        "reserved": inventory.reserved,
        "min_unit": inventory.min_unit,
        "max_unit": inventory.max_unit,
        "step_size": inventory.step_size,
        "allocation_ratio": inventory.allocation_ratio,
    }


async def delete_inventories(tx: Tx, provider_id: str, classes: Collection[str]) -> None:
    await tx.execute(
        delete(inventories).where(
            inventories.c.provider_id == provider_id, inventories.c.resource_class.in_(classes)
        )
    )


async def class_in_use(session: Session, resource_class: str) -> bool:
    statement = (
        select(inventories.c.provider_id)
        .where(inventories.c.resource_class == resource_class)
        .limit(1)
    )
    return await session.scalar(statement) is not None


async def take(tx: Tx, provider_id: str, amounts: Resources, whole: Resources) -> bool:
    """Take `amounts` more of a provider, all or (False) an unknown part of them.

    whole: what the consumer will hold then, held against the units. On False the caller must raise,
    so that the transaction takes everything back.
    """
    holds = {name: whole[name] for name in amounts}
    moved = await tx.count(
        _taking(len(amounts)),
        {
            "of_provider": provider_id,
            "ids": list(amounts),
            **_given("more", amounts),
            **_given("holds", holds),
        },
    )
    return moved == len(amounts)


@functools.lru_cache(maxsize=64)
def _taking(count: int) -> Update:
    more, holds = _amounts("more", count), _amounts("holds", count)
    return (
        update(inventories)
        .where(
            inventories.c.provider_id == bindparam("of_provider"),
            among(inventories.c.resource_class),
            inventories.c.free >= more,
            inventories.c.min_unit <= holds,
            inventories.c.max_unit >= holds,
            holds % inventories.c.step_size == 0,
        )
        .values(used=inventories.c.used + more, free=inventories.c.free - more)
    )


async def give_back(tx: Tx, amounts: Mapping[str, Resources]) -> None:
    """Give back what was taken: provider id to class to amount."""
    for provider_id, given in amounts.items():
        parameters = {"of_provider": provider_id, "ids": list(given), **_given("less", given)}
        await tx.execute(_giving_back(len(given)), parameters)


@functools.lru_cache(maxsize=64)
def _giving_back(count: int) -> Update:
    less = _amounts("less", count)
    return (
        update(inventories)
        .where(
            inventories.c.provider_id == bindparam("of_provider"),
            among(inventories.c.resource_class),
        )
        .values(used=inventories.c.used - less, free=inventories.c.free + less)
    )


async def rename_class(tx: Tx, old: str, new: str) -> None:
    """Call a class otherwise, wherever somebody has it."""
    for table in (inventories, allocations):
        await tx.execute(
            update(table).where(table.c.resource_class == old).values(resource_class=new)
        )
