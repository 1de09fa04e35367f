"""What providers have and what is taken of it, for those who show it elsewhere."""

from __future__ import annotations

from collections.abc import Collection

from unkai.kit.db import Session
from unkai.placement.model import Stock
from unkai.placement.store import inventories, marks, trees


async def stocks_of(session: Session, ids: Collection[str]) -> dict[str, dict[str, Stock]]:
    """Provider id to resource class to what there is; a provider without anything is missing."""
    found: dict[str, dict[str, Stock]] = {}
    every = sorted(ids)
    for at in range(0, len(every), trees.AT_ONCE):
        found |= await inventories.stocks_of_many(session, every[at : at + trees.AT_ONCE])
    return found


async def traits_of_many(session: Session, ids: Collection[str]) -> dict[str, set[str]]:
    """Provider id to its traits; a provider without any is missing."""
    found: dict[str, set[str]] = {}
    every = sorted(ids)
    for at in range(0, len(every), trees.AT_ONCE):
        found |= await marks.traits_of_many(session, every[at : at + trees.AT_ONCE])
    return found


async def traits_of(session: Session, provider_id: str) -> set[str]:
    return await marks.traits_of(session, provider_id)
