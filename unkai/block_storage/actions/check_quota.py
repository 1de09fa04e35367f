"""Whether a project may have that much more of something, and what its limits are."""

from __future__ import annotations

from collections.abc import Mapping

from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import quotas
from unkai.identity.actions.get_project import get_project
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, QuotaExceeded

SINGLE = "per_volume_gigabytes"


async def check_quota(
    tx: Tx, project_id: str, more: Mapping[str, int], type_name: str | None = None
) -> None:
    """QuotaExceeded if `more` (resource to how much) does not fit.

    Asked in the transaction that makes the thing, so that two at once cannot both fit. type_name:
    whose own limits count as well.
    """
    limits = await quotas.limits_of(tx, project_id)
    used = await quotas.used_by(tx, project_id)
    wanted = dict(more)
    if type_name is not None:
        wanted |= {f"{of}_{type_name}": more[of] for of in quotas.OF_TYPES if of in more}
    for name, count in wanted.items():
        if 0 <= limits.get(name, -1) < used.get(name, 0) + count:
            raise QuotaExceeded(
                f"Quota exceeded for {name}: requested {count}, but {used.get(name, 0)} of"
                f" {limits[name]} are used already.",
                remedy="Delete what is not needed, or ask an administrator for more.",
            )


async def check_size(tx: Tx, project_id: str, size: int) -> None:
    """QuotaExceeded for a volume larger than one may be."""
    limit = (await quotas.limits_of(tx, project_id))[SINGLE]
    if 0 <= limit < size:
        raise QuotaExceeded(f"A volume of {size} GiB is larger than the {limit} GiB one may have.")


async def check_project(block: BlockStorage, session: Session, project_id: str) -> None:
    """BadRequest for a project that does not exist."""
    if await get_project(block.identity, session, project_id) is None:
        raise BadRequest(f"Project {project_id} does not exist.", code="no-such-project")


async def set_quotas(
    tx: Tx, project_id: str, limits: Mapping[str, int], *, skip_validation: bool
) -> dict[str, int]:
    """All limits as they are then; BadRequest for one that is none, or below what is used."""
    known = set(await quotas.resources(tx))
    used = await quotas.used_by(tx, project_id)
    for name, limit in limits.items():
        if name not in known:
            raise BadRequest(f"{name} is no limit of volumes.", code="no-such-limit")
        if not skip_validation and 0 <= limit < used.get(name, 0):
            raise BadRequest(
                f"The limit {limit} of {name} is below the {used[name]} that are used.",
                remedy="Delete some first, or set skip_validation.",
            )
    await quotas.set_limits(tx, project_id, limits)
    return await quotas.limits_of(tx, project_id)
