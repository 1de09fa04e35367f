"""os-migrate_volume, and what a retype moves: a volume's data to another backend.

The data is copied whole beside the old, which stays what the volume is until one transaction names
the new; then the old goes. Whatever is interrupted, what the row names is whole, and the other is
removed. The volume is in this operation's hands meanwhile: nobody attaches, freezes or deletes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from unkai.block_storage.actions import work
from unkai.block_storage.actions.choose_backend import closed_backends, misses
from unkai.block_storage.actions.encryption import check_clear
from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.drivers.base import Extent
from unkai.block_storage.model import Volume, VolumeType
from unkai.block_storage.service import Backend, BlockStorage
from unkai.block_storage.states import AVAILABLE, MIGRATE, RETYPE
from unkai.block_storage.store import exports, types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Failed, Fault
from unkai.kit.log import log
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.actions.record import event, record
from unkai.timeline.model import CINDER_API

LOCKED: Final = "maintenance"
PARTS: Final = 4
"""A copy is told of on the timeline each time that another of so many parts is there."""
PATIENCE: Final = 5
"""So often is what is not needed any more asked to go; then the audit names it."""


async def migrate_volume(
    block: BlockStorage, caller: Caller, volume_id: str, host: str, *, locks: bool
) -> None:
    """To the backend of this host. locks: its status says so meanwhile.

    BadRequest (code "no-backend", "migration-refused").
    """
    there = block.named(host)

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        if there is None or there.host in await closed_backends(tx):
            raise BadRequest(f"No available service named {host[:80]}.", code="no-backend")
        work.check_verb(MIGRATE, volume)
        kind = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        await begin_move(block, tx, caller, volume, there, kind=kind)
        if locks:
            at = block.kit.clock.now()
            await volumes.change(tx, volume_id, at, status=LOCKED, previous_status=volume.status)

    await block.kit.database.transact(write)


async def begin_move(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    volume: Volume,
    there: Backend,
    *,
    kind: VolumeType | None,
    retypes: bool = False,
) -> None:
    """kind: the type that the volume has then. BadRequest (code "migration-refused")."""
    here = block.at(volume.host)
    await _check(block, tx, volume, there, kind)
    subject = f"volume/{volume.id}"
    work.check_free(volume)
    await volumes.hold(tx, volume.id, subject)
    values: dict[str, Any] = {"migration_status": "migrating"}
    if retypes:
        values |= {"status": RETYPE.to, "previous_status": volume.status}
    await volumes.change(tx, volume.id, block.kit.clock.now(), **values)
    await work.submit(
        block,
        tx,
        caller,
        MIGRATE_VOLUME,
        subject,
        project_id=volume.project_id,
        input={
            "from": here.pool,
            "to": there.pool,
            "type": kind.id if retypes and kind is not None else None,
        },
    )


async def _check(
    block: BlockStorage, tx: Tx, volume: Volume, there: Backend, kind: VolumeType | None
) -> None:
    lacks = misses(there, kind) if kind is not None else None
    refusal = None
    if block.place_of(volume.host) == there.name:
        refusal = f"it is on {there.host} already"
    elif volume.status != AVAILABLE or await work.is_attached(tx, volume.id):
        refusal = "it is attached, and only a volume that is available is moved; detach it first"
    elif await exports.find(tx, volume.id) is not None:
        refusal = "it is served by iSCSI"
    elif await volumes.snapshots_of(tx, volume.id):
        refusal = "it has snapshots"
    elif volume.group_id is not None:
        refusal = f"it is in group {volume.group_id}"
    elif lacks is not None:
        refusal = f"its type is not for {there.host}: {lacks}"
    if refusal is not None:
        raise BadRequest(
            f"Invalid volume: volume {volume.id} cannot be migrated: {refusal}.",
            code="migration-refused",
        )
    check_clear(volume, "its data would be copied in clear")


async def copy_data(block: BlockStorage, run: Run) -> Result:
    """The data is on both backends, and the row names the new one."""
    volume_id = run.subject.partition("/")[2]
    volume = await volumes.find(block.kit.database.reader, volume_id)
    if volume is None:
        raise Failed(f"Volume {volume_id} is gone.", code="volume-gone")
    here, there = block.at(volume.host), block.at(run.input["to"])
    if here.name != there.name:
        await _copy(block, run, volume, here, there)

    async def write(tx: Tx) -> None:
        said = {"host": there.pool, "migration_status": "completing"}
        await volumes.change(tx, volume_id, block.kit.clock.now(), **said)

    return Result(None, write)


async def _copy(
    block: BlockStorage, run: Run, volume: Volume, here: Backend, there: Backend
) -> None:
    """Failed where not all of it arrived, or what is left behind would be lost."""
    kept = (await here.driver.census()).kept_snapshots.values()
    if any(one.volume_id == volume.id for one in kept):
        raise Failed(
            f"Volume {volume.id} has snapshots that were unmanaged, which go with its old data.",
            code="volume-has-snapshots",
            remedy="Manage them again, and delete them.",
        )
    async with here.driver.read(volume.id, run.id) as contents:
        size = max(contents.size, work.bytes_of(volume.size))
        await there.driver.create(volume.id, size)
        extents = _telling(block, run, contents.extents(), contents.size)
        await there.driver.replace(volume.id, size, run.id, extents)
    arrived = await there.driver.connect(volume.id, read_only=True)
    if arrived.size_bytes != size:
        raise Failed(
            f"Of volume {volume.id} {arrived.size_bytes} bytes arrived instead of {size}.",
            code="volume-copy-differs",
        )


async def _telling(
    block: BlockStorage, run: Run, extents: AsyncIterator[Extent], size: int
) -> AsyncIterator[Extent]:
    """The same extents; how far they got is written on the volume's timeline."""
    told = 0
    async for offset, chunk in extents:
        yield offset, chunk
        part = (offset + len(chunk)) * PARTS // size
        if told < part < PARTS:
            told, now = part, block.kit.clock.now()
            said = event(
                run.subject,
                CINDER_API,
                f"{100 * part // PARTS} % are copied",
                started_at=now,
                ended_at=now,
                request_id=run.request_id,
            )
            await block.kit.database.transact(lambda tx, said=said: record(tx, said))


