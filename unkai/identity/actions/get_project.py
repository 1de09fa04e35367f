"""A project for other services."""

from __future__ import annotations

from unkai.identity.model import Project
from unkai.identity.service import Identity
from unkai.identity.store import rows, schema
from unkai.kit.db import Session


async def get_project(identity: Identity, session: Session, project_id: str) -> Project | None:
    """The project (or domain) of this id, enabled or not; None if there is none."""
    return await rows.get(session, schema.projects, Project, project_id)
