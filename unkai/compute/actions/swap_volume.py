"""os-volume_attachments: another volume in the place of one that a server has.

Both are the server's until the operation for volumes has ended, which knows by the server's row
which is to follow which.
"""

from __future__ import annotations

from msgspec import structs

from unkai.block_storage.actions.swap_volume import begin_swap
from unkai.compute.actions import server_volumes
from unkai.compute.actions.attach_volume import ATTACHABLE, admitted, change_volumes, volume_of
from unkai.compute.actions.submit_action import note_action
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller


async def swap_volume(
    compute: Compute,
    caller: Caller,
    server_id: str,
    volume_id: str,
    other_id: str,
    *,
    request_id: str,
) -> None:
    """While the server runs its process copies, else block storage does.

    NotFound, BadRequest, Conflict, as Nova's.
    """

    async def admit(tx: Tx) -> None:
        server = await admitted(tx, caller, server_id, "swap_volume", ATTACHABLE)
        volume = volume_of(server, volume_id)
        if any(other_id in (one.volume_id, one.next_volume_id) for one in server.volumes):
            raise BadRequest(
                "Invalid volume: New volume must be detached in order to swap.",
                code="volume-attached",
            )
        attachment = await begin_swap(
            compute.block_storage,
            tx,
            caller,
            volume_id,
            other_id,
            instance_id=server.id,
            closed=server.vm_state == VmState.STOPPED,
        )
        leaving = structs.replace(
            volume,
            state="swapping",
            next_volume_id=other_id,
            next_attachment_id=attachment.id,
            request_id=request_id,
        )
        await server_volumes.put_volume(compute, tx, server.id, volume_id, leaving)
        await note_action(compute, tx, caller, server, "swap_volume", request_id=request_id)
        await change_volumes(compute, tx, caller, server, request_id, copies=True)

    await compute.kit.database.transact(admit)
