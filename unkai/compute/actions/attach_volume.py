"""os-volume_attachments: give a server a volume, or take one away, while it runs or rests.

The request reserves the volume and writes it down with the server; its operation then brings about
whatever is written down and not yet so. So it may take over from that of the request before, and
what is interrupted anywhere is found again in the server's row.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from msgspec import structs

from unkai.block_storage.actions import attach_volume as attaching
from unkai.block_storage.actions.swap_volume import end_swap, take_back_swap
from unkai.compute.actions import server_volumes
from unkai.compute.actions.carry_over import COPYING_S, carry_over, coming_of, keep
from unkai.compute.actions.end_action import fail
from unkai.compute.actions.find_server import unlocked_server
from unkai.compute.actions.machine import host_of, server_id_of, server_of
from unkai.compute.actions.submit_action import note_action, submit
from unkai.compute.model import Server, ServerVolume
from unkai.compute.service import Compute, is_node
from unkai.compute.states import VmState, refusal
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Failed, Fault, Forbidden, NotFound
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who

ATTACHABLE = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)
DETACHABLE = (*ATTACHABLE, VmState.SUSPENDED)
Write = Callable[[Tx], Awaitable[None]]


async def attach_volume(
    compute: Compute,
    caller: Caller,
    server_id: str,
    volume_id: str,
    *,
    tag: str | None,
    delete_on_termination: bool,
    request_id: str,
) -> tuple[Server, ServerVolume]:
    """The server and its volume to be. NotFound, BadRequest, Conflict, Forbidden as Nova's."""

    async def admit(tx: Tx) -> tuple[Server, ServerVolume]:
        server = await admitted(tx, caller, server_id, "attach_volume", ATTACHABLE)
        if any(one.volume_id == volume_id for one in server.volumes):
            raise BadRequest(
                f"Invalid volume: volume {volume_id} already attached", code="volume-attached"
            )
        attachment = await attaching.reserve_volume(
            compute.block_storage, tx, caller, volume_id, server.id
        )
        volume = ServerVolume(
            id=compute.kit.chance.uuid(),
            volume_id=volume_id,
            attachment_id=attachment.id,
            device=server_volumes.next_device(server),
            delete_on_termination=delete_on_termination,
            tag=tag,
            state="attaching",
            request_id=request_id,
        )
        server = structs.replace(server, volumes=[*server.volumes, volume])
        await server_volumes.write_volumes(compute, tx, server.id, server.volumes)
        await note_action(compute, tx, caller, server, "attach_volume", request_id=request_id)
        await change_volumes(compute, tx, caller, server, request_id)
        return server, volume

    return await compute.kit.database.transact(admit)


async def detach_volume(
    compute: Compute, caller: Caller, server_id: str, volume_id: str, *, request_id: str
) -> None:
    """NotFound, BadRequest, Conflict, or Forbidden for the volume it boots from."""

    async def admit(tx: Tx) -> None:
        server = await admitted(tx, caller, server_id, "detach_volume", DETACHABLE)
        volume = volume_of(server, volume_id)
        if volume.boot_index == 0:
            raise Forbidden("Cannot detach a root device volume", code="root-volume")
        if volume.state == "detaching":
            return
        await attaching.begin_detaching(compute.block_storage, tx, caller, volume_id)
        await server_volumes.change_volume(
            compute, tx, server.id, volume_id, state="detaching", request_id=request_id
        )
        await note_action(compute, tx, caller, server, "detach_volume", request_id=request_id)
        await change_volumes(compute, tx, caller, server, request_id)

    await compute.kit.database.transact(admit)


async def keep_volume(
    compute: Compute, caller: Caller, server_id: str, volume_id: str, *, delete_on_termination: bool
) -> None:
    """What becomes of the volume when the server goes."""

    async def admit(tx: Tx) -> None:
        server = await unlocked_server(tx, caller, server_id)
        volume_of(server, volume_id)
        await server_volumes.change_volume(
            compute, tx, server.id, volume_id, delete_on_termination=delete_on_termination
        )

    await compute.kit.database.transact(admit)


def volume_of(server: Server, volume_id: str) -> ServerVolume:
    for volume in server.volumes:
        if volume.volume_id == volume_id:
            return volume
    raise NotFound(
        f"Instance {server.id} is not attached to volume {volume_id}.", code="volume-not-attached"
    )


async def admitted(
    tx: Tx, caller: Caller, server_id: str, what: str, states: tuple[VmState, ...]
) -> Server:
    server = await unlocked_server(tx, caller, server_id)
    if server.vm_state not in states:
        raise refusal(what, server.id, "vm_state", server.vm_state)
    if server.task_state is not None:
        raise refusal(what, server.id, "task_state", server.task_state)
    if is_node(server.host or ""):
        raise BadRequest(
            f"Instance {server.id} is a physical machine: its volumes come when it is created and"
            " go when it is deleted, since nothing of ours runs on it meanwhile.",
            code="not-on-a-node",
            remedy="Create a server with the volumes that it needs (block_device_mapping_v2).",
        )
    return server


async def change_volumes(
    compute: Compute,
    tx: Tx,
    caller: Caller,
    server: Server,
    request_id: str,
    *,
    copies: bool = False,
) -> None:
    """The operation begins anew: what the one before had not brought about is this one's."""
    copies = copies or any(one.state == "swapping" for one in server.volumes)
    busy = await compute.kit.operations.busy(tx, f"server/{server.id}")
    await submit(
        compute,
        tx,
        caller,
        server,
        CHANGE_VOLUMES,
        request_id=request_id,
        input={},
        supersede=busy == CHANGE_VOLUMES.kind,
        deadline_s=COPYING_S if copies else None,
    )


# --- the step


