"""GET /nodes/{id}/logs: what a machine's console and its agent said, as they were kept."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.responses import PlainTextResponse

from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.node_logs import list_logs, read_log
from unkai.kit.clock import iso
from unkai.kit.http import Call, Route
from unkai.operator.service import Operator


async def list_node_logs(call: Call) -> dict[str, Any]:
    operator: Operator = call.service
    node = await find_node(operator.kit.database.reader, call.caller, call.params["node_ident"])
    found = await asyncio.to_thread(list_logs, operator.compute.baremetal, node)
    return {
        "logs": [
            {
                "name": log.name,
                "size_bytes": log.size_bytes,
                "changed_at": iso(log.changed_at),
            }
            for log in found
        ]
    }


async def show_node_log(call: Call) -> PlainTextResponse:
    operator: Operator = call.service
    node = await find_node(operator.kit.database.reader, call.caller, call.params["node_ident"])
    name = call.params["log_name"]
    text = await asyncio.to_thread(read_log, operator.compute.baremetal, node, name)
    return PlainTextResponse(text)


ROUTES = (
    Route(
        "GET",
        "/nodes/{node_ident}/logs",
        list_node_logs,
        policy="unkai:nodes:logs",
        summary="Which logs of a physical machine are kept",
    ),
    Route(
        "GET",
        "/nodes/{node_ident}/logs/{log_name}",
        show_node_log,
        policy="unkai:nodes:logs",
        summary="What a physical machine's console or agent said",
    ),
)
