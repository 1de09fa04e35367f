"""/os-simple-tenant-usage: what projects used between two times; and the audit log of old."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from unkai.compute.api.paging import LIMIT_MAX, check_known, page_limit
from unkai.compute.service import Compute
from unkai.compute.store import hosts, usage
from unkai.compute.store.usage import Stay
from unkai.kit.clock import iso
from unkai.kit.errors import BadRequest, Forbidden, NotFound
from unkai.kit.http import Call, Route

PARAMETERS = ("start", "end", "detailed", "limit", "marker")
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")
WEEKS_4_S = 4 * 7 * 86400.0


def _time(call: Call, name: str) -> float | None:
    text = call.request.query_params.get(name)
    if text is None:
        return None
    for form in FORMATS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    raise BadRequest(f"Datetime is in invalid format: {name} is {text}.")


def _period(call: Call) -> tuple[float, float]:
    compute: Compute = call.service
    check_known(call, PARAMETERS)
    now = compute.kit.clock.now()
    start, end = _time(call, "start"), _time(call, "end")
    end = now if end is None else end
    start = end - WEEKS_4_S if start is None else start
    if start > end:
        raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
    return start, end


def _hours(stay: Stay, start: float, end: float, now: float) -> float:
    ended = now if stay.ended_at is None else stay.ended_at
    return max(0.0, min(end, ended, now) - max(start, stay.started_at)) / 3600


def _server(stay: Stay, hours: float, now: float) -> dict[str, Any]:
    ended = stay.ended_at
    flavor = stay.flavor
    return {
        "instance_id": stay.id,
        "name": stay.name,
        "tenant_id": stay.project_id,
        "state": "terminated" if ended else stay.vm_state,
        "flavor": flavor.name,
        "vcpus": flavor.vcpus,
        "memory_mb": flavor.ram,
        "local_gb": flavor.disk + flavor.ephemeral,
        "hours": hours,
        "uptime": int((now if ended is None else ended) - stay.started_at),
        "started_at": iso(stay.started_at, micro=True),
        "ended_at": None if ended is None else iso(ended, micro=True),
    }


def _sum(
    call: Call, project_id: str, stays: Sequence[Stay], period: tuple[float, float], *, each: bool
) -> dict[str, Any]:
    compute: Compute = call.service
    now = compute.kit.clock.now()
    timed = [(stay, _hours(stay, *period, now)) for stay in stays]
    shown: dict[str, Any] = {
        "tenant_id": project_id,
        "start": iso(period[0], micro=True),
        "stop": iso(period[1], micro=True),
        "total_hours": sum(hours for _, hours in timed),
        "total_vcpus_usage": sum(hours * one.flavor.vcpus for one, hours in timed),
        "total_memory_mb_usage": sum(hours * one.flavor.ram for one, hours in timed),
        "total_local_gb_usage": sum(
            hours * (one.flavor.disk + one.flavor.ephemeral) for one, hours in timed
        ),
    }
    if each:
        shown["server_usages"] = [_server(one, hours, now) for one, hours in timed]
    return shown


async def _stays(
    call: Call, period: tuple[float, float], project_id: str | None
) -> tuple[list[Stay], list[dict[str, Any]]]:
    """A page of servers from 2.40 on, all of them before."""
    compute: Compute = call.service
    paged = call.at_least("2.40")
    limit = page_limit(call) if paged else LIMIT_MAX * 100
    found = await usage.stays(
        compute.kit.database.reader,
        *period,
        project_id=project_id,
        after=call.request.query_params.get("marker") if paged else None,
        limit=limit,
    )
    if not paged or len(found) < limit:
        return found, []
    query = call.request.url.include_query_params(marker=found[-1].id).query
    path = call.request.url.path.removeprefix(call.api.prefix)
    return found, [{"rel": "next", "href": f"{call.url}{path}?{query}"}]


async def list_tenant_usages(call: Call) -> dict[str, Any]:
    if call.request.url.path.endswith("/"):
        raise NotFound("A project's id is missing from the path.")
    period = _period(call)
    stays, links = await _stays(call, period, None)
    detailed = call.request.query_params.get("detailed") == "1"
    by_project: dict[str, list[Stay]] = {}
    for one in stays:
        by_project.setdefault(one.project_id, []).append(one)
    shown = [
        _sum(call, project_id, found, period, each=detailed)
        for project_id, found in by_project.items()
    ]
    more = {"tenant_usages_links": links} if links else {}
    return {"tenant_usages": shown, **more}


async def show_tenant_usage(call: Call) -> dict[str, Any]:
    project_id = call.params["project_id"]
    if not call.caller.may_see(project_id):
        raise Forbidden(f"Policy doesn't allow {call.route.policy} to be performed.", code="policy")
    period = _period(call)
    stays, links = await _stays(call, period, project_id)
    if not stays:
        return {"tenant_usage": {}}
    more = {"tenant_usage_links": links} if links else {}
    return {"tenant_usage": _sum(call, project_id, stays, period, each=True), **more}


async def _audit_log(call: Call, before: float) -> dict[str, Any]:
    """No host makes audits of its own here: usage is always at hand. Said in the old words."""
    compute: Compute = call.service
    names = [host.hostname for host in await hosts.list_hosts(compute.kit.database.reader)]
    month = datetime.fromtimestamp(before, UTC).replace(
        day=1, hour=0, minute=0, second=0, microsecond=0
    )
    last = datetime.fromtimestamp(month.timestamp() - 1, UTC).replace(
        day=1, hour=0, minute=0, second=0
    )
    return {
        "hosts_not_run": names,
        "log": {},
        "num_hosts": len(names),
        "num_hosts_done": 0,
        "num_hosts_not_run": len(names),
        "num_hosts_running": 0,
        "overall_status": f"0 of {len(names)} hosts done. 0 errors.",
        "period_beginning": last.strftime("%Y-%m-%d %H:%M:%S"),
        "period_ending": month.strftime("%Y-%m-%d %H:%M:%S"),
        "total_errors": 0,
        "total_instances": 0,
    }


async def list_audit_logs(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    return {"instance_usage_audit_logs": await _audit_log(call, compute.kit.clock.now())}


async def show_audit_log(call: Call) -> dict[str, Any]:
    text = unquote(call.params["before"]).replace("+", " ")
    for form in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f"):
        try:
            before = datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
        return {"instance_usage_audit_log": await _audit_log(call, before)}
    raise BadRequest(f"Invalid timestamp for date {text}")


_USAGE = "/os-simple-tenant-usage"
_LOG = "/os-instance_usage_audit_log"
_P = "os_compute_api:os-simple-tenant-usage"
_L = "os_compute_api:os-instance-usage-audit-log"
ROUTES = (
    Route("GET", _USAGE, list_tenant_usages, policy=f"{_P}:list"),
    Route("GET", _USAGE + "/{project_id}", show_tenant_usage, policy=f"{_P}:show"),
    Route("GET", _LOG, list_audit_logs, policy=f"{_L}:list"),
    Route("GET", _LOG + "/{before}", show_audit_log, policy=f"{_L}:show"),
)
