"""Rows of subnet pools and address scopes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, delete, insert, or_, select, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.policy import Caller
from unkai.network.model import AddressScope, SubnetPool
from unkai.network.store.listing import Listing, Shelf, owned_or_all, select_rows, shelf
from unkai.network.store.schema import address_scopes, subnet_pools

SUBNET_POOLS = shelf(subnet_pools)
ADDRESS_SCOPES = shelf(address_scopes)


def _visible(of: Shelf, caller: Caller) -> ColumnElement[bool] | None:
    own = owned_or_all(of, caller)
    return None if own is None else or_(own, of.table.c.shared.is_(True))


async def list_pools(session: Session, listing: Listing, caller: Caller) -> list[SubnetPool]:
    rows = await select_rows(session, SUBNET_POOLS, listing, _visible(SUBNET_POOLS, caller))
    return [_pool(row) for row in rows]


async def find_pool(session: Session, pool_id: str, caller: Caller) -> SubnetPool | None:
    statement = select(subnet_pools).where(subnet_pools.c.id == pool_id)
    visible = _visible(SUBNET_POOLS, caller)
    if visible is not None:
        statement = statement.where(visible)
    row = await session.first(statement)
    return _pool(row) if row is not None else None


async def default_pool(session: Session, ip_version: int) -> SubnetPool | None:
    row = await session.first(
        select(subnet_pools).where(
            subnet_pools.c.is_default.is_(True), subnet_pools.c.ip_version == ip_version
        )
    )
    return _pool(row) if row is not None else None


async def pools_of_scope(session: Session, address_scope_id: str) -> list[SubnetPool]:
    rows = await session.all(
        select(subnet_pools).where(subnet_pools.c.address_scope_id == address_scope_id)
    )
    return [_pool(row) for row in rows]


async def insert_pool(tx: Tx, pool: SubnetPool) -> None:
    await tx.execute(insert(subnet_pools).values(**_values(pool)))


async def save_pool(tx: Tx, pool: SubnetPool) -> None:
    statement = update(subnet_pools).where(subnet_pools.c.id == pool.id)
    await tx.execute(statement.values(**_values(pool)))


async def delete_pool(tx: Tx, pool_id: str) -> None:
    await tx.execute(delete(subnet_pools).where(subnet_pools.c.id == pool_id))


async def list_scopes(session: Session, listing: Listing, caller: Caller) -> list[AddressScope]:
    rows = await select_rows(session, ADDRESS_SCOPES, listing, _visible(ADDRESS_SCOPES, caller))
    return [_scope(row) for row in rows]


async def find_scope(session: Session, scope_id: str, caller: Caller) -> AddressScope | None:
    statement = select(address_scopes).where(address_scopes.c.id == scope_id)
    visible = _visible(ADDRESS_SCOPES, caller)
    if visible is not None:
        statement = statement.where(visible)
    row = await session.first(statement)
    return _scope(row) if row is not None else None


async def insert_scope(tx: Tx, scope: AddressScope) -> None:
    await tx.execute(insert(address_scopes).values(**_scope_values(scope)))


async def save_scope(tx: Tx, scope: AddressScope) -> None:
    statement = update(address_scopes).where(address_scopes.c.id == scope.id)
    await tx.execute(statement.values(**_scope_values(scope)))


async def delete_scope(tx: Tx, scope_id: str) -> None:
    await tx.execute(delete(address_scopes).where(address_scopes.c.id == scope_id))


def _pool(row: AnyRow) -> SubnetPool:
    lists = ("prefixes", "tags")
    values: dict[str, Any] = {
        c.name: tuple(getattr(row, c.name)) if c.name in lists else getattr(row, c.name)
        for c in subnet_pools.columns
    }
    return SubnetPool(**values)


def _values(pool: SubnetPool) -> dict[str, Any]:
    return {column.name: getattr(pool, column.name) for column in subnet_pools.columns}


def _scope(row: AnyRow) -> AddressScope:
    return AddressScope(**{c.name: getattr(row, c.name) for c in address_scopes.columns})


def _scope_values(scope: AddressScope) -> dict[str, Any]:
    return {column.name: getattr(scope, column.name) for column in address_scopes.columns}
