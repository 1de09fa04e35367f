"""Attachments as the API has them: made, connected, completed, ended; and the older verbs.

What compute made is compute's to end: a volume that a guest has open never becomes free behind its
back, and nobody gets at a connection that is not theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.block_storage.actions import attach_volume as attaching
from unkai.block_storage.actions.export_volume import (
    close_export,
    export_volume,
    read_initiator,
)
from unkai.block_storage.actions.find import own_attachment, own_volume
from unkai.block_storage.actions.work import check_not_moving, check_verb, driver_of
from unkai.block_storage.connection import Connection
from unkai.block_storage.model import Attachment
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import ATTACH, AVAILABLE, UNRESERVE
from unkai.block_storage.store import attachments, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Fault, NotFound
from unkai.kit.policy import Caller

ENDING = frozenset({"attaching", "detaching", "reserved", "in-use"})


async def create_attachment(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    instance_id: str | None,
    *,
    mode: str,
    connector: Mapping[str, object] | None,
) -> tuple[Attachment, Connection | None]:
    """With a connector it is connected at once; where that is refused, nothing was made."""
    read_initiator(connector)

    async def write(tx: Tx) -> Attachment:
        return await attaching.reserve_volume(
            block, tx, caller, volume_id, instance_id, mode=mode, guarded=False
        )

    made = await block.kit.database.transact(write)
    if connector is None:
        return made, None
    try:
        return await update_attachment(block, caller, made.id, connector)
    except Fault:
        await delete_attachment(block, caller, made.id)
        raise


async def update_attachment(
    block: BlockStorage, caller: Caller, attachment_id: str, connector: Mapping[str, object]
) -> tuple[Attachment, Connection]:
    session = block.kit.database.reader
    found = await own_attachment(session, caller, attachment_id)
    _check_guard(caller, found)
    host, mountpoint = connector.get("host"), connector.get("mountpoint")
    connection = await attaching.connect_volume(
        block,
        attachment_id,
        host=str(host) if host is not None else "",
        mountpoint=str(mountpoint) if mountpoint is not None else None,
        connector=connector,
    )
    return await own_attachment(session, caller, attachment_id), connection


async def complete_attachment(block: BlockStorage, caller: Caller, attachment_id: str) -> None:
    async def write(tx: Tx) -> None:
        found = await own_attachment(tx, caller, attachment_id)
        _check_guard(caller, found)
        if found.attach_status == "reserved":
            raise BadRequest(
                f"Invalid volume: attachment {attachment_id} has no connector yet.",
                code="attachment-not-connected",
            )
        await attaching.complete_attach(block, tx, attachment_id)

    await block.kit.database.transact(write)


async def delete_attachment(block: BlockStorage, caller: Caller, attachment_id: str) -> str:
    """The volume's id."""

    async def write(tx: Tx) -> str:
        found = await own_attachment(tx, caller, attachment_id)
        _check_guard(caller, found)
        await attaching.detach_volume(block, tx, attachment_id)
        return found.volume_id

    found = await own_attachment(block.kit.database.reader, caller, attachment_id)
    _check_guard(caller, found)
    await close_export(block, found.volume_id, attachment_id)
    volume_id = await block.kit.database.transact(write)
    await (await driver_of(block, volume_id)).disconnect(volume_id)
    return volume_id


