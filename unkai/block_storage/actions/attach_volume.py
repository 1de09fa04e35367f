"""How a volume comes to a server or a physical machine, and how it leaves.

Compute's order, each inside its own transaction or step:

    reserve_volume    in the admission: the volume is this server's to come, nobody else's
    connect_volume    in the step before the guest opens it: the connection, fresh each time
    complete_attach   when it is open: the volume is in use
    begin_detaching   in the admission of a detach; `roll_detaching` takes it back
    detach_volume     when no process has it open any more: the attachment is gone

Who is not a guest of this cloud's hosts gets a target of iSCSI (`export_volume`), which ends by
`close_export` before the attachment does.

All may be repeated. An attachment is deleted last, so that no volume is free while it is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec

from unkai.block_storage.actions.export_volume import (
    check_not_exported,
    drop_export,
    export_volume,
    read_initiator,
)
from unkai.block_storage.actions.find import no_volume, own_volume
from unkai.block_storage.actions.work import check_free, check_verb, driver_of
from unkai.block_storage.connection import Connection
from unkai.block_storage.model import Attachment, Portal, Volume
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import (
    AVAILABLE,
    BEGIN_DETACHING,
    IN_USE,
    RESERVE,
    RESERVE_AGAIN,
)
from unkai.block_storage.store import attachments, qos, types, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.kit.secret import Secret

FRONT_ENDS = frozenset({"front-end", "both"})


async def reserve_volume(
    block: BlockStorage,
    tx: Tx,
    caller: Caller,
    volume_id: str,
    instance_id: str | None,
    *,
    mode: str = "rw",
    attachment_id: str | None = None,
    guarded: bool = True,
) -> Attachment:
    """guarded: compute's own; an attachment that somebody asked the API for is not.

    BadRequest (code "volume-status") where it is not free, or in use and not multiattach.

    Conflict (code "volume-attached-there") if the server has it already.
    """
    volume = await own_volume(tx, caller, volume_id)
    there = await attachments.of_volume(tx, volume_id)
    if instance_id is not None and any(one.instance_id == instance_id for one in there):
        raise Conflict(
            f"Volume {volume_id} is attached to server {instance_id} already.",
            code="volume-attached-there",
        )
    check_reservable(volume, there)
    made = Attachment(
        id=attachment_id or block.kit.chance.uuid(),
        volume_id=volume_id,
        project_id=volume.project_id,
        attach_status="reserved",
        instance_id=instance_id,
        attach_mode="ro" if volume.readonly else mode,
        guarded=guarded,
        created_at=block.kit.clock.now(),
    )
    await attachments.add(tx, made)
    await _follow(block, tx, volume_id)
    return made


def check_reservable(volume: Volume, there: tuple[Attachment, ...]) -> None:
    if volume.multiattach and there and volume.status in ("reserved", "attaching"):
        check_free(volume)
        return
    check_verb(RESERVE_AGAIN if volume.multiattach else RESERVE, volume)


async def connect_volume(
    block: BlockStorage,
    attachment_id: str,
    *,
    host: str,
    mountpoint: str | None = None,
    connector: Mapping[str, object] | None = None,
    portal: Portal | None = None,
) -> Connection:
    """How the volume is opened now; NotFound, Retry-able Conflict (code "volume-held").

    Ask again before every start of the guest: snapshots change the layers. A connector with an
    `initiator` is served by iSCSI, at `portal` or else at the cloud's own.
    """
    initiator = read_initiator(connector)

    async def write(tx: Tx) -> Attachment:
        found = await _find(tx, attachment_id)
        volume = await volumes.find(tx, found.volume_id)
        if volume is not None and volume.hold is not None and found.attach_status != "attached":
            raise Conflict(
                f"Volume {volume.id} is in the hands of {volume.hold}.",
                code="volume-held",
                remedy="Ask again in a moment.",
            )
        status = "attached" if found.attach_status == "attached" else "attaching"
        values: dict[str, Any] = {"attached_host": host, "attach_status": status}
        if mountpoint is not None:
            values["mountpoint"] = mountpoint
        if connector is not None:
            values["connector"] = dict(connector)
        await attachments.change(tx, attachment_id, **values)
        await _follow(block, tx, found.volume_id)
        return replace(found, **values)

    found = await block.kit.database.transact(write)
    if initiator is None:
        return await _connection(block, found)
    connection = await connection_of(block, found.volume_id, read_only=found.attach_mode == "ro")
    return await export_volume(
        block, connection, initiator, attachment_id=found.id, portal=portal or block.portal
    )


async def volume_secrets(block: BlockStorage, volume_id: str) -> dict[str, Secret]:
    """What opens the volume besides its connection, by use; for the agent of its host alone."""
    return await (await driver_of(block, volume_id)).secrets(volume_id)


async def _connection(block: BlockStorage, attachment: Attachment) -> Connection:
    await check_not_exported(block.kit.database.reader, attachment.volume_id)
    return await connection_of(
        block, attachment.volume_id, read_only=attachment.attach_mode == "ro"
    )


async def connection_of(block: BlockStorage, volume_id: str, *, read_only: bool) -> Connection:
    """How this machine opens the volume. NotFound, Conflict (code "volume-not-shareable")."""
    session = block.kit.database.reader
    volume = await volumes.find(session, volume_id)
    if volume is None:
        raise no_volume(volume_id)
    driver = block.at(volume.host).driver
    found = await driver.connect(volume.id, read_only=read_only or bool(volume.readonly))
    await _check_shareable(session, volume, found)
    limits = await limits_of(session, volume)
    return msgspec.structs.replace(
        found, shareable=volume.multiattach, qos=limits, encrypted=volume.encrypted
    )


async def _check_shareable(session: Session, volume: Volume, found: Connection) -> None:
    """Two guests write into one raw file, each as its cluster file system says; never a qcow2."""
    if len(await attachments.of_volume(session, volume.id)) < 2 or found.driver != "file":
        return
    if [layer.format for layer in found.layers] != ["raw"]:
        raise Conflict(
            f"Volume {volume.id} stands on a snapshot, so that only one guest may have it open.",
            code="volume-not-shareable",
            remedy="Make a backup of it and restore that to a new volume.",
        )


async def limits_of(session: Session, volume: Volume) -> dict[str, int]:
    """What the hypervisor keeps of the volume type's QoS."""
    kind = await types.find(session, volume.volume_type_id) if volume.volume_type_id else None
    specs = await qos.find(session, kind.qos_specs_id) if kind and kind.qos_specs_id else None
    if specs is None or specs.consumer not in FRONT_ENDS:
        return {}
    return {name: int(value) for name, value in specs.specs.items() if value.isdecimal()}


