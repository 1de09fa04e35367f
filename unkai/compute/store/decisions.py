"""Placement decisions, kept as they were made."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import insert, select

from unkai.compute.model import Decision
from unkai.compute.store.schema import placement_decisions
from unkai.kit.db import Session, Tx

_INSERT = insert(placement_decisions)


async def add_decisions(tx: Tx, decisions: Sequence[Decision]) -> None:
    await tx.execute(
        _INSERT,
        [{name: getattr(made, name) for name in made.__struct_fields__} for made in decisions],
    )


async def decisions_of(session: Session, server_id: str) -> list[Decision]:
    """Newest first."""
    rows = await session.all(
        select(placement_decisions)
        .where(placement_decisions.c.server_id == server_id)
        .order_by(placement_decisions.c.id.desc())
    )
    return [msgspec.convert(row, Decision, from_attributes=True) for row in rows]
