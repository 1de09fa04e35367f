"""Volumes of a node: attached when it is deployed, detached when it is given back.

What a machine needs to reach one is kept in its target's properties while it has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unkai.baremetal.actions.agent_session import change_internal
from unkai.baremetal.actions.change_state import node_of
from unkai.baremetal.drivers.boot.ipxe import PXE, set_boot_device
from unkai.baremetal.model import Node, SanVolume, VolumeConnector, VolumeTarget
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.ports import ports_of
from unkai.baremetal.store.volumes import CONNECTORS, TARGETS
from unkai.kit.db import Session, Tx
from unkai.kit.operations import Run

HAS_VOLUMES = "has_volumes"
"""Of driver_internal_info: the machine boots over its tenant's network, which prepares for that."""
SERVER = "instance_uuid"
"""Of a target's `extra`: the server that it was made for, and goes with."""
SAID = (
    "target_portal",
    "target_iqn",
    "target_lun",
    "auth_method",
    "auth_username",
    "auth_password",
    "initiator",
)


async def targets_of(session: Session, node_uuid: str) -> Sequence[VolumeTarget]:
    return await TARGETS.list(session, TARGETS.table.c.node_uuid == node_uuid)


async def boots_from_volume(baremetal: Baremetal, session: Session, node: Node) -> bool:
    """Whether nothing is to be written to its disk."""
    if not baremetal.storage(node).has_volumes:
        return False
    return any(one.boot_index == 0 for one in await targets_of(session, node.uuid))


async def attach_volumes(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    reader = baremetal.kit.database.reader
    targets, storage = await targets_of(reader, node.uuid), baremetal.storage(node)
    if not targets or not storage.has_volumes:
        return
    initiator = await _initiator(baremetal, node)
    ports = await ports_of(reader, node.uuid)
    told = await storage.attach(node, ports, targets, initiator)

    async def write(tx: Tx) -> None:
        now = baremetal.kit.clock.now()
        for target in targets:
            said = {**target.properties, **told[target.uuid], "initiator": initiator}
            await TARGETS.change(tx, target.uuid, properties=said, updated_at=now)

    await baremetal.kit.database.transact(write)
    await change_internal(baremetal, node.uuid, has_volumes=True)


async def detach_volumes(baremetal: Baremetal, run: Run) -> None:
    """What was told is worth nothing from here on."""
    node = await node_of(baremetal, run)
    targets = await targets_of(baremetal.kit.database.reader, node.uuid)
    storage = baremetal.storage(node)
    if not targets or not storage.has_volumes:
        return
    await storage.detach(node, targets)
    if node.interface("storage") != "external":

        async def write(tx: Tx) -> None:
            for target in targets:
                kept = {k: v for k, v in target.properties.items() if k not in SAID}
                await TARGETS.change(tx, target.uuid, properties=kept)

        await baremetal.kit.database.transact(write)
    await change_internal(baremetal, node.uuid, drop=(HAS_VOLUMES,))


async def san_volumes(baremetal: Baremetal, node: Node) -> tuple[SanVolume, ...]:
    """Those that are attached, for its firmware."""
    if not node.driver_internal_info.get(HAS_VOLUMES):
        return ()
    targets = await targets_of(baremetal.kit.database.reader, node.uuid)
    return tuple(_san(one) for one in targets if one.properties.get("target_iqn"))


async def boot_with_volumes(baremetal: Baremetal, node: Node) -> None:
    """The next boot is over the network, too: some BMCs keep a boot device for one boot only."""
    if node.driver_internal_info.get(HAS_VOLUMES):
        await set_boot_device(baremetal.management(node), node, PXE, persistent=True)


def _san(target: VolumeTarget) -> SanVolume:
    said = target.properties
    return SanVolume(
        volume_id=target.volume_id,
        boot_index=target.boot_index,
        portal=str(said["target_portal"]),
        iqn=str(said["target_iqn"]),
        lun=int(said["target_lun"]),
        username=str(said["auth_username"]),
        password=str(said["auth_password"]),
        initiator=str(said["initiator"]),
    )


async def _initiator(baremetal: Baremetal, node: Node) -> str:
    """As whom it logs in: its connector of type iqn, which is made where there is none."""

    async def write(tx: Tx) -> str:
        columns = CONNECTORS.table.c
        mine = (columns.node_uuid == node.uuid, columns.type == "iqn")
        found = await CONNECTORS.first(tx, *mine)
        if found is None:
            found = VolumeConnector(
                uuid=baremetal.kit.chance.uuid(),
                node_uuid=node.uuid,
                type="iqn",
                connector_id=f"iqn.2010-10.org.openstack:node-{node.uuid}",
                created_at=baremetal.kit.clock.now(),
            )
            await CONNECTORS.add(tx, found)
        return found.connector_id

    return await baremetal.kit.database.transact(write)


async def give_targets(
    baremetal: Baremetal, tx: Tx, node: Node, volumes: Sequence[tuple[str, int]]
) -> None:
    """Targets for the volumes of the node's instance: ids with boot indexes. Idempotent."""
    known = {one.volume_id for one in await targets_of(tx, node.uuid)}
    for volume_id, boot_index in volumes:
        if volume_id in known:
            continue
        extra: dict[str, Any] = {SERVER: node.instance_uuid}
        made = VolumeTarget(
            uuid=baremetal.kit.chance.uuid(),
            node_uuid=node.uuid,
            volume_type="iscsi",
            volume_id=volume_id,
            boot_index=boot_index,
            extra=extra,
            created_at=baremetal.kit.clock.now(),
        )
        await TARGETS.add(tx, made)


async def forget_targets(tx: Tx, node: Node) -> None:
    """Those that were made for the node's instance."""
    for one in await targets_of(tx, node.uuid):
        if node.instance_uuid is not None and one.extra.get(SERVER) == node.instance_uuid:
            await TARGETS.remove(tx, one.uuid)
