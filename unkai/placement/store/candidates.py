"""Which trees are worth reading for a request, decided in the database."""

from __future__ import annotations

from sqlalchemy import literal, or_, select

from unkai.kit.db import Session
from unkai.placement.model import CandidateRequest
from unkai.placement.names import SHARES_VIA_AGGREGATE
from unkai.placement.store.providers import fits
from unkai.placement.store.schema import inventories, provider_traits, providers


async def possible_roots(session: Session, request: CandidateRequest) -> list[str]:
    """Roots of which each class that is asked fits somewhere in the tree, or is shared with some.

    Necessary, not sufficient: what needs a look at the whole tree comes later.
    """
    root = providers.alias()
    statement = select(root.c.id).where(root.c.parent_id.is_(None))
    if request.provider_names is not None:
        statement = statement.where(root.c.name.in_(request.provider_names))
    if request.not_provider_ids:
        statement = statement.where(root.c.id.not_in(request.not_provider_ids))
    needs = [
        (name, amount)
        for group in (request, *request.groups)
        for name, amount in group.resources.items()
    ]
    shares = select(provider_traits.c.provider_id).where(
        provider_traits.c.trait == SHARES_VIA_AGGREGATE
    )
    for name, amount in needs:
        of_class = (inventories.c.resource_class == name, *fits(inventories, literal(amount)))
        inside = (
            select(providers.c.root_id)
            .join(inventories, inventories.c.provider_id == providers.c.id)
            .where(*of_class)
        )
        shared = (
            select(inventories.c.provider_id)
            .where(*of_class, inventories.c.provider_id.in_(shares))
            .limit(1)
        )
        statement = statement.where(or_(root.c.id.in_(inside), shared.exists()))
    return list(await session.scalars(statement))
