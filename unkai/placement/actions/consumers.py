"""Who holds resources, for the audits of those who claim them."""

from __future__ import annotations

from unkai.kit.db import Session
from unkai.placement.service import Placement
from unkai.placement.store import allocations


async def instance_claims(placement: Placement, session: Session) -> dict[str, set[str]]:
    """Every consumer of type INSTANCE that holds something, with the providers it holds it of."""
    return await allocations.holders(session, "INSTANCE")
