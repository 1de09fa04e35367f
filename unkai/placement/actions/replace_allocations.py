"""Put what consumers hold into the place of what they held, several at once and checked.

All give back first and take afterwards, so that consumers may hand resources to each other; it is
one transaction, so nobody sees the moment between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.placement.actions.claim import hold
from unkai.placement.actions.names import unknown_classes
from unkai.placement.actions.providers import set_inventories
from unkai.placement.model import UNKNOWN_TYPE, Allocations, Consumer, Inventory
from unkai.placement.service import Placement
from unkai.placement.store import allocations as held
from unkai.placement.store import inventories, providers


@dataclass(frozen=True, slots=True)
class Replacement:
    """What a consumer is to hold; nothing means it gives all back.

    generation: the consumer's as the client knows it, None for a consumer that is not there yet; it
    counts only where `checked`.
    """

    consumer_id: str
    allocations: Allocations
    project_id: str
    user_id: str
    consumer_type: str | None = None
    generation: int | None = None
    checked: bool = False


async def replace_allocations(
    placement: Placement,
    tx: Tx,
    wanted: Sequence[Replacement],
    new_inventories: Mapping[str, Mapping[str, Inventory]] | None = None,
) -> None:
    """Conflict "concurrent_update" if a consumer moved, "no-capacity" if something does not fit.

    new_inventories: providers whose inventories change between giving back and taking.
    """
    unknown = await unknown_classes(
        tx, {name for one in wanted for given in one.allocations.values() for name in given}
    )
    if unknown:
        raise BadRequest(f"No such resource class: {', '.join(sorted(unknown))}.")
    now = placement.kit.clock.now()
    touched: set[str] = set()
    for one in wanted:
        touched |= await _give_back(tx, one)
    for provider_id, stock in (new_inventories or {}).items():
        await set_inventories(placement, tx, provider_id, stock)
    for one in wanted:
        if not any(one.allocations.values()):
            await held.delete_consumer(tx, one.consumer_id)
            continue
        had = await held.get_consumer(tx, one.consumer_id)
        kept = had.consumer_type if had else UNKNOWN_TYPE
        kind = one.consumer_type or kept
        consumer = Consumer(one.consumer_id, one.project_id, one.user_id, 1, kind, now)
        touched |= (await hold(tx, consumer, one.allocations))[1]
    if touched:
        await providers.bump(tx, sorted(touched), now)


async def _give_back(tx: Tx, one: Replacement) -> set[str]:
    """The providers that have more now."""
    had = await held.get_consumer(tx, one.consumer_id)
    if one.checked and (had.generation if had else None) != one.generation:
        expected = had.generation if had else "no allocations"
        raise Conflict(
            f"consumer generation conflict - expected {expected} but got"
            f" {'null' if one.generation is None else one.generation} for consumer"
            f" {one.consumer_id}.",
            code="concurrent_update",
        )
    before = await held.allocations_of(tx, one.consumer_id)
    if before:
        await inventories.give_back(tx, before)
        await held.delete_allocations(tx, one.consumer_id)
    return set(before)
