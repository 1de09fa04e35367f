"""Sums that are kept beside what they are sums of, and consumers that hold nothing."""

from __future__ import annotations

from unkai.kit.db import Session
from unkai.kit.leftovers import Leftover
from unkai.placement.service import Placement
from unkai.placement.store import allocations


async def audit_placement(placement: Placement, session: Session) -> list[Leftover]:
    """Empty where every inventory's usage is the sum of its allocations."""
    wrong = [
        Leftover(
            "placement",
            "usage-miscounted",
            row.provider_id,
            f"{row.used} of {row.resource_class} count as taken, {int(row.held)} are claimed.",
        )
        for row in await allocations.miscounted(session)
    ]
    empty = [
        Leftover("placement", "consumer-without-claim", consumer, "It holds nothing.")
        for consumer in sorted(await allocations.empty_consumers(session))
    ]
    return [*wrong, *empty]
