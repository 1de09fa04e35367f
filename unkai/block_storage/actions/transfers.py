"""A volume goes to another project: offered with a key that is shown once, taken by who has it."""

from __future__ import annotations

import hashlib
import hmac

from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.find import own_volume, project_of
from unkai.block_storage.actions.work import check_verb
from unkai.block_storage.model import Transfer
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import AVAILABLE, TRANSFER
from unkai.block_storage.store import snapshots, transfers, types, volumes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.policy import Caller


async def get_transfer(session: Session, caller: Caller, transfer_id: str) -> Transfer:
    """By whoever offers it."""
    found = await transfers.find(session, transfer_id)
    if found is None or not caller.may_see(found.source_project_id):
        raise _no_transfer(transfer_id)
    return found


async def create_transfer(
    block: BlockStorage,
    caller: Caller,
    volume_id: str,
    name: str | None,
    *,
    no_snapshots: bool,
    encrypted: bool,
) -> tuple[Transfer, str]:
    """The offer, and its key: nobody can read that again.

    encrypted: whether the asked version transfers encrypted volumes; their key goes along.
    """
    key, salt = block.kit.chance.token_bytes(16).hex(), block.kit.chance.token_bytes(16).hex()

    async def write(tx: Tx) -> Transfer:
        volume = await own_volume(tx, caller, volume_id)
        check_verb(TRANSFER, volume)
        if volume.encrypted and not encrypted:
            raise BadRequest(
                f"Invalid volume: transferring encrypted volume {volume_id} is not supported.",
                code="volume-encrypted",
                remedy="Ask with microversion 3.70 or later.",
            )
        if volume.group_id is not None:
            raise BadRequest(f"Invalid volume: {volume_id} is in a group.", code="volume-in-group")
        if no_snapshots and await volumes.snapshots_of(tx, volume_id):
            raise BadRequest(
                f"Invalid volume: {volume_id} has snapshots, which cannot stay without it.",
                code="volume-has-snapshots",
            )
        now = block.kit.clock.now()
        made = Transfer(
            id=block.kit.chance.uuid(),
            volume_id=volume_id,
            name=name,
            salt=salt,
            crypt_hash=_hash(salt, key),
            source_project_id=volume.project_id,
            no_snapshots=no_snapshots,
            created_at=now,
        )
        await volumes.change(tx, volume_id, now, status=TRANSFER.to)
        await transfers.add(tx, made)
        return made

    return await block.kit.database.transact(write), key


async def delete_transfer(block: BlockStorage, caller: Caller, transfer_id: str) -> None:
    async def write(tx: Tx) -> None:
        found = await get_transfer(tx, caller, transfer_id)
        if not caller.may_touch(found.source_project_id):
            raise Forbidden(f"Transfer {transfer_id} is another project's.", code="not-owned")
        await transfers.remove(tx, transfer_id)
        volume = await volumes.find(tx, found.volume_id)
        if volume is not None and volume.status == TRANSFER.to:
            await volumes.change(tx, volume.id, block.kit.clock.now(), status=AVAILABLE)

    await block.kit.database.transact(write)


async def accept_transfer(
    block: BlockStorage, caller: Caller, transfer_id: str, key: str
) -> Transfer:
    """The volume is the caller's then, with its snapshots. BadRequest for a wrong key."""

    async def write(tx: Tx) -> Transfer:
        project_id = project_of(caller)
        found = await transfers.find(tx, transfer_id)
        if found is None or found.accepted:
            raise _no_transfer(transfer_id)
        if not hmac.compare_digest(_hash(found.salt, key), found.crypt_hash):
            raise BadRequest(
                f"Attempt to transfer {transfer_id} with invalid auth key.", code="transfer-key"
            )
        volume = await volumes.find(tx, found.volume_id)
        if volume is None or volume.status != TRANSFER.to:
            raise BadRequest(
                f"Invalid volume: {found.volume_id} is not offered any more.", code="volume-status"
            )
        kind = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        frozen = await snapshots.of_volume(tx, volume.id)
        size = volume.size + sum(one.size for one in frozen)
        more = {"volumes": 1, "snapshots": len(frozen), "gigabytes": size}
        await check_quota(tx, project_id, more, kind.name if kind else None)
        now = block.kit.clock.now()
        user_id = caller.user_id
        await transfers.give(tx, volume.id, at=now, project_id=project_id, user_id=user_id)
        await volumes.change(tx, volume.id, now, status=AVAILABLE)
        await transfers.remove(tx, transfer_id)
        return found

    return await block.kit.database.transact(write)


def _hash(salt: str, key: str) -> str:
    return hmac.new(salt.encode(), key.encode(), hashlib.sha256).hexdigest()


def _no_transfer(transfer_id: str) -> NotFound:
    return NotFound(f"Transfer {transfer_id} could not be found.", code="transfer-not-found")
