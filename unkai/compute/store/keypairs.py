"""Keypairs; each belongs to a user."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, func, insert, select

from unkai.compute.model import Keypair
from unkai.compute.store.schema import keypairs
from unkai.kit.db import AnyRow, Session, Tx


def of_row(row: AnyRow) -> Keypair:
    return msgspec.convert(row, Keypair, from_attributes=True)


async def get_keypair(session: Session, user_id: str, name: str) -> Keypair | None:
    row = await session.first(
        select(keypairs).where(keypairs.c.user_id == user_id, keypairs.c.name == name)
    )
    return of_row(row) if row else None


async def list_keypairs(
    session: Session, user_id: str, after: str | None = None, limit: int = 1000
) -> list[Keypair]:
    """By name, from the one called `after` on."""
    statement = select(keypairs).where(keypairs.c.user_id == user_id)
    if after is not None:
        statement = statement.where(keypairs.c.name > after)
    rows = await session.all(statement.order_by(keypairs.c.name).limit(limit))
    return [of_row(row) for row in rows]


async def count_keypairs(session: Session, user_id: str) -> int:
    statement = select(func.count()).where(keypairs.c.user_id == user_id)
    return int(await session.scalar(statement))


async def add_keypair(tx: Tx, keypair: Keypair) -> None:
    await tx.execute(
        insert(keypairs).values(
            user_id=keypair.user_id,
            name=keypair.name,
            type=keypair.type,
            fingerprint=keypair.fingerprint,
            public_key=keypair.public_key,
            created_at=keypair.created_at,
        )
    )


async def delete_keypair(tx: Tx, user_id: str, name: str) -> bool:
    gone = delete(keypairs).where(keypairs.c.user_id == user_id, keypairs.c.name == name)
    return await tx.count(gone) == 1


async def delete_keypairs_of(tx: Tx, user_id: str) -> int:
    """All of a user that is gone; how many."""
    return await tx.count(delete(keypairs).where(keypairs.c.user_id == user_id))
