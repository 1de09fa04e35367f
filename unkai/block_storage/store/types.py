"""Volume types, whom private ones are open to, and which is whose default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from unkai.block_storage.model import VolumeType
from unkai.block_storage.store.schema import default_volume_types, volume_type_access, volume_types
from unkai.kit.db import AnyRow, Session, Tx, among

COLUMNS = tuple(column.name for column in volume_types.c)
ONE = select(volume_types).where(volume_types.c.id == bindparam("one"))
NAMED = select(volume_types).where(volume_types.c.name == bindparam("one"))
MANY = select(volume_types).where(among(volume_types.c.id))


def of_row(row: AnyRow) -> VolumeType:
    return VolumeType(**{name: getattr(row, name) for name in COLUMNS})


async def find(session: Session, type_id: str) -> VolumeType | None:
    row = await session.first(ONE, {"one": type_id})
    return of_row(row) if row else None


async def find_named(session: Session, name: str) -> VolumeType | None:
    row = await session.first(NAMED, {"one": name})
    return of_row(row) if row else None


async def find_many(session: Session, type_ids: set[str]) -> dict[str, VolumeType]:
    if not type_ids:
        return {}
    return {row.id: of_row(row) for row in await session.all(MANY, {"ids": sorted(type_ids)})}


async def all_types(
    session: Session, *, public: bool | None, open_to: str | None
) -> list[VolumeType]:
    """public: only such, None means either. open_to: also the private ones of this project."""
    statement = select(volume_types).order_by(
        volume_types.c.created_at.desc(), volume_types.c.id.desc()
    )
    if public is not None:
        kind = volume_types.c.is_public.is_(public)
        if open_to is not None:
            opened = select(volume_type_access.c.volume_type_id).where(
                volume_type_access.c.project_id == open_to
            )
            kind = or_(kind, volume_types.c.id.in_(opened))
        statement = statement.where(kind)
    return [of_row(row) for row in await session.all(statement)]


async def add(tx: Tx, made: VolumeType) -> None:
    await tx.execute(insert(volume_types), {name: getattr(made, name) for name in COLUMNS})


async def change(tx: Tx, type_id: str, at: float, **values: Any) -> None:
    statement = update(volume_types).where(volume_types.c.id == type_id)
    await tx.execute(statement.values(updated_at=at, **values))


async def remove(tx: Tx, type_id: str) -> None:
    await tx.execute(delete(volume_types).where(volume_types.c.id == type_id))


async def with_qos(session: Session, qos_id: str) -> list[VolumeType]:
    rows = await session.all(select(volume_types).where(volume_types.c.qos_specs_id == qos_id))
    return [of_row(row) for row in rows]


async def set_extra_specs(tx: Tx, type_id: str, at: float, specs: Mapping[str, str]) -> None:
    await change(tx, type_id, at, extra_specs=dict(specs))


async def projects_of(session: Session, type_id: str) -> list[str]:
    statement = select(volume_type_access.c.project_id).where(
        volume_type_access.c.volume_type_id == type_id
    )
    return list(await session.scalars(statement.order_by(volume_type_access.c.project_id)))


async def open_to(tx: Tx, type_id: str, project_id: str) -> None:
    await tx.execute(
        insert(volume_type_access), {"volume_type_id": type_id, "project_id": project_id}
    )


async def close_to(tx: Tx, type_id: str, project_id: str) -> bool:
    mine = (volume_type_access.c.volume_type_id == type_id) & (
        volume_type_access.c.project_id == project_id
    )
    return bool(await tx.count(delete(volume_type_access).where(mine)))


async def close_all_to(tx: Tx, project_id: str) -> None:
    await tx.execute(
        delete(volume_type_access).where(volume_type_access.c.project_id == project_id)
    )


async def default_of(session: Session, project_id: str) -> str | None:
    """The id of the project's own default type."""
    statement = select(default_volume_types.c.volume_type_id).where(
        default_volume_types.c.project_id == project_id
    )
    return await session.scalar(statement)


async def defaults(session: Session) -> list[tuple[str, str]]:
    """(project, type) of every project with a default of its own."""
    rows = await session.all(
        select(default_volume_types).order_by(default_volume_types.c.project_id)
    )
    return [(row.project_id, row.volume_type_id) for row in rows]


async def set_default(tx: Tx, project_id: str, type_id: str | None) -> None:
    await tx.execute(
        delete(default_volume_types).where(default_volume_types.c.project_id == project_id)
    )
    if type_id is not None:
        row = {"project_id": project_id, "volume_type_id": type_id}
        await tx.execute(insert(default_volume_types), row)
