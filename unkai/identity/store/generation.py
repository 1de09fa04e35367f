"""A number that moves whenever something changes that a validated token depends on.

Each change adds a row and the newest id is the number: rows that are only added never make two
transactions wait for each other or run again, as a counter in one row would.
"""

from __future__ import annotations

from sqlalchemy import delete, func, insert, select

from unkai.identity.store.schema import changes
from unkai.kit.db import Session, Tx

NEWEST = select(func.max(changes.c.id))


async def read_generation(session: Session) -> int:
    return int(await session.scalar(NEWEST) or 0)


async def move_generation(tx: Tx, now: float) -> None:
    await tx.execute(insert(changes).values(at=now))


async def forget_generations(tx: Tx) -> None:
    """Keep the newest one; done at a start."""
    newest = await read_generation(tx)
    await tx.execute(delete(changes).where(changes.c.id < newest))