async def complete_attach(block: BlockStorage, tx: Tx, attachment_id: str) -> Attachment:
    """The guest has it open."""
    found = await _find(tx, attachment_id)
    now = block.kit.clock.now()
    await attachments.change(
        tx, attachment_id, attach_status="attached", attached_at=found.attached_at or now
    )
    await _follow(block, tx, found.volume_id)
    return replace(found, attach_status="attached", attached_at=now)


async def begin_detaching(block: BlockStorage, tx: Tx, caller: Caller, volume_id: str) -> Volume:
    """BadRequest where the volume is not in use, or somebody has its data in hand."""
    volume = await own_volume(tx, caller, volume_id)
    check_verb(BEGIN_DETACHING, volume)
    if len(await attachments.of_volume(tx, volume_id)) < 2:  # others still have it in use
        await volumes.change(tx, volume_id, block.kit.clock.now(), status="detaching")
    return volume


async def roll_detaching(block: BlockStorage, tx: Tx, volume_id: str) -> None:
    volume = await volumes.find(tx, volume_id)
    if volume is not None and volume.status == "detaching":
        await volumes.change(tx, volume_id, block.kit.clock.now(), status=IN_USE)


async def detach_volume(block: BlockStorage, tx: Tx, attachment_id: str) -> str | None:
    """Nobody has it open any more: forget the attachment. The volume's id; None if it was gone."""
    found = await attachments.find(tx, attachment_id)
    if found is None:
        return None
    await attachments.remove(tx, attachment_id)
    await drop_export(block, tx, found.volume_id, attachment_id)
    await _follow(block, tx, found.volume_id)
    await block.kit.events.emit(tx, "volume.detached", found.volume_id, {"id": attachment_id})
    return found.volume_id


async def attachments_of(session: Session, instance_id: str) -> list[tuple[Attachment, Volume]]:
    """A server's volumes, in the order they came."""
    found: list[tuple[Attachment, Volume]] = []
    for one in await attachments.of_instance(session, instance_id):
        volume = await volumes.find(session, one.volume_id)
        if volume is not None:
            found.append((one, volume))
    return found


async def server_attachments(session: Session) -> list[Attachment]:
    """Every attachment that compute made, for its audit."""
    return await attachments.of_servers(session)


async def _find(session: Session, attachment_id: str) -> Attachment:
    found = await attachments.find(session, attachment_id)
    if found is None:
        raise NotFound(f"Attachment {attachment_id} does not exist.", code="attachment-not-found")
    return found


STATUS_OF = {"attached": IN_USE, "attaching": "attaching", "reserved": "reserved"}
FOLLOWING = frozenset({AVAILABLE, IN_USE, "attaching", "reserved", "detaching"})


def status_of(there: tuple[Attachment, ...]) -> str:
    """What a volume with these attachments is."""
    states = {one.attach_status for one in there}
    return next((STATUS_OF[one] for one in STATUS_OF if one in states), AVAILABLE)


async def _follow(block: BlockStorage, tx: Tx, volume_id: str) -> None:
    """The volume's status says what its attachments do; the one furthest along counts."""
    volume = await volumes.find(tx, volume_id)
    if volume is None or volume.status not in FOLLOWING:
        return
    status = status_of(await attachments.of_volume(tx, volume_id))
    if volume.status == "detaching" and status == IN_USE:
        return
    await volumes.change(tx, volume_id, block.kit.clock.now(), status=status)


def check_mode(mode: str) -> str:
    if mode not in ("rw", "ro"):
        raise BadRequest(f"Invalid attach mode {mode!r}: it must be 'rw' or 'ro'.")
    return mode
