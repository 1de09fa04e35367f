"""Who sees a thing, and who may change it: NotFound where nothing is to be known of it."""

from __future__ import annotations

from unkai.block_storage.model import Attachment, Snapshot, Volume, VolumeType
from unkai.block_storage.store import attachments, snapshots, types, volumes
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.policy import Caller


def no_volume(volume_id: str) -> NotFound:
    return NotFound(f"Volume {volume_id} could not be found.", code="volume-not-found")


def no_type(said: str) -> NotFound:
    return NotFound(f"Volume type {said} could not be found.", code="volume-type-not-found")


async def get_volume(session: Session, caller: Caller, volume_id: str) -> Volume:
    """NotFound (code "volume-not-found") if the caller may not see it."""
    found = await volumes.find(session, volume_id)
    if found is None or not caller.may_see(found.project_id):
        raise no_volume(volume_id)
    return found


async def own_volume(session: Session, caller: Caller, volume_id: str) -> Volume:
    """The volume, if the caller may change it; Forbidden if it may only see it."""
    found = await get_volume(session, caller, volume_id)
    _own(caller, found.project_id, f"Volume {volume_id}")
    return found


async def get_snapshot(session: Session, caller: Caller, snapshot_id: str) -> Snapshot:
    found = await snapshots.find(session, snapshot_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(f"Snapshot {snapshot_id} could not be found.", code="snapshot-not-found")
    return found


async def own_snapshot(session: Session, caller: Caller, snapshot_id: str) -> Snapshot:
    found = await get_snapshot(session, caller, snapshot_id)
    _own(caller, found.project_id, f"Snapshot {snapshot_id}")
    return found


async def get_attachment(session: Session, caller: Caller, attachment_id: str) -> Attachment:
    found = await attachments.find(session, attachment_id)
    if found is None or not caller.may_see(found.project_id):
        raise NotFound(
            f"Volume attachment could not be found with filter: attachment_id = {attachment_id}.",
            code="attachment-not-found",
        )
    return found


async def own_attachment(session: Session, caller: Caller, attachment_id: str) -> Attachment:
    found = await get_attachment(session, caller, attachment_id)
    _own(caller, found.project_id, f"Attachment {attachment_id}")
    return found


async def get_type(
    session: Session, caller: Caller, said: str, *, named: bool = False
) -> VolumeType:
    """By id, or also by name; a private one is seen by the projects it is open to."""
    found = await types.find(session, said)
    if found is None and named:
        found = await types.find_named(session, said)
    if found is None or not await _type_open(session, caller, found):
        raise no_type(said)
    return found


async def _type_open(session: Session, caller: Caller, found: VolumeType) -> bool:
    if found.is_public or caller.reads_all:
        return True
    return caller.project_id in await types.projects_of(session, found.id)


def project_of(caller: Caller) -> str:
    """BadRequest where the token is for no project."""
    if caller.project_id is None:
        raise BadRequest(
            "The token is for no project, and what is made has to belong to one.",
            code="no-project",
            remedy="Ask with a token of a project.",
        )
    return caller.project_id


def _own(caller: Caller, project_id: str, what: str) -> None:
    if not caller.may_touch(project_id):
        raise Forbidden(f"{what} belongs to another project.", code="not-owned")
