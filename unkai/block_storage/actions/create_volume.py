"""POST /volumes: everything is checked and reserved at once, then the data is made.

A blank volume, or one from an image, a snapshot or another volume: the request names at most one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from unkai.block_storage.actions import work
from unkai.block_storage.actions.check_quota import check_quota, check_size
from unkai.block_storage.actions.choose_backend import choose_backend, why_none
from unkai.block_storage.actions.encryption import encryption_of, key_for
from unkai.block_storage.actions.find import (
    get_type,
    get_volume,
    own_snapshot,
    project_of,
)
from unkai.block_storage.actions.find_default_type import default_type
from unkai.block_storage.model import ZONE, Volume, VolumeType
from unkai.block_storage.service import Backend, BlockStorage
from unkai.block_storage.states import AVAILABLE, CLONE, CREATING, ERROR, SNAPSHOT_USE, check
from unkai.block_storage.store import groups, snapshots, types, volumes
from unkai.image.actions.get_image import get_image
from unkai.image.model import Image
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Failed, NotFound
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller, service_caller
from unkai.timeline.model import CINDER_API


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeRequest:
    """size: GiB; None takes the source's. volume_type: an id or a name."""

    size: int | None = None
    name: str | None = None
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict[str, str])
    volume_type: str | None = None
    availability_zone: str | None = None
    image_id: str | None = None
    snapshot_id: str | None = None
    source_volid: str | None = None
    group_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the contents come from, and what they bring along."""

    least_gib: int = 0
    bootable: bool = False
    image_metadata: dict[str, str] = field(default_factory=dict[str, str])
    type_id: str | None = None
    image: Image | None = None
    origin: Volume | None = None


BLANK = Source()


async def create_volume(block: BlockStorage, caller: Caller, request: VolumeRequest) -> Volume:
    """The volume, creating. BadRequest, NotFound, QuotaExceeded as the reference says."""
    return await block.kit.database.transact(lambda tx: admit_volume(block, tx, caller, request))


async def admit_volume(
    block: BlockStorage, tx: Tx, caller: Caller, request: VolumeRequest
) -> Volume:
    """The same inside the caller's transaction."""
    project_id = project_of(caller)
    source = await _source(block, tx, caller, request)
    size = request.size if request.size is not None else source.least_gib
    _check_size(request, source, size)
    kind = await _type(tx, caller, project_id, request, source)
    await _check_group(tx, project_id, kind, request)
    await check_size(tx, project_id, size)
    await check_quota(tx, project_id, {"volumes": 1, "gigabytes": size}, kind.name)
    key_id = await key_for(block, tx, kind, source.origin)
    backend = await choose_backend(block, tx, kind, source.origin)
    volume = Volume(
        id=block.kit.chance.uuid(),
        project_id=project_id,
        user_id=caller.user_id,
        size=size,
        status=CREATING,
        name=request.name,
        description=request.description,
        bootable=source.bootable,
        multiattach=kind.multiattach,
        encrypted=key_id is not None,
        encryption_key_id=key_id,
        volume_type_id=kind.id,
        availability_zone=ZONE,
        host=backend.pool if backend else None,
        snapshot_id=request.snapshot_id,
        source_volid=request.source_volid,
        group_id=request.group_id,
        created_at=block.kit.clock.now(),
        metadata=request.metadata,
        image_metadata=source.image_metadata,
    )
    await volumes.add(tx, volume)
    given: dict[str, Any] = {"image_id": request.image_id, "source": request.source_volid}
    await work.submit(
        block,
        tx,
        caller,
        CREATE_VOLUME,
        f"volume/{volume.id}",
        project_id=project_id,
        input={**given, "snapshot": request.snapshot_id, "size": size},
    )
    return volume


async def _source(
    block: BlockStorage, session: Session, caller: Caller, request: VolumeRequest
) -> Source:
    named = (request.image_id, request.snapshot_id, request.source_volid)
    if sum(one is not None for one in named) > 1:
        raise BadRequest(
            "A volume is made of one source: imageRef, snapshot_id or source_volid.",
            code="volume-sources",
        )
    if request.image_id is not None:
        image = await get_image(block.images, session, caller, request.image_id)
        told = work.image_metadata(image)
        return Source(least_gib=image.min_disk, bootable=True, image_metadata=told, image=image)
    if request.snapshot_id is not None:
        snapshot = await own_snapshot(session, caller, request.snapshot_id)
        check(SNAPSHOT_USE, "snapshot", snapshot.id, snapshot.status)
        origin = await volumes.find(session, snapshot.volume_id)
        assert origin is not None, "a volume with snapshots stays"
        return replace(_like(origin), least_gib=snapshot.size)
    if request.source_volid is not None:
        origin = await get_volume(session, caller, request.source_volid)
        check(CLONE, "volume", origin.id, origin.status)
        work.check_not_moving(origin)
        return _like(origin)
    return BLANK


def _like(origin: Volume) -> Source:
    return Source(
        least_gib=origin.size,
        bootable=origin.bootable,
        image_metadata=dict(origin.image_metadata),
        type_id=origin.volume_type_id,
        origin=origin,
    )


