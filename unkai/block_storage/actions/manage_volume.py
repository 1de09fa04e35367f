"""Data that the service is given charge of, and gives up: it stays where it is."""

from __future__ import annotations

from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.choose_backend import misses
from unkai.block_storage.actions.encryption import check_clear, refuse_encrypted
from unkai.block_storage.actions.find import get_type, own_volume, project_of
from unkai.block_storage.actions.find_default_type import default_type
from unkai.block_storage.model import GIB, Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, CREATING, DELETE, DELETING
from unkai.block_storage.store import volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


async def manage_volume(
    block: BlockStorage,
    caller: Caller,
    host: str,
    name_there: str,
    *,
    volume_type: str | None,
    **values: Any,
) -> Volume:
    """values: name, description, metadata, bootable. BadRequest for what is not kept there."""
    backend = block.named(host)
    if backend is None:
        raise BadRequest(f"Service {host[:80]} could not be found.", code="no-backend")
    kept = (await backend.driver.census()).kept
    if name_there not in kept:
        raise BadRequest(
            f"There is nothing called {name_there[:80]} to manage.", code="not-manageable"
        )
    size = -(-kept[name_there] // GIB)

    async def admit(tx: Tx) -> Volume:
        project_id = project_of(caller)
        if volume_type:
            kind = await get_type(tx, caller, volume_type, named=True)
        else:
            kind = await default_type(tx, project_id)
        refuse_encrypted(kind, "data from elsewhere")
        why = misses(backend, kind)
        if why is not None:
            raise BadRequest(
                f"The volume type {kind.name} is not for {host[:80]}: {why}.", code="no-backend"
            )
        await check_quota(tx, project_id, {"volumes": 1, "gigabytes": size}, kind.name)
        volume = Volume(
            id=block.kit.chance.uuid(),
            project_id=project_id,
            user_id=caller.user_id,
            size=size,
            status=CREATING,
            volume_type_id=kind.id,
            host=backend.pool,
            created_at=block.kit.clock.now(),
            **values,
        )
        await volumes.add(tx, volume)
        await work.submit(
            block,
            tx,
            caller,
            MANAGE_VOLUME,
            f"volume/{volume.id}",
            project_id=project_id,
            input={"name": name_there, "size": size},
        )
        return volume

    return await block.kit.database.transact(admit)


async def unmanage_volume(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    async def admit(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        work.check_verb(DELETE, volume)
        check_clear(volume, "its key would go with it")
        if await work.is_attached(tx, volume_id) or await volumes.snapshots_of(tx, volume_id):
            raise BadRequest(
                f"Invalid volume: {volume_id} is attached or has snapshots.",
                code="volume-has-snapshots",
            )
        await volumes.change(tx, volume_id, block.kit.clock.now(), status=DELETING)
        await work.submit(
            block,
            tx,
            caller,
            UNMANAGE_VOLUME,
            f"volume/{volume_id}",
            project_id=volume.project_id,
            input={},
        )

    await block.kit.database.transact(admit)


async def adopt(block: BlockStorage, run: Run) -> Result:
    volume_id = run.subject.partition("/")[2]
    driver = await work.driver_of(block, volume_id)
    await driver.adopt(volume_id, run.input["name"])
    await driver.extend(volume_id, work.bytes_of(run.input["size"]))

    async def write(tx: Tx) -> None:
        await volumes.change(tx, volume_id, block.kit.clock.now(), status=AVAILABLE)
        await work.settled(block, tx, volume_id, AVAILABLE)

    return Result(None, write)


async def abandon(block: BlockStorage, run: Run) -> Result:
    volume_id = run.subject.partition("/")[2]
    await (await work.driver_of(block, volume_id)).abandon(volume_id)
    return Result(None, lambda tx: volumes.remove(tx, volume_id))


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await work.rest_again(block, tx, run, "error_managing", "manage_existing")


MANAGE_VOLUME = Operation("manage-volume", Step(adopt, CINDER_API), failed=_failed)
UNMANAGE_VOLUME = Operation("unmanage-volume", Step(abandon, CINDER_API), must_finish=True)
