"""Volumes and snapshots as the API shows them, at the asked microversion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unkai.block_storage.api.listing import links
from unkai.block_storage.model import Attachment, Snapshot, Volume, VolumeType
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import attachments, types
from unkai.kit.clock import iso
from unkai.kit.http import Call


def at(moment: float | None) -> str | None:
    return None if moment is None else iso(moment, micro=True)


async def volume_views(
    call: Call, found: Sequence[Volume], *, whole: bool = True
) -> list[dict[str, Any]]:
    """whole: with what only shows and lists tell, not the answers to creating and changing."""
    block: BlockStorage = call.service
    session = block.kit.database.reader
    there = await attachments.of_volumes(session, [volume.id for volume in found])
    type_ids = {volume.volume_type_id for volume in found if volume.volume_type_id}
    kinds = await types.find_many(session, type_ids)
    return [
        _volume(call, one, there.get(one.id, ()), kinds.get(one.volume_type_id or ""), whole=whole)
        for one in found
    ]


def _volume(
    call: Call,
    volume: Volume,
    there: tuple[Attachment, ...],
    kind: VolumeType | None,
    *,
    whole: bool,
) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": volume.id,
        "name": volume.name,
        "description": volume.description,
        "size": volume.size,
        "status": volume.status,
        "availability_zone": volume.availability_zone,
        "bootable": str(volume.bootable).lower(),
        "encrypted": volume.encrypted,
        "multiattach": volume.multiattach,
        "metadata": _metadata(volume),
        "volume_type": kind.name if kind else None,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volid,
        "consistencygroup_id": None,
        "replication_status": None,
        "migration_status": volume.migration_status if call.caller.is_admin else None,
        "user_id": volume.user_id,
        "attachments": [_attached(one) for one in there if one.attach_status == "attached"],
        "links": links(call, f"/volumes/{volume.id}"),
        "created_at": at(volume.created_at),
        "updated_at": at(volume.updated_at),
    }
    _versioned(call, volume, shown)
    if whole:
        _whole(call, volume, shown)
    return shown


def _metadata(volume: Volume) -> dict[str, str]:
    """What an administrator set is shown among what users said, as Cinder does."""
    said = dict(volume.metadata)
    if volume.readonly is not None:
        said["readonly"] = str(volume.readonly)
    return said


def _versioned(call: Call, volume: Volume, shown: dict[str, Any]) -> None:
    if call.at_least("3.13"):
        shown["group_id"] = volume.group_id
    if call.at_least("3.21") and call.caller.is_admin:
        shown["provider_id"] = None
    if call.at_least("3.48"):
        shown |= {"service_uuid": None, "shared_targets": False}
    if call.at_least("3.61") and call.caller.is_admin:
        shown["cluster_name"] = None
    if call.at_least("3.63"):
        shown["volume_type_id"] = volume.volume_type_id
    if call.at_least("3.64") and volume.encrypted:
        shown["encryption_key_id"] = volume.encryption_key_id
    if call.at_least("3.65"):
        shown["consumes_quota"] = volume.consumes_quota


def _whole(call: Call, volume: Volume, shown: dict[str, Any]) -> None:
    shown["os-vol-tenant-attr:tenant_id"] = volume.project_id
    if volume.image_metadata:
        shown["volume_image_metadata"] = dict(volume.image_metadata)
    if call.caller.reads_all:
        shown["os-vol-host-attr:host"] = volume.host
        shown["os-vol-mig-status-attr:migstat"] = volume.migration_status
        shown["os-vol-mig-status-attr:name_id"] = None


def _attached(one: Attachment) -> dict[str, Any]:
    return {
        "server_id": one.instance_id,
        "attachment_id": one.id,
        "attached_at": at(one.attached_at),
        "host_name": one.attached_host,
        "volume_id": one.volume_id,
        "device": one.mountpoint,
        "id": one.volume_id,
    }


def snapshot_view(call: Call, snapshot: Snapshot, *, whole: bool = True) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": snapshot.id,
        "name": snapshot.name,
        "description": snapshot.description,
        "volume_id": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size,
        "metadata": dict(snapshot.metadata),
        "created_at": at(snapshot.created_at),
        "updated_at": at(snapshot.updated_at),
    }
    if call.at_least("3.14"):
        shown["group_snapshot_id"] = snapshot.group_snapshot_id
    if call.at_least("3.41"):
        shown["user_id"] = snapshot.user_id
    if call.at_least("3.65"):
        shown["consumes_quota"] = snapshot.consumes_quota
    if whole:
        shown["os-extended-snapshot-attributes:progress"] = snapshot.progress
        shown["os-extended-snapshot-attributes:project_id"] = snapshot.project_id
    return shown


def type_view(call: Call, kind: VolumeType, *, brief: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": kind.id,
        "name": kind.name,
        "description": kind.description,
        "is_public": kind.is_public,
    }
    if brief:
        return shown
    specs: Mapping[str, str] = kind.extra_specs
    if call.caller.is_admin:
        shown["qos_specs_id"] = kind.qos_specs_id
    else:
        specs = {name: value for name, value in specs.items() if name in VISIBLE_SPECS}
    shown["os-volume-type-access:is_public"] = kind.is_public
    shown["extra_specs"] = dict(specs)
    return shown


VISIBLE_SPECS = frozenset({"RESKEY:availability_zones", "multiattach", "replication_enabled"})
"""Extra specs that anybody may know of."""
