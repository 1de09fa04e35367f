"""Host aggregates; an availability zone is the metadata of one."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, func, insert, select, update

from unkai.compute.model import Aggregate
from unkai.compute.store.schema import aggregates
from unkai.kit.db import AnyRow, Session, Tx

DEFAULT_ZONE = "nova"


def of_row(row: AnyRow) -> Aggregate:
    return msgspec.convert(row, Aggregate, from_attributes=True)


_ALL = select(aggregates).order_by("number")


async def list_aggregates(session: Session) -> list[Aggregate]:
    return [of_row(row) for row in await session.all(_ALL)]


async def zones_of_hosts(session: Session) -> dict[str, str]:
    """The availability zone of each host that is in one by an aggregate; others: DEFAULT_ZONE."""
    zones: dict[str, str] = {}
    for aggregate in await list_aggregates(session):
        zone = aggregate.metadata.get("availability_zone")
        if zone:
            zones.update(dict.fromkeys(aggregate.hosts, zone))
    return zones


async def get_aggregate(session: Session, number: int) -> Aggregate | None:
    row = await session.first(select(aggregates).where(aggregates.c.number == number))
    return of_row(row) if row else None


async def find_by_name(session: Session, name: str) -> Aggregate | None:
    row = await session.first(select(aggregates).where(aggregates.c.name == name))
    return of_row(row) if row else None


async def next_number(tx: Tx) -> int:
    return (await tx.scalar(select(func.max(aggregates.c.number))) or 0) + 1


async def add_aggregate(tx: Tx, aggregate: Aggregate) -> None:
    values = {name: getattr(aggregate, name) for name in aggregate.__struct_fields__}
    await tx.execute(insert(aggregates).values(**values))


async def save_aggregate(tx: Tx, aggregate: Aggregate) -> None:
    await tx.execute(
        update(aggregates)
        .where(aggregates.c.number == aggregate.number)
        .values(
            name=aggregate.name,
            metadata=aggregate.metadata,
            hosts=aggregate.hosts,
            updated_at=aggregate.updated_at,
        )
    )


async def delete_aggregate(tx: Tx, number: int) -> None:
    await tx.execute(delete(aggregates).where(aggregates.c.number == number))
