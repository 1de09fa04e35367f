"""Rebuild: the same server with a fresh root disk, from the same image or another one.

Its host, ports, addresses and claim stay. What the request changes about the server is written at
the admission, so that the metadata the new guest reads is right whenever it reads it.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field, structs

from unkai.block_storage.actions.find import get_volume
from unkai.compute import states
from unkai.compute.actions.check_request import (
    check_fit,
    check_memory,
    check_metadata,
    image_ref,
    need_image,
    need_keypair,
)
from unkai.compute.actions.create_server import disks_from_image, fetch_image
from unkai.compute.actions.end_action import finish
from unkai.compute.actions.find_server import own_server, unlocked_server
from unkai.compute.actions.machine import host_of, server_id_of
from unkai.compute.actions.power_on import (
    plug_ports,
    show_error,
    start_machine,
    wait_ports_up,
)
from unkai.compute.actions.renew_root_volume import (
    begin_reimage,
    free_root_volume,
    use_volumes,
    wait_reimage,
)
from unkai.compute.actions.submit_action import begin, submit
from unkai.compute.model import Server, ServerKey, ServerVolume
from unkai.compute.service import Compute, is_node
from unkai.compute.states import Power, VmState
from unkai.compute.store import quotas, servers
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller, service_caller
from unkai.timeline import model as who


class RebuildRequest(Struct, frozen=True, kw_only=True):
    """values: columns of the server to change. keep_key leaves the key as it is.

    reimage: a volume that the server boots from is written anew; else it stays as it is, and the
    image must be the one that it was made of.
    """

    image_id: str
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    metadata: dict[str, str] | None = None
    key_name: str | None = None
    keep_key: bool = True
    reimage: bool = False


async def rebuild_server(
    compute: Compute, caller: Caller, server_id: str, asked: RebuildRequest, *, request_id: str
) -> Server:
    """The server as it is from now on, in REBUILD."""
    reader = compute.kit.database.reader
    server = await own_server(reader, caller, server_id)
    image = await need_image(compute, caller, asked.image_id)
    values: dict[str, Any] = dict(asked.values)
    if server.root_volume is not None and is_node(server.host or ""):
        raise BadRequest(
            f"Instance {server.id} is a physical machine that boots from a volume, which cannot be"
            " written anew under it.",
            code="not-on-a-node",
            remedy="Delete it, and create another one with the new image.",
        )
    if server.root_volume is not None:
        check_memory(server.flavor, image)
        await check_root_volume(compute, server.root_volume, asked)
    else:
        check_fit(server.flavor, image)
        values |= {"image_id": image.id, "image": image_ref(image)}
    if asked.metadata is not None:
        limits = await quotas.limits_of(reader, server.project_id)
        check_metadata(asked.metadata, limits["metadata_items"])
        values["metadata"] = asked.metadata
    if not asked.keep_key:
        key = await need_keypair(reader, caller.user_id, asked.key_name)
        values["key_name"] = asked.key_name
        values["key"] = ServerKey(key.type, key.public_key) if key else None

    async def admit(tx: Tx) -> Server:
        server = await unlocked_server(tx, caller, server_id)
        states.check(states.REBUILD, server.id, server.vm_state, server.task_state)
        if server.host is None:
            raise Conflict(
                f"Cannot 'rebuild' instance {server.id}: its boot failed, it has no host.",
                code="server-hostless",
                remedy="Delete it and create another one.",
            )
        await begin(
            compute,
            tx,
            caller,
            server,
            verb=states.REBUILD,
            request_id=request_id,
            fault=None,
            **values,
        )
        await submit(
            compute,
            tx,
            caller,
            server,
            REBUILD_SERVER,
            request_id=request_id,
            input={
                "from": server.vm_state,
                "image": image.id if asked.reimage and server.root_volume else None,
            },
        )
        found = await servers.get_server(tx, server.id)
        assert found is not None
        return structs.replace(found)

    return await compute.kit.database.transact(admit)


async def check_root_volume(compute: Compute, root: ServerVolume, asked: RebuildRequest) -> None:
    """BadRequest where another image is wanted and the volume is not to be written anew."""
    caller = service_caller("nova", "")
    volume = await get_volume(compute.kit.database.reader, caller, root.volume_id)
    if not asked.reimage and volume.image_metadata.get("image_id") != asked.image_id:
        raise BadRequest(
            "Unable to rebuild with a different image for a volume-backed server.",
            code="rebuild-other-image",
            remedy="Ask with microversion 2.93 to have the volume written anew.",
        )


async def stop_machine(compute: Compute, run: Run) -> None:
    async with host_of(compute, run) as host:
        await host.stop(server_id_of(run), run.epoch)


async def renew_disk(compute: Compute, run: Run) -> None:
    await disks_from_image(compute, run, lambda host, machine: host.rebuild(machine, run.epoch))


async def run_again(compute: Compute, run: Run) -> Result:
    """Running, unless it was stopped before: then it is stopped with its new disk."""
    rests = run.input["from"] == VmState.STOPPED
    async with host_of(compute, run) as host:
        if rests:
            await host.stop(server_id_of(run), run.epoch)
        else:
            await host.resume(server_id_of(run), run.epoch)

    async def write(tx: Tx) -> None:
        await finish(
            compute,
            tx,
            run,
            vm_state=VmState.STOPPED if rests else VmState.ACTIVE,
            power_state=Power.SHUTDOWN if rests else Power.RUNNING,
            launched_at=compute.kit.clock.now(),
        )

    return Result(None, write)


REBUILD_SERVER = Operation(
    "rebuild-server",
    Step(fetch_image, who.GLANCE_API),
    Step(stop_machine, who.HYPERVISOR),
    Step(free_root_volume, who.CINDER_API),
    Step(begin_reimage, who.CINDER_API),
    Step(wait_reimage, who.CINDER_API),
    Step(renew_disk, who.COMPUTE_NODE),
    Step(plug_ports, who.NEUTRON_API),
    Step(start_machine, who.HYPERVISOR),
    Step(use_volumes, who.CINDER_API),
    Step(wait_ports_up, who.NEUTRON_API),
    Step(run_again, who.HYPERVISOR),
    failed=show_error,
)