async def reserve(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    """os-reserve: the volume is attaching, to whom is told later."""

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        attaching.check_reservable(volume, await attachments.of_volume(tx, volume_id))
        await _status(block, tx, volume_id, "attaching")

    await block.kit.database.transact(write)


async def unreserve(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        check_verb(UNRESERVE, volume)
        there = await attachments.of_volume(tx, volume_id)
        if any(one.guarded for one in there):
            raise guarded(volume_id)
        await _status(block, tx, volume_id, attaching.status_of(there))

    await block.kit.database.transact(write)


async def attach(block: BlockStorage, caller: Caller, volume_id: str, **values: Any) -> None:
    """os-attach: the volume is in use. values: instance_id, attached_host, mountpoint, mode."""

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        there = await attachments.of_volume(tx, volume_id)
        if not (volume.multiattach and there):
            check_verb(ATTACH, volume)
        made = Attachment(
            id=block.kit.chance.uuid(),
            volume_id=volume_id,
            project_id=volume.project_id,
            attach_status="attached",
            attached_at=block.kit.clock.now(),
            created_at=block.kit.clock.now(),
            **values,
        )
        if volume.readonly and made.attach_mode == "rw":
            raise BadRequest(f"Invalid volume: {volume_id} is read-only.", code="volume-readonly")
        await attachments.add(tx, made)
        await _status(block, tx, volume_id, attaching.status_of((made,)))

    await block.kit.database.transact(write)


async def detach(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    attachment_id: str | None,
    *,
    force: bool = False,
) -> None:
    """os-detach and os-force_detach; without an id the only attachment there is, if there is one.

    force: whatever the volume's status is.
    """

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        there = await attachments.of_volume(tx, volume_id)
        if attachment_id is not None:
            there = tuple(one for one in there if one.id == attachment_id)
            if not there:
                raise NotFound(f"Volume attachment {attachment_id} could not be found.")
        if len(there) > 1:
            raise BadRequest(
                f"Invalid volume: {volume_id} has several attachments; say which.",
                code="volume-attached",
            )
        if not there and volume.status not in ENDING and not force:
            return
        for one in there:
            _check_guard(caller, one)
            await attachments.remove(tx, one.id)
        rest = await attachments.of_volume(tx, volume_id)
        await _status(block, tx, volume_id, attaching.status_of(rest))

    await _close_first(block, caller, volume_id, attachment_id)
    await block.kit.database.transact(write)
    await (await driver_of(block, volume_id)).disconnect(volume_id)


async def _close_first(
    block: BlockStorage, caller: Caller, volume_id: str, attachment_id: str | None
) -> None:
    """A volume is not free while somebody could still reach it."""
    session = block.kit.database.reader
    await own_volume(session, caller, volume_id)
    for one in await attachments.of_volume(session, volume_id):
        _check_guard(caller, one)
    await close_export(block, volume_id, attachment_id)


async def initialize_connection(
    block: BlockStorage, caller: Caller, volume_id: str, connector: Mapping[str, object]
) -> Connection:
    """os-initialize_connection: of a volume that is not compute's."""
    session = block.kit.database.reader
    volume = await own_volume(session, caller, volume_id)
    if any(one.guarded for one in await attachments.of_volume(session, volume_id)):
        _check_service(caller, volume_id)
    check_not_moving(volume)
    initiator = read_initiator(connector)
    if initiator is None:
        driver = block.at(volume.host).driver
        return await driver.connect(volume.id, read_only=bool(volume.readonly))
    there = await attachments.of_volume(session, volume_id)
    connection = await attaching.connection_of(block, volume_id, read_only=False)
    return await export_volume(
        block,
        connection,
        initiator,
        attachment_id=there[0].id if len(there) == 1 else None,
        portal=block.portal,
    )


async def terminate_connection(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    session = block.kit.database.reader
    await own_volume(session, caller, volume_id)
    if any(one.guarded for one in await attachments.of_volume(session, volume_id)):
        _check_service(caller, volume_id)
    await close_export(block, volume_id)
    await (await driver_of(block, volume_id)).disconnect(volume_id)


async def begin_detaching(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    async def write(tx: Tx) -> None:
        for one in await attachments.of_volume(tx, volume_id):
            _check_guard(caller, one)
        await attaching.begin_detaching(block, tx, caller, volume_id)

    await block.kit.database.transact(write)


async def roll_detaching(block: BlockStorage, caller: Caller, volume_id: str) -> None:
    async def write(tx: Tx) -> None:
        await own_volume(tx, caller, volume_id)
        await attaching.roll_detaching(block, tx, volume_id)

    await block.kit.database.transact(write)


def guarded(volume_id: str) -> Conflict:
    return Conflict(
        f"Volume {volume_id} is attached to a server of the compute service.",
        code="volume-guarded",
        remedy="Detach it from the server (openstack server remove volume).",
    )


def _check_guard(caller: Caller, attachment: Attachment) -> None:
    if attachment.guarded:
        _check_service(caller, attachment.volume_id)


def _check_service(caller: Caller, volume_id: str) -> None:
    if "service" not in caller.roles:
        raise guarded(volume_id)


async def _status(block: BlockStorage, tx: Tx, volume_id: str, status: str = AVAILABLE) -> None:
    await volumes.change(tx, volume_id, block.kit.clock.now(), status=status)
