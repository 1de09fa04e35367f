"""Servers that a live operation has in hand: what they look like now is nobody else's business."""

from __future__ import annotations

from unkai.compute.service import Compute
from unkai.kit.db import Session


async def busy_servers(compute: Compute, session: Session) -> set[str]:
    subjects = await compute.kit.operations.active_subjects(session)
    return {subject.removeprefix("server/") for subject in subjects}
