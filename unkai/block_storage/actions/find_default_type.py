"""The volume type of who names none."""

from __future__ import annotations

from unkai.block_storage.model import DEFAULT_TYPE, VolumeType
from unkai.block_storage.store import types
from unkai.kit.db import Session
from unkai.kit.errors import NotFound


async def default_type(session: Session, project_id: str | None) -> VolumeType:
    """The project's own, else the cloud's; NotFound where an administrator removed that."""
    own = await types.default_of(session, project_id) if project_id else None
    found = await types.find(session, own) if own else None
    found = found or await types.find_named(session, DEFAULT_TYPE)
    if found is None:
        raise NotFound(
            f"There is no default volume type: {DEFAULT_TYPE} was removed.",
            code="no-default-type",
            remedy="Name a volume type, or ask an administrator to make a default one.",
        )
    return found
