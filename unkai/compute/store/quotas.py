"""Limits per project; -1 is unlimited."""

from __future__ import annotations

from sqlalchemy import select

from unkai.compute.store.schema import quotas
from unkai.kit.db import Session

DEFAULT_PROJECT = "default"
"""The row whose limits hold where a project has none of its own (the quota class)."""

DEFAULT_LIMITS = {
    "instances": 10,
    "cores": 20,
    "ram": 51200,
    "metadata_items": 128,
    "key_pairs": 100,
    "server_groups": 10,
    "server_group_members": 10,
}


async def limits_of(session: Session, project_id: str) -> dict[str, int]:
    """Every limit of the project: its own, else the class's, else the built-in one."""
    rows = await session.all(
        select(quotas).where(quotas.c.project_id.in_((DEFAULT_PROJECT, project_id)))
    )
    by_owner: dict[str, dict[str, int]] = {DEFAULT_PROJECT: {}, project_id: {}}
    for row in rows:
        by_owner[row.project_id][row.resource] = row.hard_limit
    return {**DEFAULT_LIMITS, **by_owner[DEFAULT_PROJECT], **by_owner[project_id]}
