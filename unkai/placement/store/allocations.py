"""Rows of consumers and their allocations, and sums over them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import and_, bindparam, delete, func, insert, select, update

from unkai.kit.db import AnyRow, Session, StaleWrite, Tx
from unkai.placement.model import Allocations, Consumer
from unkai.placement.store.schema import allocations, consumers, inventories

CONSUMER = select(consumers).where(consumers.c.id == bindparam("one"))
ADD_CONSUMER = insert(consumers)
DELETE_CONSUMER = delete(consumers).where(consumers.c.id == bindparam("one"))
HELD = select(allocations).where(allocations.c.consumer_id == bindparam("one"))
ADD = insert(allocations)
DELETE = delete(allocations).where(allocations.c.consumer_id == bindparam("one"))


def _consumer_of(row: AnyRow) -> Consumer:
    return Consumer(
        row.id, row.project_id, row.user_id, row.generation, row.consumer_type, row.updated_at
    )


async def get_consumer(session: Session, consumer_id: str) -> Consumer | None:
    row = await session.first(CONSUMER, {"one": consumer_id})
    return _consumer_of(row) if row else None


async def get_consumers(session: Session, ids: Collection[str]) -> dict[str, Consumer]:
    rows = await session.all(select(consumers).where(consumers.c.id.in_(ids)))
    return {row.id: _consumer_of(row) for row in rows}


async def insert_consumer(tx: Tx, consumer: Consumer) -> None:
    await tx.execute(ADD_CONSUMER, asdict(consumer))


async def update_consumer(tx: Tx, had: Consumer, new: Consumer) -> None:
    """Write a consumer as it is to be; StaleWrite if it moved since it was read."""
    moved = await tx.count(
        update(consumers)
        .where(consumers.c.id == had.id, consumers.c.generation == had.generation)
        .values(
            project_id=new.project_id,
            user_id=new.user_id,
            generation=new.generation,
            consumer_type=new.consumer_type,
            updated_at=new.updated_at,
        )
    )
    if moved != 1:
        raise StaleWrite(f"consumer {had.id} changed")


async def delete_consumer(tx: Tx, consumer_id: str) -> None:
    await tx.execute(DELETE_CONSUMER, {"one": consumer_id})


async def allocations_of(session: Session, consumer_id: str) -> dict[str, dict[str, int]]:
    """Provider id to class to amount."""
    found: dict[str, dict[str, int]] = {}
    rows = await session.all(HELD, {"one": consumer_id})
    for row in rows:
        found.setdefault(row.provider_id, {})[row.resource_class] = row.used
    return found


async def allocations_on(session: Session, provider_id: str) -> dict[str, dict[str, int]]:
    """Consumer id to class to amount."""
    found: dict[str, dict[str, int]] = {}
    rows = await session.all(select(allocations).where(allocations.c.provider_id == provider_id))
    for row in rows:
        found.setdefault(row.consumer_id, {})[row.resource_class] = row.used
    return found


async def insert_allocations(tx: Tx, consumer_id: str, given: Allocations) -> None:
    rows = [
        {
            "consumer_id": consumer_id,
            "provider_id": provider_id,
            "resource_class": resource_class,
            "used": amount,
        }
        for provider_id, resources in given.items()
        for resource_class, amount in resources.items()
    ]
    await tx.execute(ADD, rows)


async def delete_allocations(tx: Tx, consumer_id: str) -> None:
    await tx.execute(DELETE, {"one": consumer_id})


async def usages(
    session: Session, project_id: str, user_id: str | None, consumer_type: str | None
) -> list[tuple[str, str, int]]:
    """(consumer type, class, amount) of a project, or of one of its users."""
    statement = (
        select(
            consumers.c.consumer_type,
            allocations.c.resource_class,
            func.sum(allocations.c.used).label("amount"),
        )
        .join(allocations, allocations.c.consumer_id == consumers.c.id)
        .where(consumers.c.project_id == project_id)
        .group_by(consumers.c.consumer_type, allocations.c.resource_class)
    )
    if user_id is not None:
        statement = statement.where(consumers.c.user_id == user_id)
    if consumer_type is not None:
        statement = statement.where(consumers.c.consumer_type == consumer_type)
    return [
        (row.consumer_type, row.resource_class, int(row.amount))
        for row in await session.all(statement)
    ]


async def count_consumers(session: Session, project_id: str, user_id: str | None) -> dict[str, int]:
    """How many consumers of each type a project has, or one of its users."""
    statement = (
        select(consumers.c.consumer_type, func.count().label("amount"))
        .where(consumers.c.project_id == project_id)
        .group_by(consumers.c.consumer_type)
    )
    if user_id is not None:
        statement = statement.where(consumers.c.user_id == user_id)
    return {row.consumer_type: int(row.amount) for row in await session.all(statement)}


async def holders(session: Session, consumer_type: str) -> dict[str, set[str]]:
    """The providers that each consumer of a type holds something of."""
    found: dict[str, set[str]] = {}
    for row in await session.all(
        select(allocations.c.consumer_id, allocations.c.provider_id)
        .join(consumers, consumers.c.id == allocations.c.consumer_id)
        .where(consumers.c.consumer_type == consumer_type)
    ):
        found.setdefault(row.consumer_id, set()).add(row.provider_id)
    return found


async def empty_consumers(session: Session) -> set[str]:
    """Consumers that hold nothing."""
    holding = select(allocations.c.consumer_id)
    return set(await session.scalars(select(consumers.c.id).where(consumers.c.id.not_in(holding))))


async def miscounted(session: Session) -> list[AnyRow]:
    """(provider_id, resource_class, used, held) of inventories that are not the sum of claims."""
    held = (
        select(
            allocations.c.provider_id,
            allocations.c.resource_class,
            func.sum(allocations.c.used).label("held"),
        )
        .group_by(allocations.c.provider_id, allocations.c.resource_class)
        .subquery()
    )
    amount = func.coalesce(held.c.held, 0)
    own = inventories.c
    beside = and_(
        held.c.provider_id == own.provider_id, held.c.resource_class == own.resource_class
    )
    return list(
        await session.all(
            select(own.provider_id, own.resource_class, own.used, amount.label("held"))
            .select_from(inventories.outerjoin(held, beside))
            .where(own.used != amount)
        )
    )
