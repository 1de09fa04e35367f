"""One sequence of what belongs together: a server, and the machine it lies on.

A server on a physical machine has the machine's events from its own creation on: BMC, DHCP, TFTP,
HTTP, console, agent. Details of the machine (addresses, a BMC's words) are for those who may
read its last_error; the others see who did what, and when.
"""

from __future__ import annotations

from dataclasses import replace

from unkai.baremetal.actions.expect_next import expected_next
from unkai.baremetal.actions.find_node import find_node
from unkai.baremetal.actions.rights import may
from unkai.baremetal.model import Node
from unkai.block_storage.model import Volume
from unkai.compute.model import Server
from unkai.compute.service import is_node
from unkai.kit.errors import NotFound
from unkai.kit.policy import Caller, service_caller
from unkai.operator.service import Operator
from unkai.timeline.actions.read import TimelineReader
from unkai.timeline.model import Timeline

DETAILS = "baremetal:node:get:last_error"


def reader_of(operator: Operator) -> TimelineReader:
    """Kept by one who looks again and again."""
    return TimelineReader(operator.kit.database.reader, operator.kit.clock)


async def node_timeline(
    operator: Operator, caller: Caller, node: Node, reader: TimelineReader | None = None
) -> Timeline:
    """All that is kept of a node, and what its machine should do next."""
    kit = operator.kit
    found = await (reader or reader_of(operator)).read(f"node/{node.uuid}")
    awaited = expected_next(node, found.events, kit.clock.now())
    if awaited is not None:
        found = replace(found, awaited=(*found.awaited, awaited))
    return found if may(caller, node, DETAILS) else _without_details(found)


async def volume_timeline(
    operator: Operator, volume: Volume, reader: TimelineReader | None = None
) -> Timeline:
    """All that is kept of a volume: its making, growing, moving."""
    return await (reader or reader_of(operator)).read(f"volume/{volume.id}")


async def server_timeline(
    operator: Operator, caller: Caller, server: Server, reader: TimelineReader | None = None
) -> Timeline:
    """A server's own events, with its machine's while it lay there."""
    kit = operator.kit
    reader = reader or reader_of(operator)
    found = await reader.read(f"server/{server.id}")
    if server.host is None or not is_node(server.host):
        return found
    try:
        inner = service_caller("nova", caller.request_id)
        node = await find_node(kit.database.reader, inner, server.host)
    except NotFound:  # the machine left the cloud
        return found
    below = await node_timeline(operator, caller, node, reader)
    until = server.deleted_at
    events = [
        event
        for event in below.events
        if event.started_at >= server.created_at and (until is None or event.started_at <= until)
    ]
    together = sorted([*found.events, *events], key=lambda event: (event.started_at, event.id))
    awaited = found.awaited + (below.awaited if until is None else ())
    return Timeline(found.subject, tuple(together), awaited)


def _without_details(timeline: Timeline) -> Timeline:
    return replace(
        timeline,
        events=tuple(replace(event, detail=None) for event in timeline.events),
        awaited=tuple(replace(awaited, says=None) for awaited in timeline.awaited),
    )
