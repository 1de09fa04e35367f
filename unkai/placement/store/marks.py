"""What providers are marked with: traits and aggregates; and the custom names that exist."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Table, bindparam, delete, insert, select

from unkai.kit.db import Session, Tx, among
from unkai.placement.store.schema import (
    custom_classes,
    custom_traits,
    provider_aggregates,
    provider_traits,
)

TRAITS = select(provider_traits).where(among(provider_traits.c.provider_id))
AGGREGATES = select(provider_aggregates).where(among(provider_aggregates.c.provider_id))
SHARERS = (
    select(provider_aggregates)
    .join(provider_traits, provider_traits.c.provider_id == provider_aggregates.c.provider_id)
    .where(provider_traits.c.trait == bindparam("of_trait"))
)


async def traits_of(session: Session, provider_id: str) -> set[str]:
    column = provider_traits.c.trait
    return set(
        await session.scalars(select(column).where(provider_traits.c.provider_id == provider_id))
    )


async def traits_of_many(session: Session, ids: Collection[str]) -> dict[str, set[str]]:
    rows = await session.all(TRAITS, {"ids": ids})
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.provider_id, set()).add(row.trait)
    return found


async def replace_traits(tx: Tx, provider_id: str, had: set[str], wanted: set[str]) -> None:
    gone, new = sorted(had - wanted), sorted(wanted - had)
    if gone:
        await tx.execute(
            delete(provider_traits).where(
                provider_traits.c.provider_id == provider_id, provider_traits.c.trait.in_(gone)
            )
        )
    if new:
        rows = [{"provider_id": provider_id, "trait": trait} for trait in new]
        await tx.execute(insert(provider_traits), rows)


async def aggregates_of(session: Session, provider_id: str) -> set[str]:
    statement = select(provider_aggregates.c.aggregate_id).where(
        provider_aggregates.c.provider_id == provider_id
    )
    return set(await session.scalars(statement))


async def aggregates_of_many(session: Session, ids: Collection[str]) -> dict[str, set[str]]:
    rows = await session.all(AGGREGATES, {"ids": ids})
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row.provider_id, set()).add(row.aggregate_id)
    return found


async def replace_aggregates(tx: Tx, provider_id: str, had: set[str], wanted: set[str]) -> None:
    gone, new = sorted(had - wanted), sorted(wanted - had)
    table = provider_aggregates
    if gone:
        await tx.execute(
            delete(table).where(table.c.provider_id == provider_id, table.c.aggregate_id.in_(gone))
        )
    if new:
        rows = [{"provider_id": provider_id, "aggregate_id": one} for one in new]
        await tx.execute(insert(table), rows)


async def sharers(session: Session, trait: str) -> dict[str, set[str]]:
    """Providers with this trait, and their aggregates."""
    found: dict[str, set[str]] = {}
    for row in await session.all(SHARERS, {"of_trait": trait}):
        found.setdefault(row.provider_id, set()).add(row.aggregate_id)
    return found


async def trait_in_use(session: Session, trait: str) -> bool:
    statement = (
        select(provider_traits.c.provider_id).where(provider_traits.c.trait == trait).limit(1)
    )
    return await session.scalar(statement) is not None


async def traits_in_use(session: Session) -> set[str]:
    return set(await session.scalars(select(provider_traits.c.trait).distinct()))


async def _known(session: Session, table: Table, names: Collection[str] | None) -> dict[str, float]:
    statement = select(table)
    if names is not None:
        statement = statement.where(table.c.name.in_(names))
    return {row.name: row.updated_at for row in await session.all(statement)}


async def known_traits(session: Session, names: Collection[str] | None = None) -> dict[str, float]:
    """Custom traits that exist, of these names or all, and when they were made."""
    return await _known(session, custom_traits, names)


async def known_classes(session: Session, names: Collection[str] | None = None) -> dict[str, float]:
    """Custom resource classes that exist, of these names or all, and when they were made."""
    return await _known(session, custom_classes, names)


async def insert_traits(tx: Tx, names: Collection[str], now: float) -> None:
    await tx.execute(insert(custom_traits), [{"name": n, "updated_at": now} for n in names])


async def insert_classes(tx: Tx, names: Collection[str], now: float) -> None:
    await tx.execute(insert(custom_classes), [{"name": n, "updated_at": now} for n in names])


async def delete_trait(tx: Tx, name: str) -> bool:
    return await tx.count(delete(custom_traits).where(custom_traits.c.name == name)) == 1


async def delete_class(tx: Tx, name: str) -> bool:
    return await tx.count(delete(custom_classes).where(custom_classes.c.name == name)) == 1