async def remove_old(block: BlockStorage, run: Run) -> Result:
    """Only the new data is there, and the volume is at rest."""
    volume_id = run.subject.partition("/")[2]
    await _drop(block, run, run.input["from"])

    async def write(tx: Tx) -> None:
        values: dict[str, Any] = {"status": AVAILABLE, "previous_status": None}
        values |= {"hold": None, "migration_status": "success"}
        if run.input["type"] is not None:
            kind = await types.find(tx, run.input["type"])
            if kind is None:
                raise Failed("The volume type is gone.", code="volume-type-gone")
            values |= {"volume_type_id": kind.id, "multiattach": kind.multiattach}
        await volumes.change(tx, volume_id, block.kit.clock.now(), **values)
        await work.settled(block, tx, volume_id, AVAILABLE)

    return Result(None, write)


async def drop_other(block: BlockStorage, run: Run) -> None:
    """The way back: of both, what the row does not name."""
    volume_id = run.subject.partition("/")[2]
    named = block.place_of(await volumes.host_of(block.kit.database.reader, volume_id))
    for host in (run.input["from"], run.input["to"]):
        if block.place_of(host) != named:
            await _drop(block, run, host)


async def _drop(block: BlockStorage, run: Run, host: str) -> None:
    volume_id = run.subject.partition("/")[2]
    try:
        await block.at(host).driver.delete(volume_id)
    except Fault as fault:
        if run.attempt < PATIENCE:
            raise Retry(fault.message) from fault
        log.warning("a copy of a volume stays", volume=volume_id, on=host, why=fault.message)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    """The volume is whole on one of both; its type is what it was."""
    volume_id = run.subject.partition("/")[2]
    moved = block.place_of(await volumes.host_of(tx, volume_id)) == block.place_of(run.input["to"])
    said = {"hold": None, "migration_status": "success" if moved else "error"}
    await volumes.change(tx, volume_id, block.kit.clock.now(), **said)
    await work.rest_again(block, tx, run, AVAILABLE, "migrate_volume")


MIGRATE_VOLUME = Operation(
    "migrate-volume",
    Step(copy_data, CINDER_API, undo=drop_other),
    Step(remove_old, CINDER_API),
    failed=_failed,
    deadline_s=24 * 3600.0,
)


async def complete_migration(
    block: BlockStorage, caller: Caller, volume_id: str, new_volume_id: str
) -> str:
    """What who copied a volume to another one asks for at last; the id of the one to go on with.

    Our own migrations know one volume, which has nothing to complete: BadRequest.
    """
    session = block.kit.database.reader
    for one in (volume_id, new_volume_id):
        volume = await own_volume(session, caller, one)
        if volume.migration_status in ("migrating", "completing"):
            raise BadRequest(
                f"Invalid volume: volume {one} is being migrated, which completes by itself.",
                code="migration-refused",
            )
    return new_volume_id