def _check_size(request: VolumeRequest, source: Source, size: int) -> None:
    if request.size is None and (source.image is not None or source is BLANK):
        raise BadRequest("A volume needs a size.", code="invalid-size")
    if size < 1:
        raise BadRequest(f"Volume size {size} must be a positive number.", code="invalid-size")
    if source.image is not None:
        work.check_image(source.image, size)
    elif size < source.least_gib:
        raise BadRequest(
            f"Volume size {size}GB cannot be smaller than its source's {source.least_gib}GB.",
            code="invalid-size",
        )
    if request.availability_zone not in (None, ZONE):
        raise BadRequest(
            f"Availability zone '{request.availability_zone}' is invalid.", code="no-such-zone"
        )


async def _check_group(
    session: Session, project_id: str, kind: VolumeType, request: VolumeRequest
) -> None:
    if request.group_id is None:
        return
    group = await groups.find(session, request.group_id)
    if group is None or group.project_id != project_id:
        raise NotFound(f"Group {request.group_id} could not be found.", code="group-not-found")
    if kind.id not in group.volume_type_ids:
        raise BadRequest(
            f"Volume type {kind.name} is none of those of group {group.id}.", code="group-type"
        )


async def _type(
    session: Session, caller: Caller, project_id: str, request: VolumeRequest, source: Source
) -> VolumeType:
    if request.volume_type:
        return await get_type(session, caller, request.volume_type, named=True)
    own = await types.find(session, source.type_id) if source.type_id else None
    return own or await default_type(session, project_id)


async def make_data(block: BlockStorage, run: Run) -> Result:
    """The contents, and then the volume is there."""
    volume_id, size = run.subject.partition("/")[2], work.bytes_of(run.input["size"])
    session = block.kit.database.reader
    volume = await volumes.find(session, volume_id)
    assert volume is not None, "a volume that is being made stays"
    await _check_backend(block, session, volume)
    driver = block.at(volume.host).driver
    encryption = await encryption_of(block, session, volume)
    if run.input["image_id"]:
        unkai = service_caller("cinder", run.request_id)  # who asked was let in at the admission
        image = await get_image(block.images, session, unkai, run.input["image_id"])
        data = work.image_data(block, image)
        await driver.create_from_image(volume_id, size, data, encryption)
    elif run.input["snapshot"]:
        await _hold_snapshot(block, run)
        await driver.create_from_snapshot(volume_id, size, run.input["snapshot"])
    elif run.input["source"]:
        source = await work.hold(block, run.input["source"], run)
        driver = (await _put_beside(block, volume, source)).driver
        guest = await work.guest_of(block, session, source.id)
        await driver.clone(volume_id, size, source.id, guest)
    else:
        await driver.create(volume_id, size, encryption)

    async def write(tx: Tx) -> None:
        await _let_go(tx, run)
        await volumes.change(tx, volume_id, block.kit.clock.now(), status=AVAILABLE)
        await work.settled(block, tx, volume_id, AVAILABLE)

    return Result(None, write)


async def _check_backend(block: BlockStorage, session: Session, volume: Volume) -> None:
    """Failed where no backend is as the type asks: its volumes come to nothing."""
    if volume.host is not None:
        return
    kind = await types.find(session, volume.volume_type_id) if volume.volume_type_id else None
    why = why_none(block, kind) if kind else ""
    raise Failed(
        f"No valid backend was found: {why or 'its source lies on another one'}.",
        code="no-backend",
        remedy="Choose another volume type.",
    )


async def _put_beside(block: BlockStorage, volume: Volume, source: Volume) -> Backend:
    """The source, which is in our hands now, was moved since the clone was asked for."""
    backend = block.at(source.host)
    if backend.name != block.at(volume.host).name:
        at = block.kit.clock.now()
        await block.kit.database.transact(
            lambda tx: volumes.change(tx, volume.id, at, host=backend.pool)
        )
    return backend


async def _hold_snapshot(block: BlockStorage, run: Run) -> None:
    """The snapshot does not go while a volume is being made of it: its volume is in our hands."""
    snapshot = await snapshots.find(block.kit.database.reader, run.input["snapshot"])
    if snapshot is None:
        raise Failed("The snapshot is gone.", code="snapshot-gone")
    await work.hold(block, snapshot.volume_id, run)


async def _let_go(tx: Tx, run: Run) -> None:
    held = run.input["source"]
    if run.input["snapshot"]:
        snapshot = await snapshots.find(tx, run.input["snapshot"])
        held = snapshot.volume_id if snapshot else None
    if held:
        await volumes.let_go(tx, held, run.subject)


async def drop_data(block: BlockStorage, run: Run) -> None:
    volume_id = run.subject.partition("/")[2]
    await (await work.driver_of(block, volume_id)).delete(volume_id)
    await block.kit.database.transact(lambda tx: _let_go(tx, run))


async def _failed(block: BlockStorage, tx: Tx, run: Run) -> None:
    await work.rest_again(block, tx, run, ERROR, "create_volume")


CREATE_VOLUME = Operation(
    "create-volume",
    Step(make_data, CINDER_API, undo=drop_data),
    failed=_failed,
    deadline_s=3600.0,
)
