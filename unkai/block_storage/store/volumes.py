"""Rows of volumes with their metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from unkai.block_storage.model import ListQuery, Volume
from unkai.block_storage.store import listing
from unkai.block_storage.store.schema import snapshots, volume_metadata, volumes
from unkai.kit.db import AnyRow, Session, Tx, among

COLUMNS = tuple(column.name for column in volumes.c)
ONE = select(volumes).where(volumes.c.id == bindparam("one"))
METADATA = (
    select(volume_metadata)
    .where(among(volume_metadata.c.volume_id))
    .order_by(volume_metadata.c.name)
)
ADD = insert(volumes)
ADD_METADATA = insert(volume_metadata)
DROP_METADATA = delete(volume_metadata).where(
    volume_metadata.c.volume_id == bindparam("of_volume"), volume_metadata.c.kind == bindparam("of")
)
HOST_OF = select(volumes.c.host).where(volumes.c.id == bindparam("one"))
REMOVE = delete(volumes).where(volumes.c.id == bindparam("one"))


async def load(session: Session, rows: Sequence[AnyRow]) -> list[Volume]:
    if not rows:
        return []
    said: dict[tuple[str, str], dict[str, str]] = {}
    for row in await session.all(METADATA, {"ids": [row.id for row in rows]}):
        said.setdefault((row.volume_id, row.kind), {})[row.name] = row.value
    return [
        Volume(
            **{name: getattr(row, name) for name in COLUMNS},
            metadata=said.get((row.id, "user"), {}),
            image_metadata=said.get((row.id, "image"), {}),
        )
        for row in rows
    ]


async def find(session: Session, volume_id: str) -> Volume | None:
    found = await load(session, await session.all(ONE, {"one": volume_id}))
    return found[0] if found else None


async def host_of(session: Session, volume_id: str) -> str | None:
    """None for one that is not there too."""
    row = await session.first(HOST_OF, {"one": volume_id})
    return None if row is None else row.host


async def page(session: Session, query: ListQuery) -> list[Volume]:
    return await load(session, await listing.page(session, volumes, query))


async def count(session: Session, query: ListQuery) -> int:
    return await listing.count(session, volumes, query)


async def add(tx: Tx, volume: Volume) -> None:
    await tx.execute(ADD, {name: getattr(volume, name) for name in COLUMNS})
    await add_metadata(tx, volume.id, "user", volume.metadata)
    await add_metadata(tx, volume.id, "image", volume.image_metadata)


async def change(tx: Tx, volume_id: str, at: float, **values: Any) -> None:
    statement = update(volumes).where(volumes.c.id == volume_id)
    await tx.execute(statement.values(updated_at=at, **values))


async def remove(tx: Tx, volume_id: str) -> None:
    await tx.execute(REMOVE, {"one": volume_id})


async def set_metadata(tx: Tx, volume_id: str, kind: str, said: Mapping[str, str]) -> None:
    await tx.execute(DROP_METADATA, {"of_volume": volume_id, "of": kind})
    await add_metadata(tx, volume_id, kind, said)


async def add_metadata(tx: Tx, volume_id: str, kind: str, said: Mapping[str, str]) -> None:
    rows = [
        {"volume_id": volume_id, "kind": kind, "name": name, "value": value}
        for name, value in said.items()
    ]
    if rows:
        await tx.execute(ADD_METADATA, rows)


async def hold(tx: Tx, volume_id: str, holder: str) -> bool:
    """Take the volume's data in hand; False where somebody else has it. None left is fine."""
    mine = (volumes.c.id == volume_id) & (volumes.c.hold.is_(None) | (volumes.c.hold == holder))
    return bool(await tx.count(update(volumes).where(mine).values(hold=holder)))


async def let_go(tx: Tx, volume_id: str, holder: str) -> None:
    mine = (volumes.c.id == volume_id) & (volumes.c.hold == holder)
    await tx.execute(update(volumes).where(mine).values(hold=None))


async def ids(session: Session) -> set[str]:
    return set(await session.scalars(select(volumes.c.id)))


async def hosts(session: Session) -> dict[str, str | None]:
    """What every volume says of its host, by its id."""
    rows = await session.all(select(volumes.c.id, volumes.c.host))
    return {row.id: row.host for row in rows}


async def amounts(session: Session) -> dict[str | None, tuple[int, int]]:
    """How many volumes, and GiB, by what they say of their host."""
    total = func.coalesce(func.sum(volumes.c.size), 0).label("total")
    statement = select(volumes.c.host, func.count().label("number"), total)
    rows = await session.all(statement.group_by(volumes.c.host))
    return {row.host: (int(row.number), int(row.total)) for row in rows}


async def whole(session: Session) -> set[str]:
    """Ids of the volumes whose data must be there."""
    found = select(volumes.c.id).where(volumes.c.status.in_(("available", "in-use")))
    return set(await session.scalars(found))


async def of_type(session: Session, volume_type_id: str) -> int:
    found = select(func.count()).where(volumes.c.volume_type_id == volume_type_id)
    return await session.scalar(found)


async def summary(session: Session, project_id: str | None) -> tuple[int, int]:
    """How many, and GiB."""
    total = func.coalesce(func.sum(volumes.c.size), 0).label("total")
    statement = select(func.count().label("number"), total)
    if project_id is not None:
        statement = statement.where(volumes.c.project_id == project_id)
    row = await session.first(statement.select_from(volumes))
    assert row is not None
    return int(row.number), int(row.total)


async def all_metadata(session: Session, project_id: str | None) -> dict[str, list[str]]:
    """Every value that users said, by name."""
    statement = select(volume_metadata.c.name, volume_metadata.c.value).where(
        volume_metadata.c.kind == "user"
    )
    if project_id is not None:
        mine = select(volumes.c.id).where(volumes.c.project_id == project_id)
        statement = statement.where(volume_metadata.c.volume_id.in_(mine))
    found: dict[str, list[str]] = {}
    for row in await session.all(statement.distinct().order_by(volume_metadata.c.value)):
        found.setdefault(row.name, []).append(row.value)
    return found


async def of_group(session: Session, group_id: str) -> list[Volume]:
    rows = await session.all(select(volumes).where(volumes.c.group_id == group_id))
    return await load(session, rows)


async def snapshots_of(session: Session, volume_id: str) -> list[str]:
    """Ids, oldest first."""
    statement = select(snapshots.c.id).where(snapshots.c.volume_id == volume_id)
    return list(await session.scalars(statement.order_by(snapshots.c.created_at)))
