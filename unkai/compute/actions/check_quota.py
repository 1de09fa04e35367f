"""Whether a project may have that much more of something."""

from __future__ import annotations

from collections.abc import Mapping

from unkai.compute.service import Compute
from unkai.compute.store import quotas
from unkai.kit.db import Tx
from unkai.kit.errors import QuotaExceeded


async def check_quota(
    compute: Compute,
    tx: Tx,
    project_id: str,
    more: Mapping[str, int],
    *,
    user_id: str | None = None,
) -> None:
    """QuotaExceeded if `more` (resource to how much) does not fit into the project's limits.

    To be asked in the transaction that makes the thing, so that two at once cannot both fit.
    user_id: whose keypairs count.
    """
    limits = await quotas.limits_of(tx, project_id)
    used = await quotas.used_by(tx, project_id, user_id)
    over = [name for name, count in more.items() if 0 <= limits[name] < used.get(name, 0) + count]
    if over:
        raise QuotaExceeded(
            f"Quota exceeded for {', '.join(over)}: Requested"
            f" {', '.join(str(more[name]) for name in over)}, but already used"
            f" {', '.join(str(used.get(name, 0)) for name in over)} of"
            f" {', '.join(str(limits[name]) for name in over)} {', '.join(over)}",
        )
