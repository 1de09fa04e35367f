"""QoS specs: limits that volume types are given, made by administrators."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from unkai.block_storage.actions.volume_types import find_type
from unkai.block_storage.model import QosSpecs
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import qos, types
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound


async def find_qos(session: Session, qos_id: str) -> QosSpecs:
    found = await qos.find(session, qos_id)
    if found is None:
        raise NotFound(f"QoS specs {qos_id} could not be found.", code="qos-not-found")
    return found


async def create_qos(
    block: BlockStorage, name: str, consumer: str, specs: Mapping[str, str]
) -> QosSpecs:
    made = QosSpecs(
        id=block.kit.chance.uuid(),
        name=name,
        consumer=consumer,
        specs=dict(specs),
        created_at=block.kit.clock.now(),
    )

    async def write(tx: Tx) -> None:
        if any(one.name == name for one in await qos.all_specs(tx)):
            raise Conflict(f"QoS specs {name} already exist.", code="qos-exists")
        await qos.add(tx, made)

    await block.kit.database.transact(write)
    return made


async def set_keys(
    block: BlockStorage, qos_id: str, consumer: str | None, specs: Mapping[str, str]
) -> None:
    async def write(tx: Tx) -> None:
        found = await find_qos(tx, qos_id)
        said = {**found.specs, **specs}
        await qos.change(tx, qos_id, consumer=consumer or found.consumer, specs=said)

    await block.kit.database.transact(write)


async def unset_keys(block: BlockStorage, qos_id: str, keys: Collection[str]) -> None:
    async def write(tx: Tx) -> None:
        found = await find_qos(tx, qos_id)
        missing = sorted(set(keys) - set(found.specs))
        if missing:
            raise NotFound(f"QoS specs {qos_id} have no key {missing[0][:80]}.")
        said = {name: value for name, value in found.specs.items() if name not in keys}
        await qos.change(tx, qos_id, specs=said)

    await block.kit.database.transact(write)


async def delete_qos(block: BlockStorage, qos_id: str, *, force: bool) -> None:
    async def write(tx: Tx) -> None:
        await find_qos(tx, qos_id)
        if await types.with_qos(tx, qos_id) and not force:
            raise BadRequest(
                f"QoS specs {qos_id} are still associated with volume types.", code="qos-in-use"
            )
        await qos.disassociate_all(tx, qos_id)
        await qos.remove(tx, qos_id)

    await block.kit.database.transact(write)


async def associate(block: BlockStorage, qos_id: str, type_id: str | None) -> None:
    async def write(tx: Tx) -> None:
        await find_qos(tx, qos_id)
        found = await find_type(tx, type_id or "")
        if found.qos_specs_id not in (None, qos_id):
            raise BadRequest(
                f"Volume type {found.id} is associated with other QoS specs already.",
                code="qos-in-use",
            )
        await types.change(tx, found.id, block.kit.clock.now(), qos_specs_id=qos_id)

    await block.kit.database.transact(write)


async def disassociate(block: BlockStorage, qos_id: str, type_id: str | None) -> None:
    """type_id: None for all of them."""

    async def write(tx: Tx) -> None:
        await find_qos(tx, qos_id)
        if type_id is None:
            await qos.disassociate_all(tx, qos_id)
            return
        found = await find_type(tx, type_id)
        if found.qos_specs_id == qos_id:
            await types.change(tx, found.id, block.kit.clock.now(), qos_specs_id=None)

    await block.kit.database.transact(write)
