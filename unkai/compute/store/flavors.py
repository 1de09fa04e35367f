"""Flavors, and which projects private ones are open to."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from sqlalchemy import and_, bindparam, delete, exists, insert, or_, select, update

from unkai.compute.model import Flavor
from unkai.compute.store.schema import flavor_access, flavors
from unkai.kit.db import AnyRow, Session, Tx

SORT_KEYS = {
    "flavorid": flavors.c.id,
    "id": flavors.c.id,
    "name": flavors.c.name,
    "memory_mb": flavors.c.ram,
    "root_gb": flavors.c.disk,
    "vcpus": flavors.c.vcpus,
    "swap": flavors.c.swap,
    "ephemeral_gb": flavors.c.ephemeral,
    "rxtx_factor": flavors.c.rxtx_factor,
    "is_public": flavors.c.is_public,
    "disabled": flavors.c.disabled,
    "created_at": flavors.c.created_at,
    "updated_at": flavors.c.updated_at,
}


def of_row(row: AnyRow) -> Flavor:
    return msgspec.convert(row, Flavor, from_attributes=True)


_ONE = select(flavors).where(flavors.c.id == bindparam("one"))


async def get_flavor(session: Session, flavor_id: str) -> Flavor | None:
    row = await session.first(_ONE, {"one": flavor_id})
    return of_row(row) if row else None


async def has_access(session: Session, flavor_id: str, project_id: str) -> bool:
    """Whether a private flavor was opened to the project."""
    return (
        await session.first(
            select(flavor_access.c.flavor_id).where(
                flavor_access.c.flavor_id == flavor_id, flavor_access.c.project_id == project_id
            )
        )
    ) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorQuery:
    """public: only such; None means either. open_to: also the private ones of this project."""

    public: bool | None = True
    open_to: str | None = None
    min_ram: int = 0
    min_disk: int = 0
    sort_key: str = "flavorid"
    descending: bool = False
    marker: Flavor | None = None
    limit: int = 1000


async def list_flavors(session: Session, query: FlavorQuery) -> list[Flavor]:
    column = SORT_KEYS[query.sort_key]
    statement = select(flavors)
    if query.public is not None:
        kind = flavors.c.is_public.is_(query.public)
        if query.open_to is not None:
            opened = exists().where(
                flavor_access.c.flavor_id == flavors.c.id,
                flavor_access.c.project_id == query.open_to,
            )
            kind = or_(kind, opened)
        statement = statement.where(kind)
    if query.min_ram:
        statement = statement.where(flavors.c.ram >= query.min_ram)
    if query.min_disk:
        statement = statement.where(flavors.c.disk >= query.min_disk)
    if query.marker is not None:
        field = {"flavorid": "id", "memory_mb": "ram", "root_gb": "disk"}
        field |= {"ephemeral_gb": "ephemeral"}
        value = getattr(query.marker, field.get(query.sort_key, query.sort_key))
        beyond = column < value if query.descending else column > value
        same = (
            flavors.c.id < query.marker.id if query.descending else (flavors.c.id > query.marker.id)
        )
        statement = statement.where(or_(beyond, and_(column == value, same)))
    order = (column.desc(), flavors.c.id.desc()) if query.descending else (column, flavors.c.id)
    rows = await session.all(statement.order_by(*order).limit(query.limit))
    return [of_row(row) for row in rows]


async def find_by_name(session: Session, name: str) -> Flavor | None:
    row = await session.first(select(flavors).where(flavors.c.name == name))
    return of_row(row) if row else None


async def add_flavor(tx: Tx, flavor: Flavor) -> None:
    values = {name: getattr(flavor, name) for name in flavor.__struct_fields__}
    await tx.execute(insert(flavors).values(**values))


async def describe_flavor(tx: Tx, flavor_id: str, description: str | None, now: float) -> None:
    await tx.execute(
        update(flavors)
        .where(flavors.c.id == flavor_id)
        .values(description=description, updated_at=now)
    )


async def set_extra_specs(tx: Tx, flavor_id: str, specs: dict[str, str], now: float) -> None:
    await tx.execute(
        update(flavors).where(flavors.c.id == flavor_id).values(extra_specs=specs, updated_at=now)
    )


async def delete_flavor(tx: Tx, flavor_id: str) -> bool:
    await tx.execute(delete(flavor_access).where(flavor_access.c.flavor_id == flavor_id))
    return await tx.count(delete(flavors).where(flavors.c.id == flavor_id)) == 1


async def projects_of(session: Session, flavor_id: str) -> list[str]:
    """Projects that a private flavor is open to."""
    statement = (
        select(flavor_access.c.project_id)
        .where(flavor_access.c.flavor_id == flavor_id)
        .order_by(flavor_access.c.project_id)
    )
    return list(await session.scalars(statement))


async def open_to(tx: Tx, flavor_id: str, project_id: str) -> None:
    await tx.execute(insert(flavor_access).values(flavor_id=flavor_id, project_id=project_id))


async def close_to(tx: Tx, flavor_id: str, project_id: str) -> bool:
    gone = delete(flavor_access).where(
        flavor_access.c.flavor_id == flavor_id, flavor_access.c.project_id == project_id
    )
    return await tx.count(gone) == 1


async def close_all_to(tx: Tx, project_id: str) -> None:
    """Every private flavor, to a project that is gone."""
    await tx.execute(delete(flavor_access).where(flavor_access.c.project_id == project_id))
