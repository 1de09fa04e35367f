"""What a project or user leaves behind when identity deletes it: limits, access, groups, keys.

Servers are not touched: an administrator decides what becomes of what runs.
"""

from __future__ import annotations

from unkai.compute.actions import forget
from unkai.compute.service import Compute
from unkai.kit.events import Event


def forget_the_gone(compute: Compute) -> None:
    """Follow identity's events."""

    async def project_deleted(event: Event) -> None:
        database = compute.kit.database
        await database.transact(lambda tx: forget.forget_project(compute, tx, event.key))

    async def user_deleted(event: Event) -> None:
        database = compute.kit.database
        await database.transact(lambda tx: forget.forget_user(compute, tx, event.key))

    compute.kit.events.subscribe("project.deleted", project_deleted)
    compute.kit.events.subscribe("user.deleted", user_deleted)
