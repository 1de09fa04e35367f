"""Volumes of physical machines: held for a node, served to it, and found again by whoever asks.

A server's volume is held by the attachment that compute made for the server; one that a node was
given directly, by an attachment with an id that the caller keeps.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from unkai.block_storage.actions.attach_volume import (
    complete_attach,
    connect_volume,
    detach_volume,
    reserve_volume,
)
from unkai.block_storage.actions.export_volume import close_export
from unkai.block_storage.model import Attachment, Portal
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import attachments, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict
from unkai.kit.operations import Retry
from unkai.kit.policy import service_caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """projects: whose volumes it may be given beside its server's; none of them: anybody's."""

    node_id: str
    server_id: str | None
    initiator: str
    portal: Portal
    projects: frozenset[str] = frozenset()


async def attach_machine(
    block: BlockStorage, machine: Machine, volume_id: str, own_id: str
) -> dict[str, str]:
    """The volume's target, served to the machine. Idempotent.

    own_id: of the attachment, where there is none of the machine's server. BadRequest, NotFound,
    Retry while somebody has the volume's data in hand.
    """

    async def hold(tx: Tx) -> Attachment:
        known = await _known(tx, volume_id, machine.server_id, own_id)
        if known is not None:
            return known
        volume = await volumes.find(tx, volume_id)
        if volume is not None and machine.projects and volume.project_id not in machine.projects:
            raise BadRequest(
                f"Volume {volume_id} belongs to a project that node {machine.node_id} does not.",
                code="volume-of-others",
            )
        caller = service_caller("ironic", "")
        return await reserve_volume(block, tx, caller, volume_id, None, attachment_id=own_id)

    held = await block.kit.database.transact(hold)
    connector = {"initiator": machine.initiator, "host": machine.node_id, "multipath": False}
    try:
        connection = await connect_volume(
            block, held.id, host=machine.node_id, connector=connector, portal=machine.portal
        )
    except Conflict as busy:
        if busy.code != "volume-held":
            raise
        raise Retry(busy.message, 0.5) from busy
    await block.kit.database.transact(lambda tx: complete_attach(block, tx, held.id))
    return connection.target


async def detach_machine(
    block: BlockStorage, volume_id: str, server_id: str | None, own_id: str
) -> None:
    """The machine reaches it no more; a server's attachment stays, for compute to end."""
    found = await _known(block.kit.database.reader, volume_id, server_id, own_id)
    if found is None:
        return
    await close_export(block, volume_id, found.id)
    if found.id == own_id:
        await block.kit.database.transact(lambda tx: detach_volume(block, tx, own_id))


async def machines_volumes(session: Session, but: Collection[str]) -> list[tuple[str, str]]:
    """Volumes that machines have, with their nodes, but these nodes."""
    found = await attachments.of_initiators(session)
    return [
        (one.volume_id, one.attached_host or "")
        for one in found
        if one.guarded and one.attached_host not in but
    ]


async def machines_own_volumes(session: Session) -> list[tuple[str, str, str]]:
    """Volumes that nodes were given directly: each with its node, and the attachment's id."""
    found = await attachments.of_initiators(session)
    return [
        (one.volume_id, one.attached_host or "", one.id)
        for one in found
        if one.guarded and one.instance_id is None
    ]


async def _known(
    session: Session, volume_id: str, server_id: str | None, own_id: str
) -> Attachment | None:
    for one in await attachments.of_volume(session, volume_id):
        if one.id == own_id or (server_id is not None and one.instance_id == server_id):
            return one
    return None
