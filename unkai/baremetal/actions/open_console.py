"""A node's serial console: the ticket that opens it, and what it opens.

The line itself is kept by `drivers/consoles.py`; whoever opens it joins those who watch already.
"""

from __future__ import annotations

from unkai.baremetal.actions.node_logs import has_console
from unkai.baremetal.drivers.base import ConsoleStream, unsupported
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.kit.streams import ByteStream
from unkai.kit.tickets import Ticket, give_ticket

SERIAL = "serial"


async def give_console_ticket(baremetal: Baremetal, caller: Caller, node: Node) -> str:
    """The secret that opens the node's console once, within `console_ticket_s`."""
    kit = baremetal.kit
    now = kit.clock.now()
    until = now + baremetal.settings.console_ticket_s
    ticket = Ticket(f"node/{node.uuid}", SERIAL, caller.user_id, until)

    async def write(tx: Tx) -> str:
        return await give_ticket(tx, kit.chance, ticket, now=now)

    return await kit.database.transact(write)


async def enable_console(baremetal: Baremetal, tx: Tx, node: Node) -> None:
    """For who asks in a server's name; BadRequest (code "unsupported-interface") without one."""
    if not has_console(baremetal, node):
        raise unsupported(node, "console")
    if not node.console_enabled:
        await nodes.change_node(tx, node, baremetal.kit.clock.now(), console_enabled=True)


async def open_console(baremetal: Baremetal, uuid: str) -> ByteStream:
    """NotFound, Conflict while the console is not enabled."""
    node = await nodes.get_node(baremetal.kit.database.reader, uuid)
    if node is None:
        raise NotFound(f"Node {uuid} could not be found.", code="node-unknown")
    if not node.console_enabled:
        raise Conflict(
            f"The console of node {uuid} is not enabled.",
            code="console-disabled",
            remedy="Enable it: `baremetal node console enable`.",
        )

    async def open_line() -> ConsoleStream:
        return await baremetal.console(node).open(node)

    baremetal.consoles.keep(uuid, open_line)
    return baremetal.consoles.watch(uuid)


class NodeStreams:
    """The `Streams` of nodes."""

    def __init__(self, baremetal: Baremetal) -> None:
        self._baremetal = baremetal

    async def open(self, ticket: Ticket) -> ByteStream:
        return await open_console(self._baremetal, ticket.subject.removeprefix("node/"))

    async def why_ended(self, ticket: Ticket) -> str:
        return "The console was disabled."
