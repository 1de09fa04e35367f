"""A volume as an iSCSI target, for physical machines and hosts that are not this cloud's own.

The row comes first and goes last; between them the reconciler keeps what serves it alive. Each
attachment has a secret of its own. A volume has one export at most: several machines that write to
one volume would each need to know of the other's cache.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from unkai.block_storage.connection import Connection
from unkai.block_storage.model import Export, Portal
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import attachments, exports
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict

FIRST_PORT: Final = 3260
_NAME: Final = re.compile(r"(iqn\.\d{4}-\d{2}\.|eui\.|naa\.)[A-Za-z0-9.:-]{1,200}\Z")
_EXPORTABLE: Final = frozenset({"file", "fake"})
_SECRET_CHARACTERS: Final = 16


def read_initiator(connector: Mapping[str, object] | None) -> str | None:
    """Who will log in; None where the connector speaks of no iSCSI. BadRequest for no name."""
    name = (connector or {}).get("initiator")
    if name is None or name == "":
        return None
    if not isinstance(name, str) or not _NAME.match(name):
        raise BadRequest(
            "Invalid input received: connector's initiator must be the name of an iSCSI initiator"
            " (iqn.2010-04.org.example:host).",
            code="connector-invalid",
        )
    return name


async def export_volume(
    block: BlockStorage,
    connection: Connection,
    initiator: str,
    *,
    attachment_id: str | None,
    portal: Portal,
) -> Connection:
    """The volume's target, served. Idempotent for the same attachment and initiator.

    BadRequest (code "volume-not-exportable", "volume-exported"), Unavailable, Failed.
    """
    if connection.driver not in _EXPORTABLE or connection.encrypted:
        kind = "encrypted" if connection.encrypted else f"reached by {connection.driver}"
        raise BadRequest(
            f"Volume {connection.volume_id} is {kind}; it cannot be attached by iSCSI.",
            code="volume-not-exportable",
            remedy="Use a volume of another type.",
        )

    async def write(tx: Tx) -> Export:
        known = await exports.find(tx, connection.volume_id)
        others = await attachments.of_volume(tx, connection.volume_id)
        if any(one.id != attachment_id and one.attach_status != "reserved" for one in others):
            raise taken(connection.volume_id)
        if known is not None:
            same = (known.attachment_id, known.initiator) == (attachment_id, initiator)
            if same and (known.network_id, known.address) == (portal.network_id, portal.address):
                return known
            if known.attachment_id != attachment_id:
                raise taken(connection.volume_id)
            await exports.remove(tx, known.volume_id)
        ports = await exports.ports_taken(tx, portal.network_id)
        port = next(one for one in range(FIRST_PORT, 1 << 16) if one not in ports)
        made = Export(
            volume_id=connection.volume_id,
            attachment_id=attachment_id,
            network_id=portal.network_id,
            address=portal.address,
            port=port,
            initiator=initiator,
            username=f"u{block.kit.chance.uuid().replace('-', '')[:15]}",
            password=block.kit.chance.uuid().replace("-", "")[:_SECRET_CHARACTERS],
            read_only=connection.read_only,
            created_at=block.kit.clock.now(),
        )
        await exports.add(tx, made)
        return made

    export = await block.kit.database.transact(write)
    await block.exports.open(export, connection)
    return msgspec.structs.replace(connection, driver="iscsi", layers=(), target=export.target)


def taken(volume_id: str) -> BadRequest:
    return BadRequest(
        f"Invalid volume: {volume_id} is in use elsewhere; by iSCSI one machine alone may have it.",
        code="volume-exported",
        remedy="Detach it there first.",
    )


async def check_not_exported(session: Session, volume_id: str) -> None:
    """Conflict where a machine has it by iSCSI, whose cache no other would know of."""
    if await exports.find(session, volume_id) is not None:
        raise Conflict(
            f"Volume {volume_id} is attached to a machine by iSCSI, which shares it with nobody.",
            code="volume-exported",
            remedy="Detach it there first.",
        )


async def close_export(
    block: BlockStorage, volume_id: str, attachment_id: str | None = None
) -> None:
    """Nobody reaches the volume by iSCSI any more, whatever he knows. Idempotent.

    attachment_id: whose export it must be; None: whoever has it.
    """
    found = await exports.find(block.kit.database.reader, volume_id)
    if found is None or attachment_id not in (None, found.attachment_id):
        return
    # The row goes first: else the reconciler would serve it again behind our back.
    await block.kit.database.transact(lambda tx: exports.remove(tx, volume_id))
    await block.exports.close(volume_id)


async def drop_export(block: BlockStorage, tx: Tx, volume_id: str, attachment_id: str) -> None:
    """With the attachment: what still serves it has no right to from the commit on."""
    found = await exports.find(tx, volume_id)
    if found is not None and found.attachment_id == attachment_id:
        await exports.remove(tx, volume_id)
        for wake in block.export_wakers:
            tx.after_commit(wake)
