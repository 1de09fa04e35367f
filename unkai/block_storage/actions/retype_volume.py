"""os-retype: another type, and what becomes of the data for it.

A type that only other words are said of is changed at once. For one that is encrypted otherwise
the data is written anew, and for one that asks for another backend it is brought there, where
moving it is allowed and nothing stands in the way. Refused is before anything is touched.
"""

from __future__ import annotations

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.choose_backend import choose_backend, misses, why_none
from unkai.block_storage.actions.encryption import key_bits, make_key
from unkai.block_storage.actions.find import get_type, own_volume
from unkai.block_storage.actions.migrate_volume import begin_move
from unkai.block_storage.drivers.base import Encryption
from unkai.block_storage.model import Volume, VolumeType
from unkai.block_storage.service import Backend, BlockStorage
from unkai.block_storage.states import AVAILABLE, RETYPE
from unkai.block_storage.store import keys, types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Failed
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


async def retype_volume(
    block: BlockStorage, caller: Caller, volume_id: str, said: str, *, migrates: bool
) -> None:
    """migrates: whether the data may be moved for it; then only its status says what became of it.

    BadRequest where the type is the same, or of a backend or an encryption that cannot be had.
    """

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        work.check_verb(RETYPE, volume)
        before = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        after = await get_type(tx, caller, said, named=True)
        _check(before, after, attached=await work.is_attached(tx, volume_id))
        there = await _backend(block, tx, volume, after, migrates=migrates)
        more = {"volumes": 1, "gigabytes": volume.size}
        limits = {f"{name}_{after.name}": count for name, count in more.items()}
        await check_quota(tx, volume.project_id, limits)
        if there.name != block.place_of(volume.host):
            _check_encryption(volume, after)
            await begin_move(block, tx, caller, volume, there, kind=after, retypes=True)
            return
        if await _must_rewrite(block, tx, volume, after, migrates=migrates):
            await _begin(block, tx, caller, volume, after)
            return
        await volumes.change(
            tx,
            volume_id,
            block.kit.clock.now(),
            volume_type_id=after.id,
            multiattach=after.multiattach,
            migration_status="success" if migrates else volume.migration_status,
        )

    await block.kit.database.transact(write)


def _check(before: VolumeType | None, after: VolumeType, *, attached: bool) -> None:
    if before is not None and before.id == after.id:
        raise BadRequest("Invalid input: the volume has this type already.", code="same-type")
    multiattach = before is not None and before.multiattach
    if attached and multiattach != after.multiattach:
        raise BadRequest(
            "Invalid input: multiattach cannot change while a volume is in use.",
            code="volume-attached",
        )


async def _backend(
    block: BlockStorage, tx: Tx, volume: Volume, after: VolumeType, *, migrates: bool
) -> Backend:
    """Where the volume is to lie: where it is, if that is as the type asks."""
    here = block.at(volume.host)
    lacks = misses(here, after)
    if lacks is None:
        return here
    found = await choose_backend(block, tx, after)
    why = None
    if found is None:
        why = why_none(block, after)
    elif not migrates:
        why = f"{lacks}, and its migration_policy keeps the volume on {here.name}"
    if found is None or why is not None:
        raise BadRequest(f"No valid backend was found: {why}.", code="no-backend")
    return found


def _check_encryption(volume: Volume, after: VolumeType) -> None:
    if volume.encrypted or after.encryption is not None:
        raise BadRequest(
            f"Invalid volume: volume {volume.id} cannot be moved to another backend while it is"
            " encrypted or to be.",
            code="encryption-differs",
            remedy="Retype it to a type without encryption in between.",
        )


async def _must_rewrite(
    block: BlockStorage, tx: Tx, volume: Volume, after: VolumeType, *, migrates: bool
) -> bool:
    """BadRequest where it must and may not be, or cannot."""
    bits = key_bits(block, after) if after.encryption is not None else 0
    before = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
    had = key_bits(block, before) if volume.encrypted and before is not None else 0
    if had == bits:
        return False
    refusal = None
    if had and bits:
        refusal = f"from keys of {had} bits to keys of {bits} goes by a type without encryption"
    elif not migrates:
        refusal = "its data must be written anew; allow that by migration_policy on-demand"
    elif await work.is_attached(tx, volume.id):
        refusal = "it is attached"
    elif await volumes.snapshots_of(tx, volume.id):
        refusal = "it has snapshots, which would stay as they are"
    elif volume.group_id is not None:
        refusal = "it is in a group"
    if refusal is not None:
        raise BadRequest(
            f"Invalid volume: the encryption of volume {volume.id} cannot change: {refusal}.",
            code="encryption-differs",
        )
    return True


async def _begin(
    block: BlockStorage, tx: Tx, caller: Caller, volume: Volume, after: VolumeType
) -> None:
    key_id = None if after.encryption is None else await make_key(block, tx)
    now = block.kit.clock.now()
    await volumes.change(tx, volume.id, now, status=RETYPE.to, previous_status=volume.status)
    await work.submit(
        block,
        tx,
        caller,
        RETYPE_VOLUME,
        f"volume/{volume.id}",
        project_id=volume.project_id,
        input={"type": after.id, "key": key_id, "had": volume.encryption_key_id},
    )


async def rewrite_data(block: BlockStorage, run: Run) -> Result:
    volume_id, key_id = run.subject.partition("/")[2], run.input["key"]
    kind = await types.find(block.kit.database.reader, run.input["type"])
    if kind is None:
        raise Failed("The volume type is gone.", code="volume-type-gone")
    encryption = None if key_id is None else Encryption(key_id, key_bits(block, kind))
    driver = await work.driver_of(block, volume_id)
    await driver.rewrite(volume_id, run.id, encryption)

    async def write(tx: Tx) -> None:
        await volumes.change(
            tx,
            volume_id,
            block.kit.clock.now(),
            status=AVAILABLE,
            previous_status=None,
            volume_type_id=kind.id,
            multiattach=kind.multiattach,
            encrypted=key_id is not None,
            encryption_key_id=key_id,
            migration_status="success",
        )
        if run.input["had"]:
            await keys.remove_unused(tx, run.input["had"])
        await work.settled(block, tx, volume_id, AVAILABLE)

    return Result(None, write)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    """The data is what it was."""
    await work.rest_again(block, tx, run, AVAILABLE, "retype")
    if run.input["key"]:
        await keys.remove_unused(tx, run.input["key"])


RETYPE_VOLUME = Operation(
    "retype-volume", Step(rewrite_data, CINDER_API), failed=_failed, deadline_s=6 * 3600.0
)
