"""Volume types: made, changed and removed by administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unkai.block_storage.actions.find import no_type
from unkai.block_storage.model import DEFAULT_TYPE, VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import types, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound


async def seed_types(block: BlockStorage) -> None:
    """The default type of a new cloud; one that an administrator changed stays."""

    async def write(tx: Tx) -> None:
        if not await types.all_types(tx, public=None, open_to=None):
            told = "The type of volumes for which none was named"
            await types.add(tx, _made(block, name=DEFAULT_TYPE, description=told))

    await block.kit.database.transact(write)


async def find_type(session: Session, type_id: str) -> VolumeType:
    found = await types.find(session, type_id)
    if found is None:
        raise no_type(type_id)
    return found


async def create_type(block: BlockStorage, **values: Any) -> VolumeType:
    """Conflict (code "volume-type-exists") for a name that is taken."""

    async def write(tx: Tx) -> VolumeType:
        made = _made(block, **values)
        await _check_name(tx, made.name, made.id)
        await types.add(tx, made)
        return made

    return await block.kit.database.transact(write)


async def update_type(block: BlockStorage, type_id: str, **values: Any) -> VolumeType:
    async def write(tx: Tx) -> VolumeType:
        await find_type(tx, type_id)
        if "name" in values:
            await _check_name(tx, values["name"], type_id)
        await types.change(tx, type_id, block.kit.clock.now(), **values)
        return await find_type(tx, type_id)

    return await block.kit.database.transact(write)


async def delete_type(block: BlockStorage, type_id: str) -> None:
    """BadRequest (code "volume-type-in-use") while volumes have it."""

    async def write(tx: Tx) -> None:
        found = await find_type(tx, type_id)
        if await volumes.of_type(tx, type_id):
            raise BadRequest(
                f"Volume type {type_id} is not deleted while volumes have it.",
                code="volume-type-in-use",
                remedy="Delete or retype them first.",
            )
        if found.name == DEFAULT_TYPE:
            raise BadRequest(
                f"The volume type {DEFAULT_TYPE} is the default and cannot be deleted.",
                code="volume-type-default",
            )
        await types.remove(tx, type_id)

    await block.kit.database.transact(write)


async def change_extra_specs(
    block: BlockStorage, type_id: str, change: Callable[[dict[str, str]], Mapping[str, str]]
) -> dict[str, str]:
    """All extra specs as they are then."""

    async def write(tx: Tx) -> dict[str, str]:
        found = await find_type(tx, type_id)
        said = dict(change(dict(found.extra_specs)))
        if said.get("multiattach") != found.extra_specs.get(
            "multiattach"
        ) and await volumes.of_type(tx, type_id):
            raise BadRequest(
                "The extra spec multiattach cannot change while volumes have the type.",
                code="volume-type-in-use",
            )
        await types.set_extra_specs(tx, type_id, block.kit.clock.now(), said)
        return said

    return await block.kit.database.transact(write)


async def open_type(block: BlockStorage, type_id: str, project_id: str) -> None:
    """Let a project use a private type; Conflict if it may already or the type is public."""

    async def write(tx: Tx) -> None:
        found = await find_type(tx, type_id)
        if found.is_public:
            raise Conflict(
                "Type access modification is not applicable to public volume type.",
                code="volume-type-public",
            )
        if project_id in await types.projects_of(tx, type_id):
            raise Conflict(
                f"Volume type access for {type_id} / {project_id} combination already exists.",
                code="volume-type-open",
            )
        await types.open_to(tx, type_id, project_id)

    await block.kit.database.transact(write)


async def close_type(block: BlockStorage, type_id: str, project_id: str) -> None:
    async def write(tx: Tx) -> None:
        await find_type(tx, type_id)
        if not await types.close_to(tx, type_id, project_id):
            raise NotFound(
                f"Volume type access not found for {type_id} / {project_id} combination.",
                code="volume-type-closed",
            )

    await block.kit.database.transact(write)


async def set_encryption(
    block: BlockStorage, type_id: str, said: Mapping[str, object] | None
) -> None:
    """BadRequest while volumes have the type: they are not rewritten."""

    async def write(tx: Tx) -> None:
        if await volumes.of_type(tx, type_id):
            raise BadRequest(
                f"The encryption of volume type {type_id} cannot change: volumes have the type.",
                code="volume-type-in-use",
            )
        told = None if said is None else dict(said)
        await types.change(tx, type_id, block.kit.clock.now(), encryption=told)

    await block.kit.database.transact(write)


async def set_default(block: BlockStorage, project_id: str, type_id: str | None) -> None:
    """The project's own default type; None forgets it."""
    await block.kit.database.transact(lambda tx: types.set_default(tx, project_id, type_id))


def _made(block: BlockStorage, **values: Any) -> VolumeType:
    return VolumeType(id=block.kit.chance.uuid(), created_at=block.kit.clock.now(), **values)


async def _check_name(tx: Tx, name: str, type_id: str) -> None:
    taken = await types.find_named(tx, name)
    if taken is not None and taken.id != type_id:
        raise Conflict(f"Volume Type {name} already exists.", code="volume-type-exists")
