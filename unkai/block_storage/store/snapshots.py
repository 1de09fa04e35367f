"""Rows of snapshots with their metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from unkai.block_storage.model import ListQuery, Snapshot
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import snapshot_metadata, snapshots
from unkai.kit.db import AnyRow, Session, Tx, among

COLUMNS = tuple(column.name for column in snapshots.c)
ONE = select(snapshots).where(snapshots.c.id == bindparam("one"))
METADATA = (
    select(snapshot_metadata)
    .where(among(snapshot_metadata.c.snapshot_id))
    .order_by(snapshot_metadata.c.name)
)
ADD = insert(snapshots)
ADD_METADATA = insert(snapshot_metadata)
DROP_METADATA = delete(snapshot_metadata).where(
    snapshot_metadata.c.snapshot_id == bindparam("of_snapshot")
)
REMOVE = delete(snapshots).where(snapshots.c.id == bindparam("one"))


async def load(session: Session, rows: Sequence[AnyRow]) -> list[Snapshot]:
    if not rows:
        return []
    said: dict[str, dict[str, str]] = {}
    for row in await session.all(METADATA, {"ids": [row.id for row in rows]}):
        said.setdefault(row.snapshot_id, {})[row.name] = row.value
    return [
        Snapshot(**{name: getattr(row, name) for name in COLUMNS}, metadata=said.get(row.id, {}))
        for row in rows
    ]


async def find(session: Session, snapshot_id: str) -> Snapshot | None:
    found = await load(session, await session.all(ONE, {"one": snapshot_id}))
    return found[0] if found else None


async def page(session: Session, query: ListQuery) -> list[Snapshot]:
    return await load(session, await listing.page(session, snapshots, query))


async def count(session: Session, query: ListQuery) -> int:
    return await listing.count(session, snapshots, query)


async def add(tx: Tx, snapshot: Snapshot) -> None:
    await tx.execute(ADD, {name: getattr(snapshot, name) for name in COLUMNS})
    await _add_metadata(tx, snapshot.id, snapshot.metadata)


async def change(tx: Tx, snapshot_id: str, at: float, **values: Any) -> None:
    statement = update(snapshots).where(snapshots.c.id == snapshot_id)
    await tx.execute(statement.values(updated_at=at, **values))


async def remove(tx: Tx, snapshot_id: str) -> None:
    await tx.execute(REMOVE, {"one": snapshot_id})


async def set_metadata(tx: Tx, snapshot_id: str, said: Mapping[str, str]) -> None:
    await tx.execute(DROP_METADATA, {"of_snapshot": snapshot_id})
    await _add_metadata(tx, snapshot_id, said)


async def of_volume(session: Session, volume_id: str) -> list[Snapshot]:
    """Oldest first."""
    statement = select(snapshots).where(snapshots.c.volume_id == volume_id)
    rows = await session.all(statement.order_by(snapshots.c.created_at, snapshots.c.id))
    return await load(session, rows)


async def ids(session: Session) -> set[str]:
    return set(await session.scalars(select(snapshots.c.id)))


async def whole(session: Session) -> set[str]:
    """Ids of the snapshots whose data must be there."""
    return set(
        await session.scalars(select(snapshots.c.id).where(snapshots.c.status == "available"))
    )


async def _add_metadata(tx: Tx, snapshot_id: str, said: Mapping[str, str]) -> None:
    rows = [
        {"snapshot_id": snapshot_id, "name": name, "value": value} for name, value in said.items()
    ]
    if rows:
        await tx.execute(ADD_METADATA, rows)
