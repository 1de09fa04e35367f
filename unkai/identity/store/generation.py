"""One number that moves whenever something changes that a validated token depends on."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from unkai.identity.store.schema import generation
from unkai.kit.db import Session, Tx


async def read_generation(session: Session) -> int:
    return int(await session.scalar(select(generation.c.value).where(generation.c.id == 1)) or 0)


async def move_generation(tx: Tx) -> None:
    moved = await tx.count(
        update(generation).where(generation.c.id == 1).values(value=generation.c.value + 1)
    )
    if not moved:
        await tx.execute(insert(generation).values(id=1, value=1))
