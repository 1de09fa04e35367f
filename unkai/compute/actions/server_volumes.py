"""A server's volumes: those it brings, those made for it, and how both go back.

The block storage service owns volumes and their attachments; a server's row keeps which volume is
which of its disks, in the order they came, and what becomes of it when the server goes.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Any

from msgspec import structs

from unkai.block_storage.actions import attach_volume as attaching
from unkai.block_storage.actions.create_volume import VolumeRequest, admit_volume
from unkai.block_storage.actions.delete_volume import admit_delete
from unkai.block_storage.actions.find import get_snapshot, get_volume
from unkai.block_storage.model import Volume
from unkai.block_storage.states import AVAILABLE
from unkai.compute.drivers.guests import disk_of
from unkai.compute.model import BlockDevice, Server, ServerVolume
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.hypervisor.model import Disk, Secrets
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, Fault, Forbidden, NotFound
from unkai.kit.log import log
from unkai.kit.operations import Retry
from unkai.kit.policy import Caller, service_caller
from unkai.network.actions.machine_portal import machine_portal

MOST_DISKS = 26
"""As many as /dev/vda to /dev/vdz."""
ROOT_DEVICE = "/dev/vda"


def next_device(server: Server) -> str:
    """A name that no disk of the server has; Forbidden where it has all that it can have.

    The root is first; the config drive comes before whatever is attached later.
    """
    taken = {volume.device for volume in server.volumes} | {ROOT_DEVICE}
    if server.config_drive:
        taken.add("/dev/vdb")
    for letter in string.ascii_lowercase:
        if f"/dev/vd{letter}" not in taken:
            return f"/dev/vd{letter}"
    raise Forbidden(
        f"The maximum allowed number of disk devices ({MOST_DISKS}) to attach to a single instance "
        "has been exceeded.",
        code="too-many-disks",
    )


# --- asked for with a new server


async def check_disks(
    compute: Compute, session: Session, caller: Caller, disks: Sequence[BlockDevice], count: int
) -> None:
    """BadRequest in Nova's words where a source is not there or not fit."""
    for disk in disks:
        if disk.source == "volume":
            if count > 1:
                raise BadRequest(
                    "Cannot attach one or more volumes to multiple instances",
                    code="volume-for-many",
                )
            found = await _source(session, caller, disk, get_volume)
            _check_bootable(disk, found)
        elif disk.source == "snapshot":
            await _source(session, caller, disk, get_snapshot)


async def _source(session: Session, caller: Caller, disk: BlockDevice, find: Any) -> Any:
    try:
        return await find(session, caller, disk.source_id)
    except NotFound as error:
        raise _invalid(f"failed to get {disk.source} {disk.source_id}.") from error


def _check_bootable(disk: BlockDevice, volume: Volume) -> None:
    if disk.boot_index == 0 and not volume.bootable:
        raise BadRequest(f"Block Device {volume.id} is not bootable.", code="volume-not-bootable")


def _invalid(detail: str) -> BadRequest:
    return BadRequest(f"Block Device Mapping is Invalid: {detail}", code="block-device-mapping")


async def make_volumes(
    compute: Compute, tx: Tx, caller: Caller, server: Server, disks: Sequence[BlockDevice]
) -> list[ServerVolume]:
    """Reserve those that are there, begin those to be made; BadRequest, QuotaExceeded."""
    if is_node(server.host or ""):
        await _check_portal(tx, server)
    made: list[ServerVolume] = []
    for disk in sorted(disks, key=lambda one: one.boot_index != 0):
        first = disk.boot_index == 0
        device = ROOT_DEVICE if first else next_device(structs.replace(server, volumes=made))
        volume = ServerVolume(
            id=compute.kit.chance.uuid(),
            volume_id=disk.source_id or "",
            device=device,
            boot_index=disk.boot_index,
            delete_on_termination=disk.delete_on_termination,
            tag=disk.tag,
        )
        if disk.source == "volume":
            taken = await attaching.reserve_volume(
                compute.block_storage, tx, caller, volume.volume_id, server.id
            )
            made.append(structs.replace(volume, attachment_id=taken.id))
        else:
            begun = await admit_volume(compute.block_storage, tx, caller, _request(disk))
            made.append(structs.replace(volume, volume_id=begun.id))
    return made


async def _check_portal(session: Session, server: Server) -> None:
    """A physical machine reaches its volumes on the first of its networks."""
    nics = server.nics
    if not nics or await machine_portal(session, nics[0].port_id) is None:
        raise BadRequest(
            f"Volumes cannot be given to {server.host}, which is a physical machine: its first"
            " network has no IPv4 subnet with DHCP, by which it would reach them.",
            code="no-portal",
            remedy="Name a network first that has one.",
        )


def _request(disk: BlockDevice) -> VolumeRequest:
    return VolumeRequest(
        size=disk.size,
        name="",
        volume_type=disk.volume_type,
        image_id=disk.source_id if disk.source == "image" else None,
        snapshot_id=disk.source_id if disk.source == "snapshot" else None,
    )


async def unmade(compute: Compute, server: Server) -> tuple[ServerVolume, Volume | None] | None:
    """The first volume that is still being made for the server, or whose making failed."""
    caller = service_caller("nova", "")
    for volume in server.volumes:
        if volume.attachment_id is None:
            try:
                found = await get_volume(compute.kit.database.reader, caller, volume.volume_id)
            except NotFound:
                found = None
            if found is None or found.status != AVAILABLE:
                return volume, found
    return None


