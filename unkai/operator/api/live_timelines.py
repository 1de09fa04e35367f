"""GET .../timeline/events: a timeline as it is written, so that a boot can be drawn as it goes.

First everything that is there, then each step as it starts and as it ends, and what is awaited
whenever that is another thing, or its words are others since time has passed. The door's rights are
asked again for each piece.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from unkai.baremetal.actions.find_node import find_node
from unkai.block_storage.actions.find import get_volume
from unkai.compute.actions.find_server import find_server
from unkai.compute.service import is_node
from unkai.kit.changes import Change
from unkai.kit.errors import Fault
from unkai.kit.http import Call, Route
from unkai.kit.http.event_stream import EventStream, message
from unkai.kit.policy import Caller
from unkai.operator.actions.gather_timeline import (
    node_timeline,
    reader_of,
    server_timeline,
    volume_timeline,
)
from unkai.operator.api.live import Viewer, follow, stream
from unkai.operator.api.timelines import awaited_view, event_view
from unkai.operator.service import Operator
from unkai.timeline.model import Event, Timeline

LOOK_S = 5.0
"""How often the words of what is awaited are made anew."""
Read = Callable[[Caller], Awaitable[Timeline]]


class Step(msgspec.Struct):
    """`data` of a `step`: an event of the timeline, again with its end once it has ended.

    subject: server/ID, node/ID or volume/ID. outcome: ok, failed, undone, cancelled; null while it
    goes on.
    Other events: `ready`, `awaited` (data.awaited: what should come next, and since when), `end`.
    """

    id: int
    subject: str
    participant: str
    action: str
    started_at: str
    ended_at: str | None
    duration_ms: float | None
    outcome: str | None
    detail: str | None
    request_id: str
    operation: str | None


class Teller:
    """Remembers what its client was told."""

    def __init__(self, read: Read, viewer: Viewer) -> None:
        self._read, self._viewer = read, viewer
        self._told: dict[int, Event] = {}
        self._awaited: list[tuple[Any, ...]] = []

    async def tell(self, found: Sequence[Change]) -> bytes:
        """Only what is new; nothing where nothing was written and nothing is awaited."""
        return await self.news() if found or self._awaited else b""

    async def news(self) -> bytes:
        try:
            timeline = await self._read(self._viewer.caller)
        except Fault:  # gone, or not the viewer's any more: the next beat finds out
            return b""
        pieces: list[bytes] = []
        for event in timeline.events:
            if self._told.get(event.id) != event:
                self._told[event.id] = event
                pieces.append(message("step", event_view(event)))
        awaited = [(one.participant, one.action, one.says) for one in timeline.awaited]
        if awaited != self._awaited:
            self._awaited = awaited
            pieces.append(message("awaited", {"awaited": awaited_view(timeline)}))
        return b"".join(pieces)


async def follow_server(call: Call) -> EventStream:
    operator: Operator = call.service
    reader = operator.kit.database.reader
    wanted = call.params["server_id"]
    server = await find_server(reader, call.caller, wanted, deleted=True)

    async def read(caller: Caller) -> Timeline:
        now = await find_server(reader, caller, server.id, deleted=True)
        return await server_timeline(operator, caller, now, timelines)

    subjects = {f"server/{server.id}"}
    timelines = reader_of(operator)
    if is_node(server.host or ""):
        subjects.add(f"node/{server.host}")
    return stream(call, _events(call, f"server/{server.id}", subjects, read))


async def follow_node(call: Call) -> EventStream:
    operator: Operator = call.service
    reader = operator.kit.database.reader
    node = await find_node(reader, call.caller, call.params["node_ident"])
    timelines = reader_of(operator)

    async def read(caller: Caller) -> Timeline:
        now = await find_node(reader, caller, node.uuid)
        return await node_timeline(operator, caller, now, timelines)

    return stream(call, _events(call, f"node/{node.uuid}", {f"node/{node.uuid}"}, read))


async def follow_volume(call: Call) -> EventStream:
    operator: Operator = call.service
    reader = operator.kit.database.reader
    volume = await get_volume(reader, call.caller, call.params["volume_id"])
    timelines = reader_of(operator)
    subject = f"volume/{volume.id}"

    async def read(caller: Caller) -> Timeline:
        now = await get_volume(reader, caller, volume.id)
        return await volume_timeline(operator, now, timelines)

    return stream(call, _events(call, subject, {subject}, read))


async def _events(
    call: Call, subject: str, subjects: set[str], read: Read
) -> AsyncGenerator[bytes]:
    operator: Operator = call.service
    viewer = Viewer(call)
    teller = Teller(read, viewer)

    def wants(change: Change) -> bool:
        return change.kind == "timeline" and change.key in subjects

    async with operator.feed.listening(wants, most=operator.settings.stream_queue) as listener:
        yield message("ready", {"subject": subject})
        yield await teller.news()
        async for piece in follow(operator, viewer, listener, teller.tell, LOOK_S):
            yield piece


ROUTES = (
    Route(
        "GET",
        "/servers/{server_id}/timeline/events",
        follow_server,
        policy="unkai:timelines:show",
        response=Step,
        summary="What happens to a server, as it happens (Server-Sent Events)",
    ),
    Route(
        "GET",
        "/nodes/{node_ident}/timeline/events",
        follow_node,
        policy="unkai:timelines:show",
        response=Step,
        summary="What happens to a physical machine, as it happens (Server-Sent Events)",
    ),
    Route(
        "GET",
        "/volumes/{volume_id}/timeline/events",
        follow_volume,
        policy="unkai:timelines:show",
        response=Step,
        summary="What happens to a volume, as it happens (Server-Sent Events)",
    ),
)
