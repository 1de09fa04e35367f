"""GET /servers/{id}/placement: where a server was put, and why each host was or was not it."""

from __future__ import annotations

from typing import Any

import msgspec

from unkai.compute.actions.explain_placement import explain_placement
from unkai.compute.actions.find_server import find_server
from unkai.kit.clock import iso
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


async def show_placement(call: Call) -> Any:
    """Every decision about the server, newest first, each with every host's reason."""
    operator: Operator = call.service
    reader = operator.kit.database.reader
    server = await find_server(reader, call.caller, call.params["server_id"], deleted=True)
    decisions = await explain_placement(operator.compute, reader, server.id)
    return {
        "placement": [
            {
                "made_at": iso(decision.made_at),
                "request": decision.request,
                "chosen": decision.chosen,
                "hosts": msgspec.to_builtins(decision.hosts),
            }
            for decision in decisions
        ]
    }


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/placement",
        show_placement,
        policy="unkai:placements:show",
        summary="Why a server is where it is",
    ),
)
