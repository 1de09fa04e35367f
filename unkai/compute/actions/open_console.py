"""The stream behind the address of a server's console, and why it ended."""

from __future__ import annotations

from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import TaskState, VmState
from unkai.compute.store import servers
from unkai.kit.db import Tx
from unkai.kit.errors import NotFound
from unkai.kit.streams import ByteStream
from unkai.kit.tickets import Ticket
from unkai.timeline import model as who
from unkai.timeline.actions.record import event, record

WHILE: dict[str, str] = {
    TaskState.POWERING_OFF: "The server is being stopped.",
    TaskState.DELETING: "The server is being deleted.",
    TaskState.REBOOTING: "The server is being rebooted.",
    TaskState.REBOOTING_HARD: "The server is being rebooted.",
    TaskState.REBUILDING: "The server is being rebuilt.",
    TaskState.SUSPENDING: "The server is being suspended.",
}
GONE = "The server was deleted."
STOPPED = "The server was stopped."
ENDED = "The server's process ended."


class ServerStreams:
    """The `Streams` of servers."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    async def open(self, ticket: Ticket) -> ByteStream:
        """NotFound where it was deleted since; else what its host raises."""
        server = await self._server(ticket)
        if server is None or server.host is None:
            raise NotFound(GONE, code="server-unknown")
        kind = "vnc" if ticket.kind == "novnc" else "serial"
        stream = await self._compute.agent(server.host).open_console(server.id, kind)
        await self._note(ticket)
        return stream

    async def why_ended(self, ticket: Ticket) -> str:
        server = await self._server(ticket)
        if server is None:
            return GONE
        if server.task_state is not None:
            return WHILE.get(server.task_state, ENDED)
        return STOPPED if server.vm_state == VmState.STOPPED else ENDED

    async def _server(self, ticket: Ticket) -> Server | None:
        server_id = ticket.subject.removeprefix("server/")
        found = await servers.get_server(self._compute.kit.database.reader, server_id)
        return None if found is None or found.deleted_at is not None else found

    async def _note(self, ticket: Ticket) -> None:
        """Who looks at a server belongs to what happened to it."""
        now = self._compute.kit.clock.now()
        row = event(
            ticket.subject,
            who.COMPUTE_NODE,
            "open console",
            started_at=now,
            ended_at=now,
            request_id="",
            detail=f"{ticket.kind}, by user {ticket.user_id}",
        )

        async def write(tx: Tx) -> None:
            await record(tx, row)

        await self._compute.kit.database.transact(write)
