"""Provider trees read whole, a few hundred at a time and by a handful of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from unkai.kit.db import Session, among
from unkai.placement.model import Provider, Stock, Summary
from unkai.placement.names import SHARES_VIA_AGGREGATE
from unkai.placement.store import inventories, marks
from unkai.placement.store.providers import provider_of
from unkai.placement.store.schema import providers

AT_ONCE = 400
"""Trees per read: bound parameters are limited, and so is what a search reads in vain."""


@dataclass(frozen=True, slots=True)
class Member:
    """A provider with all that a search looks at. `ancestors` has its own id and those above it."""

    provider: Provider
    stocks: dict[str, Stock]
    traits: frozenset[str]
    aggregates: frozenset[str]
    ancestors: frozenset[str] = frozenset()

    @property
    def summary(self) -> Summary:
        return Summary(self.provider, self.stocks, self.traits)


@dataclass(frozen=True, slots=True)
class Tree:
    """A root with everything below it, and the providers that share with it."""

    root: Member
    members: list[Member]
    sharing: list[Member] = field(default_factory=list[Member])


NOTHING: frozenset[str] = frozenset()
BELOW = select(providers).where(among(providers.c.root_id))


async def read_members(session: Session, rows: Sequence[Provider]) -> list[Member]:
    ids = [one.id for one in rows]
    stocks = await inventories.stocks_of_many(session, ids)
    traits = await marks.traits_of_many(session, ids)
    aggregates = await marks.aggregates_of_many(session, ids)
    parents = {one.id: one.parent_id for one in rows}
    found: list[Member] = []
    for one in rows:
        chain, above = {one.id}, one.parent_id
        while above is not None and above not in chain:
            chain.add(above)
            above = parents.get(above)
        found.append(
            Member(
                one,
                stocks.get(one.id, {}),
                frozenset(traits.get(one.id, NOTHING)),
                frozenset(aggregates.get(one.id, NOTHING)),
                frozenset(chain),
            )
        )
    return found


async def read_trees(
    session: Session, root_ids: Collection[str], sharing: Sequence[Member] = ()
) -> list[Tree]:
    """The trees of these roots (at most AT_ONCE), in the order of `root_ids`."""
    rows = [provider_of(row) for row in await session.all(BELOW, {"ids": root_ids})]
    by_root: dict[str, list[Member]] = {}
    for member in await read_members(session, rows):
        by_root.setdefault(member.provider.root_id, []).append(member)
    trees: list[Tree] = []
    for root_id in root_ids:
        members = by_root.get(root_id, [])
        root = next((one for one in members if one.provider.id == root_id), None)
        if root is None:
            continue
        joined = {aggregate for one in members for aggregate in one.aggregates}
        helpers = [
            one
            for one in sharing
            if one.provider.root_id != root_id and not joined.isdisjoint(one.aggregates)
        ]
        trees.append(Tree(root, members, helpers))
    return trees


async def read_sharing(session: Session) -> list[Member]:
    """Providers that share what they have with the members of their aggregates."""
    ids = list(await marks.sharers(session, SHARES_VIA_AGGREGATE))
    if not ids:
        return []
    rows = await session.all(select(providers).where(providers.c.id.in_(ids)))
    return await read_members(session, [provider_of(row) for row in rows])
