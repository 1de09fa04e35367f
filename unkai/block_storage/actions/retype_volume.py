"""os-retype and os-migrate_volume: another type, another place. There is one place here.

A type that only other words are said of is changed at once. What its data would have to be moved
for (an other backend) has no taker, and is refused before anything is touched.
"""

from __future__ import annotations

from collections.abc import Mapping

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota
from unkai.block_storage.actions.find import get_type, own_volume
from unkai.block_storage.model import VENDOR, VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.states import RETYPE
from unkai.block_storage.store import types, volumes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller


def fits(block: BlockStorage, specs: Mapping[str, str]) -> str | None:
    """Why no backend has what the extra specs ask for; None where ours does."""
    has = {
        "volume_backend_name": block.driver.name,
        "storage_protocol": block.driver.name,
        "vendor_name": VENDOR,
    }
    for name, wanted in specs.items():
        key = name.removeprefix("capabilities:")
        if key in has and wanted.removeprefix("<in> ") != has[key]:
            return f"{key} is {has[key]}, not {wanted}"
    return None


async def retype_volume(
    block: BlockStorage, caller: Caller, volume_id: str, said: str, *, migrates: bool
) -> None:
    """migrates: whether the data may be moved for it; then only its status says what became of it.

    BadRequest where the type is the same, encrypted, or of a backend that is not here.
    """

    async def write(tx: Tx) -> None:
        volume = await own_volume(tx, caller, volume_id)
        work.check_verb(RETYPE, volume)
        before = await types.find(tx, volume.volume_type_id) if volume.volume_type_id else None
        after = await get_type(tx, caller, said, named=True)
        _check(block, before, after, attached=await work.is_attached(tx, volume_id))
        more = {"volumes": 1, "gigabytes": volume.size}
        limits = {f"{name}_{after.name}": count for name, count in more.items()}
        await check_quota(tx, volume.project_id, limits)
        await volumes.change(
            tx,
            volume_id,
            block.kit.clock.now(),
            volume_type_id=after.id,
            multiattach=after.multiattach,
            migration_status="success" if migrates else volume.migration_status,
        )

    await block.kit.database.transact(write)


def _check(
    block: BlockStorage, before: VolumeType | None, after: VolumeType, *, attached: bool
) -> None:
    if before is not None and before.id == after.id:
        raise BadRequest("Invalid input: the volume has this type already.", code="same-type")
    if after.encryption is not None:
        raise BadRequest("Volumes are not encrypted here.", code="encryption-unsupported")
    why = fits(block, after.extra_specs)
    if why is not None:
        raise BadRequest(f"No valid backend was found: {why}.", code="no-backend")
    multiattach = before is not None and before.multiattach
    if attached and multiattach != after.multiattach:
        raise BadRequest(
            "Invalid input: multiattach cannot change while a volume is in use.",
            code="volume-attached",
        )


async def migrate_volume(block: BlockStorage, caller: Caller, volume_id: str, host: str) -> None:
    """BadRequest: there is one backend, and the volume is on it."""
    session = block.kit.database.reader
    volume = await own_volume(session, caller, volume_id)
    if host not in (block.backend, block.pool):
        raise BadRequest(f"No available service named {host[:80]}.", code="no-backend")
    raise BadRequest(
        f"Invalid host: volume {volume.id} is on {block.pool} already.", code="same-backend"
    )
