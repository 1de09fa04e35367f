"""The keys of encrypted volumes, sealed. A row goes with the last volume or backup of the key."""

from __future__ import annotations

from sqlalchemy import bindparam, delete, exists, insert, select

from unkai.block_storage.store.schema import backups, keys, volumes
from unkai.kit.db import Session, Tx

ONE = select(keys.c.sealed).where(keys.c.id == bindparam("one"))
REMOVE = delete(keys).where(
    keys.c.id == bindparam("one"),
    ~exists().where(volumes.c.encryption_key_id == keys.c.id),
    ~exists().where(backups.c.encryption_key_id == keys.c.id),
)


async def find(session: Session, key_id: str) -> str | None:
    """The sealed key."""
    row = await session.first(ONE, {"one": key_id})
    return row.sealed if row else None


async def add(tx: Tx, key_id: str, sealed: str, at: float) -> None:
    await tx.execute(insert(keys), {"id": key_id, "sealed": sealed, "created_at": at})


async def remove_unused(tx: Tx, key_id: str) -> None:
    await tx.execute(REMOVE, {"one": key_id})
