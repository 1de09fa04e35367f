"""Make sure that the names a request speaks of exist."""

from __future__ import annotations

from collections.abc import Collection

from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.placement import names
from unkai.placement.service import Placement
from unkai.placement.store import inventories, marks


async def unknown_traits(session: Session, wanted: Collection[str]) -> set[str]:
    custom = {name for name in wanted if names.is_custom(name)}
    unknown = set(wanted) - custom
    if unknown:
        unknown -= names.standard_traits()
    if custom:
        unknown |= custom - (await marks.known_traits(session, custom)).keys()
    return unknown


async def unknown_classes(session: Session, wanted: Collection[str]) -> set[str]:
    unknown = set(wanted) - names.STANDARD_CLASSES
    if unknown:
        unknown -= (await marks.known_classes(session, unknown)).keys()
    return unknown


def _refuse(kind: str, unknown: Collection[str]) -> None:
    bad = sorted(name for name in unknown if not names.is_custom(name))
    if bad:
        raise BadRequest(
            f"There is no such {kind}: {', '.join(bad)}. One of your own is called CUSTOM_ and"
            " capitals, digits or underscores."
        )


async def ensure_traits(placement: Placement, tx: Tx, wanted: Collection[str]) -> None:
    """Make the custom ones that are missing; BadRequest for a name that cannot be."""
    unknown = await unknown_traits(tx, wanted)
    _refuse("trait", unknown)
    if unknown:
        await marks.insert_traits(tx, sorted(unknown), placement.kit.clock.now())


async def ensure_classes(placement: Placement, tx: Tx, wanted: Collection[str]) -> None:
    """Make the custom ones that are missing; BadRequest for a name that cannot be."""
    unknown = await unknown_classes(tx, wanted)
    _refuse("resource class", unknown)
    if unknown:
        await marks.insert_classes(tx, sorted(unknown), placement.kit.clock.now())


async def delete_trait(tx: Tx, name: str) -> None:
    """Forget a custom trait; Conflict while a provider has it."""
    if name in names.standard_traits():
        raise BadRequest(f"Cannot delete standard trait {name}.")
    if await marks.trait_in_use(tx, name):
        raise Conflict(f"The trait {name} is in use by a resource provider.")
    if not await marks.delete_trait(tx, name):
        raise NotFound(f"No such trait(s): {name}.")


async def delete_class(tx: Tx, name: str) -> None:
    """Forget a custom resource class; Conflict while a provider has it."""
    if name in names.STANDARD_CLASSES:
        raise BadRequest(f"Cannot delete standard resource class {name}.")
    if await inventories.class_in_use(tx, name):
        raise Conflict(f"Cannot delete resource class {name}: a resource provider has it.")
    if not await marks.delete_class(tx, name):
        raise NotFound(f"No such resource class {name}.")


async def rename_class(placement: Placement, tx: Tx, name: str, new: str) -> None:
    """Call a custom resource class otherwise, wherever somebody has it."""
    if name in names.STANDARD_CLASSES:
        raise BadRequest(f"Cannot update standard resource class {name}.")
    if await unknown_classes(tx, {name}):
        raise NotFound(f"No such resource class {name}.")
    if new != name and not await unknown_classes(tx, {new}):
        raise Conflict(f"Resource class already exists: {new}.")
    await inventories.rename_class(tx, name, new)
    await marks.delete_class(tx, name)
    await marks.insert_classes(tx, [new], placement.kit.clock.now())
