"""GET .../timeline: what happened to a server, node or volume, as JSON, text or mermaid diagram."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from starlette.responses import PlainTextResponse

from unkai.baremetal.actions.find_node import find_node
from unkai.block_storage.actions.find import get_volume
from unkai.compute.actions.find_server import find_server
from unkai.kit.clock import iso
from unkai.kit.http import Call, Route
from unkai.operator.actions.gather_timeline import (
    node_timeline,
    server_timeline,
    volume_timeline,
)
from unkai.operator.service import Operator
from unkai.timeline.actions.show import as_mermaid, as_text
from unkai.timeline.model import Event, Timeline


class Format(msgspec.Struct):
    format: Literal["json", "text", "mermaid"] = "json"


def view(timeline: Timeline) -> dict[str, Any]:
    """Times are UTC with microseconds, durations milliseconds."""
    return {
        "timeline": {
            "subject": timeline.subject,
            "events": [event_view(event) for event in timeline.events],
            "awaited": awaited_view(timeline),
        }
    }


def event_view(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "subject": event.subject,
        "participant": event.participant,
        "action": event.action,
        "started_at": iso(event.started_at, micro=True) + "Z",
        "ended_at": event.ended_at and iso(event.ended_at, micro=True) + "Z",
        "duration_ms": event.seconds and round(event.seconds * 1000, 3),
        "outcome": event.outcome,
        "detail": event.detail,
        "request_id": event.request_id,
        "operation": event.operation,
    }


def awaited_view(timeline: Timeline) -> list[dict[str, Any]]:
    return [
        {
            "participant": awaited.participant,
            "action": awaited.action,
            "for_s": round(awaited.for_s, 3),
            "within_s": awaited.within_s,
            "says": awaited.says,
        }
        for awaited in timeline.awaited
    ]


async def show_timeline(call: Call) -> Any:
    operator: Operator = call.service
    reader = operator.kit.database.reader
    server = await find_server(reader, call.caller, call.params["server_id"], deleted=True)
    return _shown(call, await server_timeline(operator, call.caller, server))


async def show_node_timeline(call: Call) -> Any:
    """The flight recorder of a physical machine."""
    operator: Operator = call.service
    reader = operator.kit.database.reader
    node = await find_node(reader, call.caller, call.params["node_ident"])
    return _shown(call, await node_timeline(operator, call.caller, node))


async def show_volume_timeline(call: Call) -> Any:
    operator: Operator = call.service
    reader = operator.kit.database.reader
    volume = await get_volume(reader, call.caller, call.params["volume_id"])
    return _shown(call, await volume_timeline(operator, volume))


def _shown(call: Call, timeline: Timeline) -> Any:
    wanted = call.query(Format)
    if wanted.format == "text":
        return PlainTextResponse(as_text(timeline))
    if wanted.format == "mermaid":
        return PlainTextResponse(as_mermaid(timeline))
    return view(timeline)


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/timeline",
        show_timeline,
        policy="unkai:timelines:show",
        query=Format,
        summary="What happened to a server",
    ),
    Route(
        "GET",
        "/nodes/{node_ident}/timeline",
        show_node_timeline,
        policy="unkai:timelines:show",
        query=Format,
        summary="What happened to a physical machine",
    ),
    Route(
        "GET",
        "/volumes/{volume_id}/timeline",
        show_volume_timeline,
        policy="unkai:timelines:show",
        query=Format,
        summary="What happened to a volume",
    ),
)
