"""Rows of revocations."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from unkai.identity.model import Revocation
from unkai.identity.store.rows import as_model, as_values, read
from unkai.identity.store.schema import revocations as table
from unkai.kit.db import Session, Tx


async def add(tx: Tx, event: Revocation) -> None:
    await tx.execute(insert(table).values(as_values(event)))


async def forget(tx: Tx, now: float) -> None:
    """Drop those whose tokens are long over."""
    await tx.execute(delete(table).where(table.c.forget_at < now))


async def since(session: Session, at: float) -> Sequence[Revocation]:
    statement = select(table).where(table.c.revoked_at >= at).order_by(table.c.id).limit(10_000)
    return [as_model(Revocation, row) for row in await read(session, statement)]
