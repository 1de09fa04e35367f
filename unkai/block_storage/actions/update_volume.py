"""What of a volume is only words: name, metadata, whether it boots, what an administrator says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.actions.work import check_verb
from unkai.block_storage.model import Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import READONLY
from unkai.block_storage.store import attachments, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller

Change = Callable[[dict[str, str]], dict[str, str]]
"""From metadata as it is to what it is to be."""


async def update_volume(
    block: BlockStorage, caller: Caller, volume_id: str, **values: Any
) -> Volume:
    """values: name, description, bootable, metadata (all of it)."""

    async def write(tx: Tx) -> Volume:
        await own_volume(tx, caller, volume_id)
        given = dict(values)
        said: Mapping[str, str] | None = given.pop("metadata", None)
        if said is not None:
            await volumes.set_metadata(tx, volume_id, "user", said)
        await volumes.change(tx, volume_id, block.kit.clock.now(), **given)
        return await own_volume(tx, caller, volume_id)

    return await block.kit.database.transact(write)


async def set_readonly(
    block: BlockStorage, caller: Caller, volume_id: str, *, readonly: bool
) -> None:
    """Of a volume that nobody has open: who does keeps writing otherwise."""

    async def write(tx: Tx) -> None:
        check_verb(READONLY, await own_volume(tx, caller, volume_id))
        await volumes.change(tx, volume_id, block.kit.clock.now(), readonly=readonly)

    await block.kit.database.transact(write)


async def change_metadata(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    kind: str,
    change: Change,
) -> dict[str, str]:
    """The metadata as it is then. kind: "user" or "image"."""

    async def write(tx: Tx) -> dict[str, str]:
        volume = await own_volume(tx, caller, volume_id)
        before = volume.metadata if kind == "user" else volume.image_metadata
        said = change(dict(before))
        await volumes.set_metadata(tx, volume_id, kind, said)
        await volumes.change(tx, volume_id, block.kit.clock.now())
        return said

    return await block.kit.database.transact(write)


def without(key: str, kind: str = "Metadata item") -> Change:
    """Take one key out; NotFound if it is not there."""

    def drop(said: dict[str, str]) -> dict[str, str]:
        if key not in said:
            raise NotFound(f"{kind} {key} was not found.", code="no-such-metadata")
        return {name: value for name, value in said.items() if name != key}

    return drop


async def reset_status(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    *,
    status: str | None,
    attach_status: str | None,
    migration_status: str | None,
) -> None:
    """An administrator's word; nothing is done to the data. `detached` drops the attachments."""

    async def write(tx: Tx) -> None:
        await own_volume(tx, caller, volume_id)
        values: dict[str, Any] = {}
        if status is not None:
            values["status"] = status
        if migration_status is not None:
            values["migration_status"] = None if migration_status == "none" else migration_status
        if attach_status == "detached":
            for one in await attachments.of_volume(tx, volume_id):
                await attachments.remove(tx, one.id)
        await volumes.change(tx, volume_id, block.kit.clock.now(), **values)

    if status is None and attach_status is None and migration_status is None:
        raise BadRequest(
            "Must specify 'status', 'attach_status', or 'migration_status' for update."
        )
    await block.kit.database.transact(write)
