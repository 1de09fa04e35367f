"""os-extend: a volume becomes larger; one that a guest has open, in front of its eyes."""

from __future__ import annotations

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota, check_size
from unkai.block_storage.actions.find import own_volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import EXTEND, EXTEND_ATTACHED, EXTENDED, check, rest
from unkai.block_storage.store import attachments, types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline.model import CINDER_API


async def extend_volume(
    block: BlockStorage, caller: Caller, volume_id: str, size: int, *, attached: bool
) -> None:
    """attached: whether the asked version extends attached volumes at all."""

    async def admit(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        work.check_verb(EXTEND_ATTACHED if attached else EXTEND, volume)
        if size <= volume.size:
            raise BadRequest(
                f"New size for extend must be greater than current size. (current: {volume.size},"
                f" extended: {size}).",
                code="invalid-size",
            )
        kind = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        await check_size(tx, volume.project_id, size)
        more = {"gigabytes": size - volume.size}
        await check_quota(tx, volume.project_id, more, kind.name if kind else None)
        await volumes.change(
            tx,
            volume_id,
            block.kit.clock.now(),
            status="extending",
            previous_status=volume.status,
            size=size,
        )
        await work.submit(
            block,
            tx,
            caller,
            EXTEND_VOLUME,
            f"volume/{volume_id}",
            project_id=volume.project_id,
            input={"size": size, "from": volume.size},
        )

    await block.kit.database.transact(admit)


async def complete_extension(
    block: BlockStorage, caller: Caller, volume_id: str, *, failed: bool
) -> None:
    """End an extension that nobody works on any more; our own ends by itself.

    BadRequest (code "volume-status", "volume-extending").
    """

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        check(EXTENDED, "volume", volume_id, volume.status)
        if await block.kit.operations.busy(tx, f"volume/{volume_id}") is not None:
            raise BadRequest(
                f"Invalid volume: the extension of volume {volume_id} is still under way.",
                code="volume-extending",
                remedy="It ends by itself; `openstack volume show` says when.",
            )
        attached = await work.is_attached(tx, volume_id)
        status = "error_extending" if failed else rest(attached=attached)
        at = block.kit.clock.now()
        await volumes.change(tx, volume_id, at, status=status, previous_status=None)
        await work.settled(block, tx, volume_id, status)

    await block.kit.database.transact(write)


async def grow_data(block: BlockStorage, run: Run) -> Result:
    volume_id, session = run.subject.partition("/")[2], block.kit.database.reader
    guest = await work.guest_of(block, session, volume_id)
    driver = await work.driver_of(block, volume_id)
    await driver.extend(volume_id, work.bytes_of(run.input["size"]), guest)

    async def write(tx: Tx) -> None:
        there = await attachments.of_volume(tx, volume_id)
        status = rest(attached=bool(there))
        at = block.kit.clock.now()
        await volumes.change(tx, volume_id, at, status=status, previous_status=None)
        told = {
            "size": run.input["size"],
            "servers": [one.instance_id for one in there if one.instance_id],
            "request_id": run.request_id,
            "user_id": run.user_id,
            "began_at": run.step_started_at,
        }
        await block.kit.events.emit(tx, "volume.extended", volume_id, told)
        await work.settled(block, tx, volume_id, status)

    return Result(None, write)


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    """The size stays what it was; more of the file than that is nobody's loss."""
    volume_id = run.subject.partition("/")[2]
    await volumes.change(tx, volume_id, block.kit.clock.now(), size=run.input["from"])
    await work.rest_again(block, tx, run, "error_extending", "extend_volume")


EXTEND_VOLUME = Operation(
    "extend-volume", Step(grow_data, CINDER_API), failed=_failed, deadline_s=120.0
)
