"""Steps of a rebuild that write the volume a server boots from anew, while its guest is off.

The old attachment goes, so that nothing that was told of it opens the volume again; a new one keeps
the volume for the server meanwhile.
"""

from __future__ import annotations

from msgspec import structs

from unkai.block_storage.actions.attach_volume import detach_volume, reserve_volume
from unkai.block_storage.actions.change_contents import reimage_volume
from unkai.block_storage.actions.find import get_volume
from unkai.block_storage.actions.work import SETTLED
from unkai.block_storage.model import Volume
from unkai.compute.actions import server_volumes
from unkai.compute.actions.machine import host_of, server_id_of, server_of
from unkai.compute.service import Compute
from unkai.compute.store import servers
from unkai.kit.db import Tx
from unkai.kit.errors import Failed
from unkai.kit.operations import Result, Run, Wait
from unkai.kit.policy import service_caller

WRITTEN_S = 1800.0
WRITING = "downloading"


async def free_root_volume(compute: Compute, run: Run) -> Result:
    """Closed at the host, and kept for the server by a new attachment."""
    server = await server_of(compute, run)
    root = server.root_volume
    if run.input.get("image") is None or root is None:
        return Result()
    async with host_of(compute, run) as host:
        await host.stop(server.id, run.epoch)
    block, caller = compute.block_storage, service_caller("nova", run.request_id)

    async def write(tx: Tx) -> None:
        found = await servers.get_server(tx, server_id_of(run))
        if found is None or found.root_volume is None:
            return
        if found.root_volume.attachment_id is not None:
            await detach_volume(block, tx, found.root_volume.attachment_id)
        made = await reserve_volume(block, tx, caller, root.volume_id, server.id)
        volumes = [
            structs.replace(one, attachment_id=made.id) if one.boot_index == 0 else one
            for one in found.volumes
        ]
        await server_volumes.write_volumes(compute, tx, server.id, volumes)

    return Result(None, write)


async def begin_reimage(compute: Compute, run: Run) -> None:
    """A volume that is being written already is fine: it is this very image."""
    image_id, volume = run.input.get("image"), await _root(compute, run)
    if image_id is None or volume is None or volume.status == WRITING:
        return
    caller = service_caller("nova", run.request_id)
    await reimage_volume(compute.block_storage, caller, volume.id, image_id, reserved=True)


async def wait_reimage(compute: Compute, run: Run) -> Wait | None:
    volume = await _root(compute, run)
    if run.input.get("image") is None or volume is None:
        return None
    if volume.status == WRITING:
        return Wait(
            SETTLED,
            volume.id,
            WRITTEN_S,
            otherwise=f"Volume {volume.id} was not written within {WRITTEN_S:.0f} s.",
        )
    if volume.status == "error":
        raise Failed(
            f"Volume {volume.id} could not be written anew from image {run.input['image']}.",
            code="reimage-failed",
            remedy="`openstack volume message list` says why.",
        )
    return None


async def use_volumes(compute: Compute, run: Run) -> Result:
    """The process has them open."""
    server = await server_of(compute, run)
    return Result(None, lambda tx: server_volumes.in_use(compute, tx, server))


async def _root(compute: Compute, run: Run) -> Volume | None:
    root = (await server_of(compute, run)).root_volume
    if root is None:
        return None
    reader = compute.kit.database.reader
    return await get_volume(reader, service_caller("nova", run.request_id), root.volume_id)
