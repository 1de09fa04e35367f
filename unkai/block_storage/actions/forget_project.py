"""What a project leaves behind when identity deletes it: limits, types opened to it, messages.

Volumes, snapshots and backups are not touched: an administrator decides what becomes of data.
"""

from __future__ import annotations

from unkai.block_storage.store import messages, quotas, types
from unkai.kit.db import Tx


async def forget_project(tx: Tx, project_id: str) -> None:
    await quotas.drop_limits(tx, project_id)
    await types.close_all_to(tx, project_id)
    await types.set_default(tx, project_id, None)
    await messages.remove_of(tx, project_id)