async def reserve_made(compute: Compute, tx: Tx, server_id: str, request_id: str) -> None:
    """Take the volumes that were made for the server."""
    server = await servers.get_server(tx, server_id)
    if server is None:
        return
    caller = service_caller("nova", request_id)
    taken: list[ServerVolume] = []
    for volume in server.volumes:
        attachment_id = volume.attachment_id
        if attachment_id is None:
            found = await attaching.reserve_volume(
                compute.block_storage, tx, caller, volume.volume_id, server.id
            )
            attachment_id = found.id
        taken.append(structs.replace(volume, attachment_id=attachment_id))
    await write_volumes(compute, tx, server_id, taken)


# --- as its host is told of them


async def connected(compute: Compute, server: Server, volume: ServerVolume) -> Disk:
    """How the volume is opened now. Retry while somebody has its data in hand."""
    assert volume.attachment_id is not None
    try:
        connection = await attaching.connect_volume(
            compute.block_storage,
            volume.attachment_id,
            host=server.host or "",
            mountpoint=volume.device,
        )
    except Conflict as busy:
        if busy.code != "volume-held":
            raise
        raise Retry(busy.message, 0.2) from busy
    return disk_of(connection)


async def _named(compute: Compute, server: Server, volume: ServerVolume) -> Disk:
    session = compute.kit.database.reader
    found = await get_volume(session, service_caller("nova", ""), volume.volume_id)
    return Disk(volume_id=found.id, size_bytes=found.size << 30)


async def disks_of(compute: Compute, server: Server) -> tuple[Disk | None, tuple[Disk, ...]]:
    """The root, where it is on a volume, and the others.

    A physical machine is not told how they are opened: its node attaches them when it is deployed.
    """
    on_node = is_node(server.host or "")
    root: Disk | None = None
    others: list[Disk] = []
    for volume in server.volumes:
        if volume.attachment_id is None:
            continue
        opening = _named if on_node else connected
        disk = await opening(compute, server, volume)
        if volume.boot_index == 0:
            root = disk
        else:
            others.append(disk)
    return root, tuple(others)


async def secrets_of(compute: Compute, server: Server) -> dict[str, Secrets]:
    """What opens its volumes besides, by their ids; its host keeps none of it."""
    found: dict[str, Secrets] = {}
    for volume in server.volumes:
        if volume.attachment_id is not None:
            said = await attaching.volume_secrets(compute.block_storage, volume.volume_id)
            if said:
                found[volume.volume_id] = said
    return found


async def in_use(compute: Compute, tx: Tx, server: Server) -> None:
    """A process has them open."""
    for volume in server.volumes:
        if volume.attachment_id is not None:
            await attaching.complete_attach(compute.block_storage, tx, volume.attachment_id)


# --- giving back


async def release_volumes(
    compute: Compute, tx: Tx, server: Server, request_id: str
) -> list[ServerVolume]:
    """Detach all, delete those that are to go with it; those that cannot go yet. Idempotent."""
    block = compute.block_storage
    stay: list[ServerVolume] = []
    for volume in server.volumes:
        for held in (volume.attachment_id, volume.next_attachment_id):
            if held is not None:
                await attaching.detach_volume(block, tx, held)
        if not volume.delete_on_termination:
            continue
        if not await _delete(compute, tx, volume, request_id):
            stay.append(structs.replace(volume, attachment_id=None))
    return stay


async def _delete(compute: Compute, tx: Tx, volume: ServerVolume, request_id: str) -> bool:
    """Whether it goes, or stays for good (it has snapshots); False while it is being made."""
    caller = service_caller("nova", request_id)
    try:
        found = await get_volume(tx, caller, volume.volume_id)
    except NotFound:
        return True
    if found.status == "creating" or found.hold is not None:
        return False
    try:
        await admit_delete(compute.block_storage, tx, caller, volume.volume_id)
    except Fault as refused:
        log.warning("a server's volume stays", volume=volume.volume_id, reason=refused.message)
    return True


async def write_volumes(
    compute: Compute, tx: Tx, server_id: str, volumes: Sequence[ServerVolume]
) -> None:
    now = compute.kit.clock.now()
    await servers.change_server(tx, server_id, now, volumes=list(volumes))


async def change_volume(
    compute: Compute, tx: Tx, server_id: str, volume_id: str, **values: Any
) -> None:
    """Write what became of one volume of the server; nothing where it has it no more."""
    server = await servers.get_server(tx, server_id)
    if server is None or server.deleted_at is not None:
        return
    changed = [
        structs.replace(one, **values) if one.volume_id == volume_id else one
        for one in server.volumes
    ]
    await write_volumes(compute, tx, server_id, changed)


async def put_volume(
    compute: Compute, tx: Tx, server_id: str, volume_id: str, new: ServerVolume
) -> None:
    """In the place of that volume of the server; nothing where it has it no more."""
    server = await servers.get_server(tx, server_id)
    if server is not None and server.deleted_at is None:
        put = [new if one.volume_id == volume_id else one for one in server.volumes]
        await write_volumes(compute, tx, server_id, put)


async def forget_volume(compute: Compute, tx: Tx, server_id: str, volume_id: str) -> None:
    server = await servers.get_server(tx, server_id)
    if server is not None and server.deleted_at is None:
        kept = [one for one in server.volumes if one.volume_id != volume_id]
        await write_volumes(compute, tx, server_id, kept)