async def settle_volumes(compute: Compute, run: Run) -> Result:
    """Every volume of the server as its row says; the last one is written with the end of it all.

    A client that sees it there may therefore ask for the next thing at once.
    """
    while True:
        server = await server_of(compute, run)
        left = _unsettled(server)
        if not left:
            return Result()
        written = await _settle(compute, run, server, left[0])
        if len(left) == 1:
            return Result(None, written)
        await compute.kit.database.transact(written)


def _unsettled(server: Server) -> list[ServerVolume]:
    return [one for one in server.volumes if one.state != "attached"]


async def _settle(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    if volume.state == "attaching":
        return await _attach(compute, run, server, volume)
    if volume.state == "swapping":
        return await _swap(compute, run, server, volume)
    return await _detach(compute, run, server, volume)


async def _attach(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    """Open at the host, then in use; refused by the host, it is nobody's again."""
    refused: Fault | None = None
    try:
        disk = await server_volumes.connected(compute, server, volume)
        secrets = await attaching.volume_secrets(compute.block_storage, volume.volume_id)
        async with host_of(compute, run) as host:
            await host.attach_disk(server.id, disk, run.epoch, secrets)
    except Fault as fault:
        if fault.code == "stale-epoch":
            raise
        refused = fault

    async def write(tx: Tx) -> None:
        if refused is None:
            await _is_attached(compute, tx, server, volume)
        else:
            await _is_free(compute, tx, server, volume)
        await _end(compute, tx, server, volume, refused)

    return write


async def _detach(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    """Closed at the host, then free; where the guest keeps it, the server keeps it."""
    kept: Fault | None = None
    try:
        async with host_of(compute, run) as host:
            await host.detach_disk(server.id, volume.volume_id, run.epoch)
    except Fault as fault:
        if fault.code != "guest-keeps-disk":
            raise
        kept = fault

    async def write(tx: Tx) -> None:
        if kept is None:
            await _is_free(compute, tx, server, volume)
        else:
            await _is_attached(compute, tx, server, volume)
        await _end(compute, tx, server, volume, kept)

    return write


async def _swap(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    """The next one open at the host and the one before free; or the other way round."""
    kept = await carry_over(compute, run, server, volume)
    return _swapped(compute, server, volume, kept)


def _swapped(compute: Compute, server: Server, volume: ServerVolume, kept: Fault | None) -> Write:
    block, coming = compute.block_storage, coming_of(volume)

    async def write(tx: Tx) -> None:
        assert volume.attachment_id is not None and coming.attachment_id is not None
        if kept is None:
            await end_swap(block, tx, volume.attachment_id, coming.attachment_id)
            now = coming
        else:
            await take_back_swap(block, tx, volume.volume_id, coming.attachment_id)
            same = {"volume_id": volume.volume_id, "attachment_id": volume.attachment_id}
            now = structs.replace(coming, **same)
        await server_volumes.put_volume(compute, tx, server.id, volume.volume_id, now)
        await _end(compute, tx, server, volume, kept)

    return write


async def _is_attached(compute: Compute, tx: Tx, server: Server, volume: ServerVolume) -> None:
    """The guest has it open, now or still."""
    block = compute.block_storage
    if volume.attachment_id is not None:
        await attaching.complete_attach(block, tx, volume.attachment_id)
    await attaching.roll_detaching(block, tx, volume.volume_id)
    await server_volumes.change_volume(
        compute, tx, server.id, volume.volume_id, state="attached", request_id=""
    )


async def _is_free(compute: Compute, tx: Tx, server: Server, volume: ServerVolume) -> None:
    if volume.attachment_id is not None:
        await attaching.detach_volume(compute.block_storage, tx, volume.attachment_id)
    await server_volumes.forget_volume(compute, tx, server.id, volume.volume_id)


async def _end(
    compute: Compute, tx: Tx, server: Server, volume: ServerVolume, fault: Fault | None
) -> None:
    await server_actions.end_action(
        tx,
        server.id,
        volume.request_id,
        now=compute.kit.clock.now(),
        error=fault.public if fault else None,
    )


async def take_back(compute: Compute, run: Run) -> None:
    """Nothing half done stays: what was to come is gone again, what was to go stays.

    Not for a delete, which takes all volumes away itself, nor for another one of this kind.
    """
    if run.cancelled:
        return
    server = await server_of(compute, run)
    for volume in _unsettled(server):
        if volume.state == "attaching":
            write = await _detach(compute, run, server, volume)
        elif volume.state == "swapping":
            write = await _unswap(compute, run, server, volume)
        else:
            write = _staying(compute, run, server, volume)
        await compute.kit.database.transact(write)


async def _unswap(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    """As far as that goes: where the host has the next one already, the swap ends well."""
    kept: Fault | None = None
    if await keep(compute, run, server, volume):
        kept = run.error or Failed("The swap was given up.", code="swap-failed")
    else:
        kept = await carry_over(compute, run, server, volume)
    return _swapped(compute, server, volume, kept)


def _staying(compute: Compute, run: Run, server: Server, volume: ServerVolume) -> Write:
    async def write(tx: Tx) -> None:
        await _is_attached(compute, tx, server, volume)
        await _end(compute, tx, server, volume, run.error)

    return write


async def show_fault(compute: Compute, tx: Tx, run: Run) -> None:
    """The server goes on as it is; its action says what failed."""
    server = await servers.get_server(tx, server_id_of(run))
    if server is not None and server.deleted_at is None:
        await fail(compute, tx, run, vm_state=server.vm_state)


CHANGE_VOLUMES = Operation(
    "change-volumes",
    Step(settle_volumes, who.HYPERVISOR, undo=take_back, interruptible=True),
    failed=show_fault,
    deadline_s=900.0,
)
