"""What the wire has not been told yet.

Rows are only added and taken away, so that marking never waits for anybody: what was marked again
while it was being applied is simply there once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import bindparam, delete, func, insert, select

from unkai.kit.db import AnyRow, Session, Tx, among
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import dirty

MARK = insert(dirty)
OLDEST = select(dirty).order_by(dirty.c.seq).limit(bindparam("limit"))
SETTLE = delete(dirty).where(among(dirty.c.seq))


async def mark(tx: Tx, things: Iterable[tuple[str, str]]) -> None:
    """`things`: (kind, id)."""
    rows = [{"kind": kind, "id": id} for kind, id in dict.fromkeys(things)]
    if rows:
        await tx.execute(MARK, rows)


async def oldest(session: Session, limit: int) -> Sequence[AnyRow]:
    """(seq, kind, id), oldest first."""
    return await session.all(OLDEST, {"limit": limit})


async def settle(tx: Tx, seqs: Iterable[int]) -> None:
    for part in in_parts(seqs):
        await tx.execute(SETTLE, {"ids": part})


async def count(session: Session) -> int:
    return await session.scalar(select(func.count()).select_from(dirty))
