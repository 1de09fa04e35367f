"""/os-volumes and /os-snapshots: block storage in Nova's words, for clients older than 2.36.

Nothing is kept here: every request is one of block storage's, in the name of whoever asks.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Struct

from unkai.block_storage.actions.create_snapshot import SnapshotRequest, create_snapshot
from unkai.block_storage.actions.create_volume import VolumeRequest, create_volume
from unkai.block_storage.actions.delete_snapshot import delete_snapshot
from unkai.block_storage.actions.delete_volume import delete_volume
from unkai.block_storage.actions.find import get_snapshot, get_volume, no_volume
from unkai.block_storage.actions.list_volumes import (
    ShownVolume,
    list_snapshots,
    list_volumes,
    with_their_own,
)
from unkai.block_storage.model import Snapshot
from unkai.compute.api import shapes
from unkai.compute.service import Compute
from unkai.kit.clock import iso
from unkai.kit.http import Call, Route

LAST = "2.35"
MOST = 1000
Size = Annotated[int, msgspec.Meta(ge=1)] | Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]*$")]


class NewVolume(Struct):
    size: Size
    display_name: str | None = None
    display_description: str | None = None
    metadata: shapes.Metadata | None = None
    volume_type: str | None = None
    snapshot_id: str | None = None
    availability_zone: str | None = None


class CreateVolume(Struct, forbid_unknown_fields=True):
    volume: NewVolume


class NewSnapshot(Struct):
    volume_id: str
    display_name: str | None = None
    display_description: str | None = None
    force: shapes.Switch | None = None


class CreateSnapshot(Struct, forbid_unknown_fields=True):
    snapshot: NewSnapshot


class PageQuery(Struct):
    limit: Annotated[int, msgspec.Meta(ge=0)] = MOST
    offset: Annotated[int, msgspec.Meta(ge=0)] = 0

    @property
    def bounds(self) -> dict[str, int]:
        return {"limit": min(self.limit, MOST), "offset": self.offset}


def _volume(shown: ShownVolume) -> dict[str, Any]:
    volume = shown.volume
    return {
        "id": volume.id,
        "status": volume.status,
        "size": volume.size,
        "availabilityZone": volume.availability_zone,
        "createdAt": iso(volume.created_at, micro=True),
        "attachments": [
            {
                "id": volume.id,
                "volumeId": volume.id,
                "serverId": one.instance_id,
                **({"device": one.mountpoint} if one.mountpoint else {}),
            }
            for one in shown.attachments
            if one.attach_status == "attached" and one.instance_id
        ]
        or [{}],
        "displayName": volume.name,
        "displayDescription": volume.description,
        "volumeType": shown.volume_type,
        "snapshotId": volume.snapshot_id,
        "metadata": dict(volume.metadata),
    }


def _snapshot(snapshot: Snapshot) -> dict[str, Any]:
    return {
        "id": snapshot.id,
        "volumeId": snapshot.volume_id,
        "status": snapshot.status,
        "size": snapshot.size,
        "createdAt": iso(snapshot.created_at, micro=True),
        "displayName": snapshot.name,
        "displayDescription": snapshot.description,
    }


async def no_id(call: Call) -> None:
    """An id is missing in the URL, which clients have to be told."""
    raise no_volume("")


async def list_all(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    if call.request.scope["path"].endswith("/os-volumes/"):
        raise no_volume("")
    bounds = call.query(PageQuery).bounds
    found = await list_volumes(compute.kit.database.reader, call.caller, **bounds)
    return {"volumes": [_volume(one) for one in found]}


async def show(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    found = await get_volume(session, call.caller, call.params["volume_id"])
    (shown,) = await with_their_own(session, [found])
    return {"volume": _volume(shown)}


async def create(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    asked: NewVolume = call.body.volume
    request = VolumeRequest(
        size=int(asked.size),
        name=asked.display_name,
        description=asked.display_description,
        metadata=asked.metadata or {},
        volume_type=asked.volume_type,
        snapshot_id=asked.snapshot_id,
        availability_zone=asked.availability_zone,
    )
    made = await create_volume(compute.block_storage, call.caller, request)
    (shown,) = await with_their_own(compute.kit.database.reader, [made])
    return {"volume": _volume(shown)}


async def delete(call: Call) -> None:
    compute: Compute = call.service
    await delete_volume(compute.block_storage, call.caller, call.params["volume_id"])


async def list_all_snapshots(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    bounds = call.query(PageQuery).bounds
    found = await list_snapshots(compute.kit.database.reader, call.caller, **bounds)
    return {"snapshots": [_snapshot(one) for one in found]}


async def show_snapshot(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session, snapshot_id = compute.kit.database.reader, call.params["snapshot_id"]
    return {"snapshot": _snapshot(await get_snapshot(session, call.caller, snapshot_id))}


async def freeze(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    asked: NewSnapshot = call.body.snapshot
    request = SnapshotRequest(
        volume_id=asked.volume_id,
        name=asked.display_name,
        description=asked.display_description,
        attached=asked.force is not None and shapes.switch(asked.force, "force"),
    )
    made = await create_snapshot(compute.block_storage, call.caller, request)
    return {"snapshot": _snapshot(made)}


async def delete_frozen(call: Call) -> None:
    compute: Compute = call.service
    await delete_snapshot(compute.block_storage, call.caller, call.params["snapshot_id"])


_P = "os_compute_api:os-volumes"
_ONE, _ONE_SNAPSHOT = "/os-volumes/{volume_id}", "/os-snapshots/{snapshot_id}"

ROUTES = (
    *(
        Route("GET", path, list_all, policy=f"{_P}:{rule}", query=PageQuery, until=LAST)
        for path, rule in (("/os-volumes", "list"), ("/os-volumes/detail", "detail"))
    ),
    Route("POST", "/os-volumes", create, policy=f"{_P}:create", body=CreateVolume, until=LAST),
    Route("GET", _ONE, show, policy=f"{_P}:show", until=LAST),
    Route("DELETE", "/os-volumes", no_id, policy=f"{_P}:delete", until=LAST),
    Route("DELETE", _ONE, delete, policy=f"{_P}:delete", status=202, until=LAST),
    *(
        Route(
            "GET",
            path,
            list_all_snapshots,
            policy=f"{_P}:snapshots:{rule}",
            query=PageQuery,
            until=LAST,
        )
        for path, rule in (("/os-snapshots", "list"), ("/os-snapshots/detail", "detail"))
    ),
    Route(
        "POST",
        "/os-snapshots",
        freeze,
        policy=f"{_P}:snapshots:create",
        body=CreateSnapshot,
        until=LAST,
    ),
    Route("GET", _ONE_SNAPSHOT, show_snapshot, policy=f"{_P}:snapshots:show", until=LAST),
    Route(
        "DELETE",
        _ONE_SNAPSHOT,
        delete_frozen,
        policy=f"{_P}:snapshots:delete",
        status=202,
        until=LAST,
    ),
)
