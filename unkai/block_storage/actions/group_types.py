"""Group types: made, changed and removed by administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unkai.block_storage.model import GroupType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import groups
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound


async def find_type(session: Session, type_id: str) -> GroupType:
    found = await groups.find_type(session, type_id)
    if found is None:
        raise NotFound(f"Group type {type_id} could not be found.", code="group-type-not-found")
    return found


async def create_type(block: BlockStorage, **values: Any) -> GroupType:
    """Conflict (code "group-type-exists") for a name that is taken."""

    async def write(tx: Tx) -> GroupType:
        now = block.kit.clock.now()
        made = GroupType(id=block.kit.chance.uuid(), created_at=now, **values)
        await _check_name(tx, made.name, made.id)
        await groups.add_type(tx, made)
        return made

    return await block.kit.database.transact(write)


async def update_type(block: BlockStorage, type_id: str, **values: Any) -> GroupType:
    async def write(tx: Tx) -> GroupType:
        found = await find_type(tx, type_id)
        await _check_name(tx, values.get("name", found.name), found.id)
        await groups.change_type(tx, found.id, **values)
        return await find_type(tx, found.id)

    return await block.kit.database.transact(write)


async def delete_type(block: BlockStorage, type_id: str) -> None:
    """BadRequest (code "group-type-in-use") while groups have it."""

    async def write(tx: Tx) -> None:
        found = await find_type(tx, type_id)
        if await groups.of_type(tx, found.id):
            raise BadRequest(
                f"Group type {found.id} is not deleted while groups have it.",
                code="group-type-in-use",
            )
        await groups.remove_type(tx, found.id)

    await block.kit.database.transact(write)


async def change_specs(
    block: BlockStorage, type_id: str, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    async def write(tx: Tx) -> None:
        found = await find_type(tx, type_id)
        await groups.change_type(tx, found.id, group_specs=change(dict(found.group_specs)))

    await block.kit.database.transact(write)


async def _check_name(tx: Tx, name: str, type_id: str) -> None:
    taken = await groups.find_type(tx, name)
    if taken is not None and taken.id != type_id:
        raise Conflict(f"Group type {name} already exists.", code="group-type-exists")
