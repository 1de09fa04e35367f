"""Rows of providers: trees by `parent_id`, and `root_id` on every member of one."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from unkai.kit.db import AnyRow, Session, StaleWrite, Tx, among
from unkai.placement.model import Provider, Resources
from unkai.placement.names import SHARES_VIA_AGGREGATE
from unkai.placement.store.schema import (
    allocations,
    inventories,
    provider_aggregates,
    provider_traits,
    providers,
)

BUMP = update(providers).where(among(providers.c.id)).values(generation=providers.c.generation + 1)
SHARERS = select(provider_traits.c.provider_id).where(
    provider_traits.c.trait == SHARES_VIA_AGGREGATE
)
NESTED = select(providers.c.id).where(providers.c.parent_id.is_not(None))
NESTED_OR_SHARED = select(or_(exists(NESTED.limit(1)), exists(SHARERS.limit(1))))
ROOTS = (
    select(providers.c.id)
    .where(providers.c.parent_id.is_(None), providers.c.id.not_in(SHARERS))
    .order_by(providers.c.name)
)


def provider_of(row: AnyRow) -> Provider:
    return Provider(row.id, row.name, row.generation, row.parent_id, row.root_id, row.updated_at)


async def get_provider(session: Session, provider_id: str) -> Provider | None:
    row = await session.first(select(providers).where(providers.c.id == provider_id))
    return provider_of(row) if row else None


async def get_providers(session: Session, ids: Collection[str]) -> dict[str, Provider]:
    rows = await session.all(select(providers).where(providers.c.id.in_(ids)))
    return {row.id: provider_of(row) for row in rows}


async def find_by_name(session: Session, name: str) -> Provider | None:
    row = await session.first(select(providers).where(providers.c.name == name))
    return provider_of(row) if row else None


async def insert_provider(tx: Tx, provider: Provider) -> None:
    await tx.execute(
        insert(providers).values(
            id=provider.id,
            name=provider.name,
            generation=provider.generation,
            parent_id=provider.parent_id,
            root_id=provider.root_id,
            updated_at=provider.updated_at,
        )
    )


async def rename_provider(tx: Tx, provider_id: str, name: str, now: float) -> None:
    await tx.execute(
        update(providers).where(providers.c.id == provider_id).values(name=name, updated_at=now)
    )


async def ids_below(session: Session, provider: Provider) -> set[str]:
    """The provider's own id and those of everything below it."""
    rows = await session.all(
        select(providers.c.id, providers.c.parent_id).where(providers.c.root_id == provider.root_id)
    )
    found = {provider.id}
    grew = True
    while grew:
        more = {row.id for row in rows if row.parent_id in found} - found
        found |= more
        grew = bool(more)
    return found


async def move_provider(
    tx: Tx, provider: Provider, parent: Provider | None, below: Collection[str], now: float
) -> None:
    """Hang a provider with everything below it under another, or make it a root."""
    await tx.execute(
        update(providers)
        .where(providers.c.id == provider.id)
        .values(parent_id=parent.id if parent else None, updated_at=now)
    )
    await tx.execute(
        update(providers)
        .where(providers.c.id.in_(below))
        .values(root_id=parent.root_id if parent else provider.id)
    )


async def bump(tx: Tx, ids: Collection[str], now: float) -> None:
    """Move the generations of these providers."""
    await tx.execute(BUMP, {"ids": ids, "updated_at": now})


async def bump_from(tx: Tx, provider: Provider, now: float) -> Provider:
    """Move the generation of a provider as it was read; StaleWrite if it moved since."""
    moved = await tx.count(
        update(providers)
        .where(providers.c.id == provider.id, providers.c.generation == provider.generation)
        .values(generation=provider.generation + 1, updated_at=now)
    )
    if moved != 1:
        raise StaleWrite(f"resource provider {provider.id} changed")
    return Provider(
        provider.id,
        provider.name,
        provider.generation + 1,
        provider.parent_id,
        provider.root_id,
        now,
    )


async def delete_provider(tx: Tx, provider_id: str) -> None:
    for table in (inventories, provider_traits, provider_aggregates):
        await tx.execute(delete(table).where(table.c.provider_id == provider_id))
    await tx.execute(delete(providers).where(providers.c.id == provider_id))


async def has_children(session: Session, provider_id: str) -> bool:
    statement = select(providers.c.id).where(providers.c.parent_id == provider_id).limit(1)
    return await session.scalar(statement) is not None


async def has_allocations(session: Session, provider_id: str) -> bool:
    statement = (
        select(allocations.c.consumer_id).where(allocations.c.provider_id == provider_id).limit(1)
    )
    return await session.scalar(statement) is not None


