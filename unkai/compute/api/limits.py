"""/limits: what the caller's project may have, and has."""

from __future__ import annotations

from typing import Any

from unkai.compute.api.paging import check_known
from unkai.compute.service import Compute
from unkai.compute.store import quotas
from unkai.kit.errors import Forbidden
from unkai.kit.http import Call, Route

MAXIMA = (
    ("maxTotalInstances", "instances"),
    ("maxTotalCores", "cores"),
    ("maxTotalRAMSize", "ram"),
    ("maxServerMeta", "metadata_items"),
    ("maxTotalKeypairs", "key_pairs"),
    ("maxServerGroups", "server_groups"),
    ("maxServerGroupMembers", "server_group_members"),
)
USED = (
    ("totalInstancesUsed", "instances"),
    ("totalCoresUsed", "cores"),
    ("totalRAMUsed", "ram"),
    ("totalServerGroupsUsed", "server_groups"),
)
UNTIL_2_36 = (
    ("maxTotalFloatingIps", "floating_ips"),
    ("maxSecurityGroups", "security_groups"),
    ("maxSecurityGroupRules", "security_group_rules"),
)
UNTIL_2_57 = (
    ("maxPersonality", "injected_files"),
    ("maxPersonalitySize", "injected_file_content_bytes"),
)


async def show_limits(call: Call) -> dict[str, Any]:
    compute: Compute = call.service
    session = compute.kit.database.reader
    check_known(call, ("tenant_id", "reserved"))
    asked = call.request.query_params.get("tenant_id")
    project_id = asked or call.caller.project_id or ""
    if asked is not None and not call.caller.may_see(asked):
        raise Forbidden(
            "Policy doesn't allow os_compute_api:limits:other_project to be performed.",
            code="policy",
        )
    limits = await quotas.limits_of(session, project_id)
    used = await quotas.used_by(session, project_id)
    absolute = {shown: limits[name] for shown, name in MAXIMA}
    absolute |= {shown: used[name] for shown, name in USED}
    if not call.at_least("2.36"):
        absolute |= {shown: limits[name] for shown, name in UNTIL_2_36}
        absolute |= {"totalFloatingIpsUsed": 0, "totalSecurityGroupsUsed": 0}
    if not call.at_least("2.39"):
        absolute["maxImageMeta"] = limits["metadata_items"]
    if not call.at_least("2.57"):
        absolute |= {shown: limits[name] for shown, name in UNTIL_2_57}
    return {"limits": {"rate": [], "absolute": absolute}}


ROUTES = (Route("GET", "/limits", show_limits, policy="os_compute_api:limits"),)
