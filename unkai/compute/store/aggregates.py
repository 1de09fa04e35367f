"""Host aggregates; an availability zone is the metadata of one."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from unkai.compute.model import Aggregate
from unkai.compute.store.schema import aggregates
from unkai.kit.db import AnyRow, Session

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
