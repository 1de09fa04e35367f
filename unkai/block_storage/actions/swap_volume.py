"""One volume takes another's place at a server: this service's part of it.

    begin_swap       in the admission: the one is leaving, the other is reserved
    copy_contents    in the step, where no process of a guest has them open and copies itself
    end_swap         the other is in use, and what it took the place of is free
    take_back_swap   both are what they were, but for the contents of the one that was to come

In between both have an attachment of the server's, so that nobody else comes at either.
"""

from __future__ import annotations

from unkai.block_storage.actions import attach_volume as attaching
from unkai.block_storage.actions import work
from unkai.block_storage.actions.find import get_volume, own_volume
from unkai.block_storage.model import Attachment, Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import attachments, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Failed, NotFound
from unkai.kit.policy import Caller


async def begin_swap(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    volume_id: str,
    other_id: str,
    *,
    instance_id: str,
    closed: bool,
) -> Attachment:
    """The other's attachment. closed: no process copies, this service will.

    BadRequest where the other is not there, not free or not fit; Conflict where several servers
    have the one.
    """
    volume = await own_volume(tx, caller, volume_id)
    try:
        await get_volume(tx, caller, other_id)
    except NotFound as error:
        raise BadRequest(error.message, code=error.code) from error
    other = await own_volume(tx, caller, other_id)
    if len(await attachments.of_volume(tx, volume_id)) > 1:
        raise Conflict(
            f"Volume {volume_id} is attached to several servers, and is not swapped for another.",
            code="volume-shared",
            remedy="Detach it from the others first.",
        )
    _check_fit(volume, other, closed=closed)
    await attaching.begin_detaching(block, tx, caller, volume_id)
    return await attaching.reserve_volume(block, tx, caller, other_id, instance_id)


def _check_fit(volume: Volume, other: Volume, *, closed: bool) -> None:
    if other.size < volume.size:
        raise _invalid("New volume must be the same size or larger.", "volume-too-small")
    if volume.readonly or other.readonly:
        raise _invalid("A volume that is read-only cannot be swapped.", "volume-read-only")
    if other.project_id != volume.project_id:
        raise _invalid("Both volumes must be of one project.", "volume-foreign")
    if closed and (volume.encrypted or other.encrypted):
        raise BadRequest(
            "Invalid volume: what is encrypted is copied by the process of a running server only.",
            code="encrypted-at-rest",
            remedy="Start the server, then swap.",
        )


def _invalid(reason: str, code: str) -> BadRequest:
    return BadRequest(f"Invalid volume: {reason}", code=code)


async def copy_contents(block: BlockStorage, volume_id: str, other_id: str, mark: str) -> None:
    """Into a volume that is at least as large, whole or not at all. mark: names this swap."""
    session = block.kit.database.reader
    volume, other = await volumes.find(session, volume_id), await volumes.find(session, other_id)
    if volume is None or other is None:
        raise Failed("A volume that is being swapped is gone.", code="volume-gone")
    here, there = block.at(volume.host).driver, block.at(other.host).driver
    async with here.read(volume_id, mark) as contents:
        await there.replace(other_id, work.bytes_of(other.size), mark, contents.extents())


async def end_swap(block: BlockStorage, tx: Tx, attachment_id: str, new_id: str) -> None:
    """attachment_id: of the volume that goes. The server's process has the other one open."""
    await attaching.complete_attach(block, tx, new_id)
    await attaching.detach_volume(block, tx, attachment_id)


async def take_back_swap(block: BlockStorage, tx: Tx, volume_id: str, new_id: str) -> None:
    """new_id: the attachment of the other volume, which nobody has open any more."""
    await attaching.detach_volume(block, tx, new_id)
    await attaching.roll_detaching(block, tx, volume_id)
