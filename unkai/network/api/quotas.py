"""/quotas"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from unkai.kit.errors import BadRequest, Forbidden
from unkai.kit.http import Call, Route
from unkai.network.actions.quotas import (
    DEFAULTS,
    quota_of,
    quota_usage,
    reset_quota,
    update_quota,
)
from unkai.network.service import NetworkService
from unkai.network.store import quotas as store


class QuotaBody(Struct, forbid_unknown_fields=True):
    quota: dict[str, Any]


def _project(call: Call) -> str:
    """The project of the path, which the caller must see."""
    project_id = call.params["project_id"]
    if not call.caller.may_see(project_id):
        raise Forbidden("Another project's quota is not yours to see.", code="policy")
    return project_id


async def list_quotas(call: Call) -> dict[str, Any]:
    """Projects whose quota differs from the default; one's own, for a user."""
    service: NetworkService = call.service
    mine = None if call.caller.reads_all else call.caller.project_id or ""
    own = await store.own_limits(service.kit.database.reader, mine)
    asked = call.request.query_params.get("project_id")
    return {
        "quotas": [
            {**DEFAULTS, **limits, "project_id": project_id, "tenant_id": project_id}
            for project_id, limits in own.items()
            if asked in (None, project_id)
        ]
    }


async def show_own_project(call: Call) -> dict[str, Any]:
    return {"tenant": {"tenant_id": call.caller.project_id, "project_id": call.caller.project_id}}


async def show_quota(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    project_id = _project(call)
    limits = await quota_of(service.kit.database.reader, project_id)
    return {"quota": {**limits, "project_id": project_id}}


async def show_default(call: Call) -> dict[str, Any]:
    return {"quota": {**DEFAULTS, "project_id": _project(call)}}


async def show_details(call: Call) -> dict[str, Any]:
    service: NetworkService = call.service
    return {"quota": await quota_usage(service.kit.database.reader, _project(call))}


async def update(call: Call) -> dict[str, Any]:
    """`check_limit` refuses to go below what is used; `force` is what happens anyway."""
    service: NetworkService = call.service
    body: QuotaBody = call.body
    given = dict(body.quota)
    check = given.pop("check_limit", False) in (True, "true", "True", 1)
    for name in ("force", "project_id", "tenant_id"):
        given.pop(name, None)
    limits = {name: _amount(name, value) for name, value in given.items()}
    project_id = call.params["project_id"]
    if check:
        used = await quota_usage(service.kit.database.reader, project_id)
        for name, limit in limits.items():
            if 0 <= limit < used.get(name, {}).get("used", 0):
                raise BadRequest(f"Quota limit of {name} is below what is used.")
    after = await update_quota(service, project_id, limits)
    return {"quota": {**after, "project_id": project_id}}


def _amount(name: str, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.removeprefix("-").isdecimal() or len(text) > 18:
        raise BadRequest(f"Invalid input for {name}. Reason: '{value}' is not an integer.")
    return int(text)


async def reset(call: Call) -> None:
    await reset_quota(call.service, call.params["project_id"])


QUOTA = "/v2.0/quotas/{project_id}"

ROUTES = (
    Route("GET", "/v2.0/quotas", list_quotas, policy="get_quota"),
    Route("GET", "/v2.0/quotas/tenant", show_own_project, policy="get_quota"),
    Route("GET", "/v2.0/quotas/project", show_own_project, policy="get_quota"),
    Route("GET", QUOTA, show_quota, policy="get_quota"),
    Route("PUT", QUOTA, update, policy="update_quota", body=QuotaBody),
    Route("DELETE", QUOTA, reset, policy="delete_quota", status=204),
    Route("GET", f"{QUOTA}/default", show_default, policy="get_quota"),
    Route("GET", f"{QUOTA}/details", show_details, policy="get_quota"),
    Route("GET", f"{QUOTA}/details.json", show_details, policy="get_quota"),
)
