"""GET /servers/{id}/capabilities: what can be done with a server, and why not."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions.capabilities import show_capabilities
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


async def get_capabilities(call: Call) -> dict[str, Any]:
    operator: Operator = call.service
    compute = operator.compute
    reader = compute.kit.database.reader
    kind, found = await show_capabilities(compute, reader, call.caller, call.params["server_id"])
    return {
        "capabilities": {
            "runs_on": kind,
            "actions": {
                one.name: {"can": one.reason is None, "reason": one.reason} for one in found
            },
        }
    }


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/capabilities",
        get_capabilities,
        policy="unkai:timelines:show",
        summary="What can be done with a server, and why not",
    ),
)
