"""A project's volumes and snapshots, newest first, for services that show them as their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unkai.block_storage.actions.find import project_of
from unkai.block_storage.model import Attachment, ListQuery, Snapshot, Volume
from unkai.block_storage.store import attachments, snapshots, types, volumes
from unkai.kit.db import Session
from unkai.kit.policy import Caller


@dataclass(frozen=True, slots=True)
class ShownVolume:
    """A volume with what other rows say of it: its type's name, who has it."""

    volume: Volume
    volume_type: str | None
    attachments: tuple[Attachment, ...]


async def list_volumes(
    session: Session, caller: Caller, *, limit: int, offset: int
) -> list[ShownVolume]:
    query = ListQuery(project_id=project_of(caller), limit=limit, offset=offset)
    return await with_their_own(session, await volumes.page(session, query))


async def list_snapshots(
    session: Session, caller: Caller, *, limit: int, offset: int
) -> list[Snapshot]:
    query = ListQuery(project_id=project_of(caller), limit=limit, offset=offset)
    return await snapshots.page(session, query)


async def with_their_own(session: Session, found: Sequence[Volume]) -> list[ShownVolume]:
    there = await attachments.of_volumes(session, [one.id for one in found])
    kinds = await types.find_many(session, {one.volume_type_id or "" for one in found})
    return [
        ShownVolume(one, kind.name if kind else None, there.get(one.id, ()))
        for one in found
        for kind in (kinds.get(one.volume_type_id or ""),)
    ]
