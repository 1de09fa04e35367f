"""How long which servers were there: rows of servers, the deleted ones among them."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import or_, select

from unkai.compute.model import Flavor
from unkai.compute.store.schema import servers
from unkai.kit.db import Session


@dataclass(frozen=True, slots=True)
class Stay:
    """A server's time; `ended_at` is None while it is there. disk is in GiB."""

    id: str
    project_id: str
    name: str
    vm_state: str
    flavor: Flavor
    started_at: float
    ended_at: float | None


async def stays(
    session: Session,
    start: float,
    end: float,
    *,
    project_id: str | None = None,
    after: str | None = None,
    limit: int | None = None,
) -> list[Stay]:
    """Servers that were there between two times, by id, from the one called `after` on."""
    began = servers.c.created_at
    statement = (
        select(
            servers.c.id,
            servers.c.project_id,
            servers.c.name,
            servers.c.vm_state,
            servers.c.flavor,
            began.label("started_at"),
            servers.c.deleted_at.label("ended_at"),
        )
        .where(began < end, or_(servers.c.deleted_at.is_(None), servers.c.deleted_at > start))
        .order_by(servers.c.id)
        .limit(limit)
    )
    if project_id is not None:
        statement = statement.where(servers.c.project_id == project_id)
    if after is not None:
        statement = statement.where(servers.c.id > after)
    return [
        Stay(
            row.id,
            row.project_id,
            row.name,
            row.vm_state,
            msgspec.convert(row.flavor, Flavor),
            row.started_at,
            row.ended_at,
        )
        for row in await session.all(statement)
    ]
