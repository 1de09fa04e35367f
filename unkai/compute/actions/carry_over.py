"""What a server's volume holds comes to the volume that follows it, at the server's host.

The host says how far that is, and which of both it has: whatever was interrupted, here or there,
asking again goes on where it was.
"""

from __future__ import annotations

from msgspec import structs

from unkai.block_storage.actions.attach_volume import volume_secrets
from unkai.block_storage.actions.swap_volume import copy_contents
from unkai.compute.actions.machine import host_of
from unkai.compute.actions.server_volumes import connected
from unkai.compute.model import Server, ServerVolume
from unkai.compute.service import Compute
from unkai.hypervisor.model import Disk, SwapState
from unkai.kit.errors import Failed, Fault
from unkai.kit.operations import Retry, Run

COPYING_S = 24 * 3600.0
_LOOK_S, _LOOK_AT_MOST_S = 0.1, 2.0


async def carry_over(
    compute: Compute, run: Run, server: Server, volume: ServerVolume
) -> Fault | None:
    """None when the server has the next volume; else why it goes on with the one it had."""
    try:
        await _bring(compute, run, server, volume)
    except Fault as fault:
        if fault.code == "stale-epoch":
            raise
        if await keep(compute, run, server, volume):
            return fault
        raise Retry(fault.message) from fault
    return None


async def keep(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> bool:
    """Whether the server goes on with the volume it had; False where it is too late for that."""
    coming = coming_of(volume)
    try:
        disk = await connected(compute, server, coming)
    except Fault:
        disk = Disk(volume_id=coming.volume_id, size_bytes=0)
    async with host_of(compute, run) as host:
        return await host.keep_disk(server.id, volume.volume_id, disk, run.epoch)


def coming_of(volume: ServerVolume) -> ServerVolume:
    """The volume as it is when it has been swapped."""
    assert volume.next_volume_id is not None and volume.next_attachment_id is not None
    return structs.replace(
        volume,
        volume_id=volume.next_volume_id,
        attachment_id=volume.next_attachment_id,
        next_volume_id=None,
        next_attachment_id=None,
        state="attached",
        request_id="",
    )


async def _bring(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> None:
    block, coming = compute.block_storage, coming_of(volume)
    assert coming.attachment_id is not None
    had = await connected(compute, server, volume)
    secrets = await volume_secrets(block, coming.volume_id)
    copied, pause = False, _LOOK_S
    while True:
        disk = await connected(compute, server, coming)  # copied, its files are others
        async with host_of(compute, run) as host:
            said = await host.swap_disk(server.id, had, disk, run.epoch, secrets, copied=copied)
        if said == SwapState.DONE:
            return
        if said == SwapState.CLOSED:
            await copy_contents(block, volume.volume_id, coming.volume_id, coming.attachment_id)
            copied = True
            continue
        if compute.kit.clock.now() > run.step_started_at + COPYING_S:
            raise Failed("The volume was not copied within a day.", code="timeout")
        await compute.kit.clock.sleep(pause)
        pause = min(2 * pause, _LOOK_AT_MOST_S)
