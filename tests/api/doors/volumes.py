"""One of everything that the Block Storage API has, owned by project demo."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from unkai.block_storage.model import Message
from unkai.block_storage.store import messages

if TYPE_CHECKING:
    from tests.api.doors.house import House

V3 = "/volume/v3"
NEWEST = {"OpenStack-API-Version": "volume 3.71"}


async def shelve(house: House, mark: str) -> dict[str, str]:
    """A volume with a snapshot, another that is attached, a private type, a message."""
    kind = {"volume_type": {"name": mark, "os-volume-type-access:is_public": False}}
    type_id = (await house.make("admin", f"{V3}/types", kind))["id"]
    opened = {"addProjectAccess": {"project": house.demo_id}}
    answer = await house.ask("admin", "POST", f"{V3}/types/{type_id}/action", opened)
    assert answer.status == 202, answer.content
    crypt = {"encryption": {"provider": "luks"}}
    encrypted = await house.make("admin", f"{V3}/types/{type_id}/encryption", crypt)
    specs = {"extra_specs": {"colour": mark}}
    await house.make("admin", f"{V3}/types/{type_id}/extra_specs", specs)
    default = {"default_type": {"volume_type": type_id}}
    path = f"{V3}/default-types/other"
    await house.ask("admin", "PUT", path, default, **NEWEST)
    volume_id = await _volume(house, mark)
    snapshot = {"volume_id": volume_id, "name": mark, "metadata": {"colour": mark}}
    made = await house.make("demo", f"{V3}/snapshots", {"snapshot": snapshot})
    await rest(house, "snapshots", made["id"])
    attached = {"volume_uuid": await _volume(house, mark), "instance_uuid": None}
    attachment = await house.make("demo", f"{V3}/attachments", {"attachment": attached}, **NEWEST)
    return {
        "volume_id": volume_id,
        "image_id": house.ids["image"]["image_id"],
        "snapshot_id": made["id"],
        "attachment_id": attachment["id"],
        **await _moving(house, mark),
        "volume_type_id": type_id,
        "encryption_id": encrypted["encryption_id"],
        "message_id": await _message(house, volume_id, mark),
        "target_project_id": house.demo_id,
        "class_name": "default",
        "host_name": "unkai@file",
        "key": "colour",
    }


async def _moving(house: House, mark: str) -> dict[str, str]:
    """A backup, a volume on offer, limits of quality."""
    backup = {"volume_id": await _volume(house, mark), "name": mark}
    backup_id = (await house.make("demo", f"{V3}/backups", {"backup": backup}))["id"]
    await rest(house, "backups", backup_id)
    offer = {"transfer": {"volume_id": await _volume(house, mark), "name": mark}}
    made = await house.make("demo", f"{V3}/os-volume-transfer", offer)
    specs = {"qos_specs": {"name": mark, "total_iops_sec": "9"}}
    qos_id = (await house.make("admin", f"{V3}/qos-specs", specs))["id"]
    kind = {"group_type": {"name": "everybodys"}}
    kind_id = (await house.make("admin", f"{V3}/group_types", kind, **NEWEST))["id"]
    specs = {"group_specs": {"colour": "red"}}
    await house.make("admin", f"{V3}/group_types/{kind_id}/group_specs", specs, **NEWEST)
    group = {"group_type": kind_id, "volume_types": ["__DEFAULT__"], "name": mark}
    group_id = (await house.make("demo", f"{V3}/groups", {"group": group}, **NEWEST))["id"]
    await _volume(house, mark, group_id=group_id)
    frozen = {"group_snapshot": {"group_id": group_id, "name": mark}}
    frozen_id = (await house.make("demo", f"{V3}/group_snapshots", frozen, **NEWEST))["id"]
    grouped = {"group_type_id": kind_id, "group_id": group_id, "group_snapshot_id": frozen_id}
    return {**grouped, "backup_id": backup_id, "transfer_id": made["id"], "qos_id": qos_id}


async def carry(house: House, server: str, mark: str) -> dict[str, str]:
    """A volume that the server has, and one for it to get. server: its path."""
    volume_id = await _volume(house, mark)
    asked = {"volumeAttachment": {"volumeId": volume_id}}
    answer = await house.ask("demo", "POST", f"{server}/os-volume_attachments", asked)
    assert answer.status == 200, answer.content
    await rest(house, "volumes", volume_id, "in-use")
    spare_id = await _volume(house, mark)
    frozen = {"snapshot": {"volume_id": spare_id, "name": mark}}
    snapshot_id = (await house.make("demo", f"{V3}/snapshots", frozen))["id"]
    await rest(house, "snapshots", snapshot_id)
    return {"volume_id": volume_id, "spare_volume_id": spare_id, "snapshot_id": snapshot_id}


async def _volume(house: House, mark: str, **more: str) -> str:
    volume = {"name": mark, "size": 1, "metadata": {"colour": mark}} | more
    made = await house.make("demo", f"{V3}/volumes", {"volume": volume})
    await rest(house, "volumes", made["id"])
    return str(made["id"])


async def rest(
    house: House, kind: str, thing_id: str, status: str = "available", *, who: str = "demo"
) -> None:
    """Wait for the status; without one, until the thing is gone."""
    async with asyncio.timeout(20):
        while True:
            answer = await house.ask(who, "GET", f"{V3}/{kind}/{thing_id}")
            if answer.status == 404 and not status:
                return
            if answer.status == 200 and answer.json()[kind[:-1]]["status"] == status:
                return
            await asyncio.sleep(0.01)


async def _message(house: House, volume_id: str, mark: str) -> str:
    block = house.cloud.compute.block_storage
    said = Message(
        id=block.kit.chance.uuid(),
        project_id=house.demo_id,
        request_id="req-1",
        resource_type="VOLUME",
        resource_uuid=volume_id,
        event_id="create_volume",
        user_message=mark,
        guaranteed_until=4e9,
    )
    await block.kit.database.transact(lambda tx: messages.add(tx, said))
    return said.id
