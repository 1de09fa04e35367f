"""Take resources for a consumer, and give them back.

A claim replaces whatever its consumer held, in the caller's transaction: only differences move, by
one UPDATE per provider that fails to match where something does not fit. So capacity holds without
a lock or a sum, and a claim that is repeated changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.placement.model import Allocations, Consumer, Resources, Stock
from unkai.placement.service import Placement
from unkai.placement.store import allocations as held
from unkai.placement.store import inventories, providers

Held = dict[str, dict[str, int]]


async def allocations_of(session: Session, consumer_id: str) -> Held:
    """What a consumer holds: provider id to class to amount."""
    return await held.allocations_of(session, consumer_id)


async def claim(
    placement: Placement,
    tx: Tx,
    consumer_id: str,
    allocations: Allocations,
    *,
    project_id: str,
    user_id: str,
    consumer_type: str = "INSTANCE",
) -> Consumer:
    """Make `allocations` all that the consumer holds.

    Conflict "no-capacity" if a provider cannot give that much now, or has no such class; BadRequest
    if it does not exist. After either the transaction must not be committed.
    """
    consumer = Consumer(
        consumer_id, project_id, user_id, 1, consumer_type, placement.kit.clock.now()
    )
    consumer, touched = await hold(tx, consumer, allocations)
    if touched:
        await providers.bump(tx, sorted(touched), consumer.updated_at)
    return consumer


async def hold(tx: Tx, wish: Consumer, allocations: Allocations) -> tuple[Consumer, set[str]]:
    """A claim that leaves generations to the caller: of the providers it touched, its result."""
    consumer_id = wish.id
    had = await held.get_consumer(tx, consumer_id)
    before = await held.allocations_of(tx, consumer_id) if had else {}
    wanted = {provider_id: dict(given) for provider_id, given in allocations.items() if given}
    if not wanted:
        raise BadRequest("A claim names at least one resource; use a release to give all back.")
    consumer = replace(wish, generation=had.generation + 1 if had else 1)
    if had is None:
        await held.insert_consumer(tx, consumer)
    else:
        if wanted == before:
            consumer = replace(consumer, generation=had.generation)
        await held.update_consumer(tx, had, consumer)
        if wanted == before:
            return consumer, set()
    await inventories.give_back(tx, _surplus(before, wanted))
    for provider_id, more in sorted(_surplus(wanted, before).items()):
        if not await inventories.take(tx, provider_id, more, wanted[provider_id]):
            raise await _no_room(tx, provider_id, more, wanted[provider_id])
    if before:
        await held.delete_allocations(tx, consumer_id)
    await held.insert_allocations(tx, consumer_id, wanted)
    return consumer, {*before, *wanted}


def _surplus(of: Mapping[str, Resources], over: Mapping[str, Resources]) -> Held:
    """By how much `of` holds more than `over`, where it does."""
    more: Held = {}
    for provider_id, resources in of.items():
        other = over.get(provider_id, {})
        for name, amount in resources.items():
            if amount > other.get(name, 0):
                more.setdefault(provider_id, {})[name] = amount - other.get(name, 0)
    return more


async def release(placement: Placement, tx: Tx, consumer_id: str) -> bool:
    """Give back all that a consumer holds; False if it held nothing."""
    before = await held.allocations_of(tx, consumer_id)
    if before:
        await inventories.give_back(tx, before)
        await held.delete_allocations(tx, consumer_id)
    await held.delete_consumer(tx, consumer_id)
    return bool(before)


async def _no_room(
    tx: Tx, provider_id: str, more: Resources, whole: Resources
) -> BadRequest | Conflict:
    provider = await providers.get_provider(tx, provider_id)
    if provider is None:
        return BadRequest(f"Allocation for resource provider '{provider_id}' that does not exist.")
    stocks = await inventories.stocks_of(tx, provider_id)
    reasons: list[str] = []
    for name, amount in more.items():
        stock = stocks.get(name)
        if stock is None:
            reasons.append(f"it has no {name}")
        else:
            reason = why_not(name, stock, amount, whole[name])
            reasons.extend([reason] if reason else [])
    return Conflict(
        f"Unable to allocate inventory: resource provider {provider.name}"
        f" cannot give what is asked: {'; '.join(reasons)}.",
        code="no-capacity",
    )


def why_not(name: str, stock: Stock, amount: int, whole: int | None = None) -> str | None:
    """Why a provider cannot give `amount` more of a class, in words; None if it can.

    whole: what the consumer will then hold, held against the units; as much as `amount` by default.
    """
    whole = amount if whole is None else whole
    inventory = stock.inventory
    if stock.free < amount:
        return f"{amount} {name} asked, {max(stock.free, 0)} of {inventory.capacity} free"
    if whole < inventory.min_unit:
        return f"{whole} {name} asked, at least {inventory.min_unit} at a time are given"
    if whole > inventory.max_unit:
        return f"{whole} {name} asked, at most {inventory.max_unit} at a time are given"
    if whole % inventory.step_size:
        return f"{whole} {name} asked, only multiples of {inventory.step_size} are given"
    return None
