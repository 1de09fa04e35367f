"""/os-quota-sets, /os-quota-class-sets and /limits."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.block_storage.actions.check_quota import check_project, set_quotas
from unkai.block_storage.api.listing import truth
from unkai.block_storage.service import BlockStorage
from unkai.block_storage.store import quotas
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route

LIMIT_MAX = 2**31 - 1
NO_LIMITS = frozenset({"tenant_id", "id", "force", "skip_validation"})
MAXIMA = (
    ("maxTotalVolumes", "volumes"),
    ("maxTotalSnapshots", "snapshots"),
    ("maxTotalVolumeGigabytes", "gigabytes"),
    ("maxTotalBackups", "backups"),
    ("maxTotalBackupGigabytes", "backup_gigabytes"),
)
USED = (
    ("totalVolumesUsed", "volumes"),
    ("totalSnapshotsUsed", "snapshots"),
    ("totalGigabytesUsed", "gigabytes"),
    ("totalBackupsUsed", "backups"),
    ("totalBackupGigabytesUsed", "backup_gigabytes"),
)


class UpdateQuotaSet(Struct, forbid_unknown_fields=True):
    quota_set: dict[str, Any]


class UpdateQuotaClass(Struct, forbid_unknown_fields=True):
    quota_class_set: dict[str, Any]


def _given(said: dict[str, Any]) -> dict[str, int]:
    """Limits as numbers; BadRequest for anything else."""
    found: dict[str, int] = {}
    for name, value in said.items():
        if name in NO_LIMITS:
            continue
        text = str(value).strip()
        number = int(text) if text.lstrip("-").isdecimal() and len(text) < 12 else None
        if number is None or isinstance(value, bool) or not -1 <= number <= LIMIT_MAX:
            raise BadRequest(f"The limit {value!r} of {name[:80]} must be a number from -1 on.")
        found[name] = number
    if not found:
        raise BadRequest("There are no limits in the body.", code="invalid-body")
    return found


def _asked(call: Call) -> str:
    project_id = call.params["target_project_id"]
    if not call.caller.may_see(project_id):
        raise Forbidden(f"Policy doesn't allow {call.route.policy} to be performed.", code="policy")
    return project_id


async def show_quota_set(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session, project_id = block.kit.database.reader, _asked(call)
    if call.caller.is_admin:
        await check_project(block, session, project_id)
    limits: dict[str, Any] = dict(await quotas.limits_of(session, project_id))
    if truth(call.request.query_params.get("usage", "false")):
        used = await quotas.used_by(session, project_id)
        limits = {
            name: {"limit": limit, "in_use": used.get(name, 0), "reserved": 0}
            for name, limit in limits.items()
        }
    return {"quota_set": {"id": project_id, **limits}}


async def show_defaults(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    project_id = _asked(call)
    limits = await quotas.limits_of(block.kit.database.reader, quotas.DEFAULT_PROJECT)
    return {"quota_set": {"id": project_id, **limits}}


async def update_quota_set(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    project_id = call.params["target_project_id"]
    said: dict[str, Any] = call.body.quota_set
    given = _given(said)
    asked = call.request.query_params.get("skip_validation", said.get("skip_validation", "true"))
    skip = truth(str(asked))

    async def write(tx: Tx) -> dict[str, int]:
        await check_project(block, tx, project_id)
        return await set_quotas(tx, project_id, given, skip_validation=skip)

    return {"quota_set": await block.kit.database.transact(write)}


async def delete_quota_set(call: Call) -> None:
    block: BlockStorage = call.service
    project_id = call.params["target_project_id"]
    await block.kit.database.transact(lambda tx: quotas.drop_limits(tx, project_id))


async def show_quota_class_set(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    limits = await quotas.limits_of(block.kit.database.reader, quotas.DEFAULT_PROJECT)
    return {"quota_class_set": {"id": call.params["class_name"], **limits}}


async def update_quota_class_set(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    if call.params["class_name"] != quotas.DEFAULT_PROJECT:
        raise BadRequest("There is one quota class, called default.")
    given = _given(call.body.quota_class_set)

    async def write(tx: Tx) -> dict[str, int]:
        return await set_quotas(tx, quotas.DEFAULT_PROJECT, given, skip_validation=True)

    return {"quota_class_set": await block.kit.database.transact(write)}


async def show_limits(call: Call) -> dict[str, Any]:
    block: BlockStorage = call.service
    session = block.kit.database.reader
    project_id = call.caller.project_id or ""
    if call.at_least("3.39") and call.caller.reads_all:
        project_id = call.request.query_params.get("project_id") or project_id
    limits = await quotas.limits_of(session, project_id)
    used = await quotas.used_by(session, project_id)
    absolute = {shown: limits[name] for shown, name in MAXIMA}
    absolute |= {shown: used[name] for shown, name in USED}
    return {"limits": {"rate": [], "absolute": absolute}}


_ONE = "/os-quota-sets/{target_project_id}"
_CLASS = "/os-quota-class-sets/{class_name}"
_P = "volume_extension:quotas"
_C = "volume_extension:quota_classes"
ROUTES = (
    Route("GET", _ONE, show_quota_set, f"{_P}:show"),
    Route("GET", f"{_ONE}/defaults", show_defaults, f"{_P}:show"),
    Route("PUT", _ONE, update_quota_set, f"{_P}:update", body=UpdateQuotaSet),
    Route("DELETE", _ONE, delete_quota_set, f"{_P}:delete"),
    Route("GET", _CLASS, show_quota_class_set, f"{_C}:get"),
    Route("PUT", _CLASS, update_quota_class_set, f"{_C}:update", body=UpdateQuotaClass),
    Route("GET", "/limits", show_limits, "limits_extension:used_limits"),
)
