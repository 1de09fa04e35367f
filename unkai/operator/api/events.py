"""GET /events: what changes in the cloud, as it changes, to whom it may concern."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

import msgspec

from unkai.kit.changes import Change
from unkai.kit.db.announced import announced_kinds
from unkai.kit.http import Call, Route
from unkai.kit.http.event_stream import EventStream, message
from unkai.kit.policy import Caller
from unkai.operator.api.live import Viewer, follow, last_event_id, stream
from unkai.operator.service import Operator

HIDDEN = frozenset({"timeline"})
"""Kinds with a door of their own."""


class Wanted(msgspec.Struct):
    topics: Annotated[
        str,
        msgspec.Meta(
            max_length=1000,
            description="Plural kinds, comma between: servers,ports,images. Empty: every kind.",
        ),
    ] = ""
    since: Annotated[
        int | None,
        msgspec.Meta(description="The last event's id that you know of; go on behind it."),
    ] = None


class Happened(msgspec.Struct, frozen=True):
    """`data` of an event: a thing that was made, changed or removed; look at it for the rest.

    about: an id it belongs to (a server's host, a port's device_id, an operation's subject, a
    floating IP's port, a node's instance). Other events: `ready` (data.last: listen from here,
    list now), `reset` (list anew), `end` (data.reason). A comment line is a heartbeat.
    """

    kind: str
    id: str
    what: str
    project_id: str | None
    about: str | None


def topic_of(kind: str) -> str:
    return f"{kind}s"


def may_know(caller: Caller, change: Change) -> bool:
    """A project's things are its members' to know, a user's own are theirs, all are an admin's."""
    return (
        caller.reads_all
        or change.everyone
        or (change.project_id is not None and change.project_id == caller.project_id)
        or (change.user_id is not None and change.user_id == caller.user_id)
    )


async def listen(call: Call) -> EventStream:
    wanted = call.query(Wanted)
    since = last_event_id(call, wanted.since)
    topics = frozenset(topic.strip() for topic in wanted.topics.split(",") if topic.strip())
    return stream(call, _events(call, topics, since))


async def _events(call: Call, topics: frozenset[str], since: int | None) -> AsyncGenerator[bytes]:
    operator: Operator = call.service
    viewer = Viewer(call)

    def wants(change: Change) -> bool:
        if change.kind in HIDDEN or (topics and topic_of(change.kind) not in topics):
            return False
        return may_know(viewer.caller, change)

    async def told(found: Sequence[Change]) -> bytes:
        return b"".join(event_of(change) for change in found)

    most = operator.settings.stream_queue
    async with operator.feed.listening(wants, since=since, most=most) as listener:
        yield message("ready", _ready(listener.start, topics), id=None if since else listener.start)
        async for piece in follow(operator, viewer, listener, told):
            yield piece


def _ready(last: int, topics: frozenset[str]) -> dict[str, Any]:
    known = {topic_of(kind) for kind in announced_kinds() - HIDDEN}
    return {
        "last": last,
        "topics": sorted(topics & known or known),
        "unknown": sorted(topics - known),
    }


def event_of(change: Change) -> bytes:
    told = Happened(change.kind, change.key, change.what, change.project_id, change.about)
    return message(f"{change.kind}.{change.what}", told, id=change.id)


ROUTES = (
    Route(
        "GET",
        "/events",
        listen,
        policy="unkai:events",
        query=Wanted,
        response=Happened,
        summary="What changes, as it changes (Server-Sent Events)",
    ),
)
