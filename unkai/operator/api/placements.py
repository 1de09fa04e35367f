"""GET /servers/{id}/placement: where a server was put, and why each host was or was not it."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions.explain_placement import explain_placement
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


async def show_placement(call: Call) -> Any:
    operator: Operator = call.service
    return await explain_placement(
        operator.compute,
        operator.kit.database.reader,
        call.caller,
        call.params["server_id"],
    )


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/placement",
        show_placement,
        policy="unkai:placements:show",
        summary="Why a server is where it is",
    ),
)
