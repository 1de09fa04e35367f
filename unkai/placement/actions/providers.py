"""Say what there is: providers with their inventories, traits and aggregates.

Each verb states how things should be and writes only what differs, so a report may be repeated as
often as one likes. Custom names are made on the way.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.placement.actions.names import ensure_classes, ensure_traits
from unkai.placement.model import UNIT_MAX, Inventory, Provider
from unkai.placement.service import Placement
from unkai.placement.store import inventories, marks, providers


async def ensure_provider(
    placement: Placement, tx: Tx, provider_id: str, name: str, parent_id: str | None = None
) -> Provider:
    """Make a provider, or bring its name and parent to what is said."""
    had = await providers.get_provider(tx, provider_id)
    if had is None:
        return await create_provider(placement, tx, provider_id, name, parent_id)
    if (had.name, had.parent_id) == (name, parent_id):
        return had
    return await change_provider(placement, tx, had, name, parent_id)


async def need_provider(session: Session, provider_id: str) -> Provider:
    """The provider; NotFound if there is none."""
    found = await providers.get_provider(session, provider_id)
    if found is None:
        raise NotFound(
            f"No resource provider with uuid {provider_id} found.",
            code="resource_provider.not_found",
        )
    return found


async def _refuse_name(tx: Tx, name: str, provider_id: str) -> None:
    other = await providers.find_by_name(tx, name)
    if other is not None and other.id != provider_id:
        raise Conflict(
            f"Conflicting resource provider name: {name} already exists.", code="duplicate_name"
        )


async def _parent(tx: Tx, parent_id: str | None) -> Provider | None:
    if parent_id is None:
        return None
    parent = await providers.get_provider(tx, parent_id)
    if parent is None:
        raise BadRequest(f"The parent provider {parent_id} does not exist.")
    return parent


async def create_provider(
    placement: Placement, tx: Tx, provider_id: str, name: str, parent_id: str | None
) -> Provider:
    """A new provider; Conflict if its id or name is taken, BadRequest without its parent."""
    if await providers.get_provider(tx, provider_id) is not None:
        raise Conflict(
            f"Conflicting resource provider uuid: {provider_id} already exists.",
            code="duplicate_name",
        )
    await _refuse_name(tx, name, provider_id)
    parent = await _parent(tx, parent_id)
    root_id = parent.root_id if parent else provider_id
    now = placement.kit.clock.now()
    made = Provider(provider_id, name, 0, parent_id, root_id, now)
    await providers.insert_provider(tx, made)
    return made


async def change_provider(
    placement: Placement, tx: Tx, had: Provider, name: str, parent_id: str | None
) -> Provider:
    """Rename a provider, hang it elsewhere, or make it a root."""
    now = placement.kit.clock.now()
    if name != had.name:
        await _refuse_name(tx, name, had.id)
        await providers.rename_provider(tx, had.id, name, now)
    if parent_id != had.parent_id:
        parent = await _parent(tx, parent_id)
        below = await providers.ids_below(tx, had)
        if parent is not None and parent.id in below:
            raise BadRequest(
                f"Resource provider {had.id} cannot stand under {parent.id}: that would be a loop."
            )
        await providers.move_provider(tx, had, parent, below, now)
    return await need_provider(tx, had.id)


async def delete_provider(placement: Placement, tx: Tx, provider_id: str) -> None:
    """Forget a provider; Conflict while somebody uses it or something stands below it."""
    provider = await need_provider(tx, provider_id)
    if await providers.has_children(tx, provider_id):
        raise Conflict(
            f"Unable to delete parent resource provider {provider.name}: it has child resource"
            " providers. Delete them first.",
            code="resource_provider.cannot_delete_parent",
        )
    if await providers.has_allocations(tx, provider_id):
        raise Conflict(
            f"Unable to delete resource provider {provider.name}: it has allocations. Delete or"
            " move what runs there first.",
            code="resource_provider.inuse",
        )
    await providers.delete_provider(tx, provider_id)


def check_inventory(resource_class: str, inventory: Inventory) -> None:
    """BadRequest for an inventory that makes no sense."""
    if inventory.reserved > inventory.total:
        raise BadRequest(
            f"Invalid inventory for {resource_class}: reserved ({inventory.reserved}) is more than"
            f" total ({inventory.total})."
        )
    if inventory.min_unit > inventory.max_unit:
        raise BadRequest(f"Invalid inventory for {resource_class}: min_unit is more than max_unit.")
    if inventory.capacity > 2**62 or inventory.total > UNIT_MAX:
        raise BadRequest(f"Invalid inventory for {resource_class}: it is too large.")


async def set_inventories(
    placement: Placement, tx: Tx, provider_id: str, wanted: Mapping[str, Inventory]
) -> Provider:
    """Make `wanted` all that the provider has; Conflict for a class in use that would go.

    What is in use may shrink below its usage: nothing is taken away, nothing more is given.
    """
    provider = await need_provider(tx, provider_id)
    for resource_class, inventory in wanted.items():
        check_inventory(resource_class, inventory)
    had = await inventories.stocks_of(tx, provider_id)
    gone = [name for name in had if name not in wanted]
    in_use = [name for name in gone if had[name].used]
    if in_use:
        raise Conflict(
            f"Inventory for {', '.join(in_use)} on resource provider {provider.name} in use.",
            code="inventory.inuse",
        )
    new = {name: one for name, one in wanted.items() if name not in had}
    changed = {
        name: one for name, one in wanted.items() if name in had and had[name].inventory != one
    }
    if not (gone or new or changed):
        return provider
    await ensure_classes(placement, tx, new)
    if gone:
        await inventories.delete_inventories(tx, provider_id, gone)
    if new:
        await inventories.insert_inventories(tx, provider_id, new)
    for name, inventory in changed.items():
        await inventories.update_inventory(tx, provider_id, name, inventory)
    return await providers.bump_from(tx, provider, placement.kit.clock.now())


async def set_traits(
    placement: Placement, tx: Tx, provider_id: str, wanted: Collection[str]
) -> Provider:
    """Make `wanted` all the provider's traits."""
    provider = await need_provider(tx, provider_id)
    had = await marks.traits_of(tx, provider_id)
    if had == set(wanted):
        return provider
    await ensure_traits(placement, tx, set(wanted) - had)
    await marks.replace_traits(tx, provider_id, had, set(wanted))
    return await providers.bump_from(tx, provider, placement.kit.clock.now())


async def set_aggregates(
    placement: Placement, tx: Tx, provider_id: str, wanted: Collection[str]
) -> Provider:
    """Make `wanted` (uuids) all the aggregates the provider is in."""
    provider = await need_provider(tx, provider_id)
    had = await marks.aggregates_of(tx, provider_id)
    if had == set(wanted):
        return provider
    await marks.replace_aggregates(tx, provider_id, had, set(wanted))
    return await providers.bump_from(tx, provider, placement.kit.clock.now())