async def is_flat(session: Session) -> bool:
    """Whether every provider stands alone: none below another, none shared."""
    return not await session.scalar(NESTED_OR_SHARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFilter:
    """What a list of providers is narrowed by; None and empty mean not at all."""

    ids: frozenset[str] | None = None
    names: frozenset[str] | None = None
    root_ids: frozenset[str] | None = None
    not_ids: frozenset[str] = frozenset()
    resources: Resources | None = None
    required_traits: frozenset[str] = frozenset()
    any_traits: tuple[frozenset[str], ...] = ()
    forbidden_traits: frozenset[str] = frozenset()
    member_of: tuple[frozenset[str], ...] = ()
    not_member_of: frozenset[str] = frozenset()


def _trait(wanted: Collection[str]) -> Any:
    return exists().where(
        provider_traits.c.provider_id == providers.c.id, provider_traits.c.trait.in_(wanted)
    )


def _aggregate(wanted: Collection[str]) -> Any:
    return exists().where(
        provider_aggregates.c.provider_id == providers.c.id,
        provider_aggregates.c.aggregate_id.in_(wanted),
    )


def fits(stock: Any, amount: ColumnElement[int]) -> list[Any]:
    """Conditions on an alias of `inventories`: that it can give `amount` now."""
    return [
        stock.c.free >= amount,
        stock.c.min_unit <= amount,
        stock.c.max_unit >= amount,
        amount % stock.c.step_size == 0,
    ]


def narrowed(statement: Select[Any], by: ProviderFilter) -> Select[Any]:
    """The statement, which names `providers`, with the filter's conditions."""
    columns = ((providers.c.id, by.ids), (providers.c.name, by.names))
    for column, wanted in (*columns, (providers.c.root_id, by.root_ids)):
        if wanted is not None:
            statement = statement.where(column.in_(wanted))
    if by.not_ids:
        statement = statement.where(providers.c.id.not_in(by.not_ids))
    for trait in sorted(by.required_traits):
        statement = statement.where(_trait([trait]))
    for choice in by.any_traits:
        statement = statement.where(_trait(sorted(choice)))
    if by.forbidden_traits:
        statement = statement.where(~_trait(sorted(by.forbidden_traits)))
    for choice in by.member_of:
        statement = statement.where(_aggregate(sorted(choice)))
    if by.not_member_of:
        statement = statement.where(~_aggregate(sorted(by.not_member_of)))
    return _holding(statement, {name: literal(n) for name, n in (by.resources or {}).items()})


def _holding(statement: Select[Any], amounts: Mapping[str, ColumnElement[int]]) -> Select[Any]:
    """The statement, which names `providers`, for those that can give this much of each class."""
    for resource_class, amount in amounts.items():
        stock = inventories.alias()
        statement = statement.join(
            stock,
            (stock.c.provider_id == providers.c.id) & (stock.c.resource_class == resource_class),
        ).where(*fits(stock, amount))
    return statement


async def list_providers(
    session: Session, by: ProviderFilter, limit: int | None = None
) -> list[Provider]:
    rows = await session.all(narrowed(select(providers), by).limit(limit))
    return [provider_of(row) for row in rows]


async def pick_providers(
    session: Session, by: ProviderFilter, limit: int | None, prefer_free: str | None
) -> list[str]:
    """Ids of providers that fit; the emptiest first where a class is preferred.

    The search walks the index of free amounts of one class from its emptiest provider on and looks
    at the others by their primary key, so that it ends after about `limit` providers.
    """
    resources = by.resources or {}
    parameters: dict[str, int] = {f"amount_{at}": n for at, n in enumerate(resources.values())}
    statement = _picking(tuple(resources), prefer_free, limited=limit is not None)
    rest = replace(by, resources=None)
    if rest != ProviderFilter():
        statement = narrowed(statement, rest)
    if limit is not None:
        parameters["limit"] = limit
    return list(await session.scalars(statement, parameters))


@functools.lru_cache(maxsize=256)
def _picking(classes: tuple[str, ...], prefer_free: str | None, *, limited: bool) -> Select[Any]:
    """Providers that can give `amount_0` of the first class, and so on; at most `limit`."""
    statement = select(providers.c.id)
    amounts = {one: bindparam(f"amount_{at}", type_=Integer()) for at, one in enumerate(classes)}
    if classes:
        lead = prefer_free if prefer_free in amounts else classes[0]
        stock = inventories.alias()
        statement = (
            select(stock.c.provider_id)
            .join(providers, providers.c.id == stock.c.provider_id)
            .where(stock.c.resource_class == lead, *fits(stock, amounts.pop(lead)))
        )
        if prefer_free is not None:
            statement = statement.order_by(stock.c.free.desc())
    statement = _holding(statement, amounts)
    return statement.limit(bindparam("limit", type_=Integer())) if limited else statement


async def count_roots(session: Session) -> int:
    statement = select(func.count()).where(providers.c.parent_id.is_(None))
    return int(await session.scalar(statement))


async def list_roots(session: Session) -> list[str]:
    """Ids of all root providers that are not there to be shared, by name."""
    return list(await session.scalars(ROOTS))
