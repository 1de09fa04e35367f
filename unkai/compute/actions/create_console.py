"""The address of a server's console: who may have one, and the ticket in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from unkai.baremetal.actions.node_logs import has_console
from unkai.baremetal.actions.open_console import enable_console
from unkai.baremetal.actions.reserve_node import node_of_instance
from unkai.compute.actions.find_server import own_server
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.store import servers
from unkai.hypervisor.model import PowerState
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.kit.policy import Caller
from unkai.kit.tickets import Ticket, find_ticket, give_ticket

ConsoleType = Literal["novnc", "serial"]
RUNS = (PowerState.RUNNING, PowerState.PAUSED)


def unavailable(kind: str, remedy: str | None = None) -> BadRequest:
    return BadRequest(f"Unavailable console type {kind}.", code="console-type", remedy=remedy)


async def create_console(
    compute: Compute, caller: Caller, server_id: str, kind: ConsoleType
) -> str:
    """The secret that opens the console once, within `console_ticket_s`.

    NotFound; Conflict (code "server-not-ready") while it has no process; BadRequest (code
    "console-type") where it has no such console; Unavailable while its host is away. The console of
    a server's node is enabled by this.
    """
    kit = compute.kit
    server = await own_server(kit.database.reader, caller, server_id)
    if server.host is None:
        raise _not_ready(server)
    if not is_node(server.host):
        status = await compute.agent(server.host).status(server.id)
        if status.power_state not in RUNS:
            raise _not_ready(server)
    now = kit.clock.now()
    until = now + compute.settings.console_ticket_s
    ticket = Ticket(f"server/{server.id}", kind, caller.user_id, until)

    async def write(tx: Tx) -> str:
        if is_node(server.host or ""):
            await _prepare_node(compute, tx, server, kind)
        return await give_ticket(tx, kit.chance, ticket, now=now)

    return await kit.database.transact(write)


async def _prepare_node(compute: Compute, tx: Tx, server: Server, kind: ConsoleType) -> None:
    node = await node_of_instance(tx, server.id)
    if node is None:
        raise _not_ready(server)
    if kind != "serial":
        raise unavailable(kind, "A physical machine shows its serial line only.")
    if not has_console(compute.baremetal, node):
        raise unavailable(kind, "Its BMC gives no serial line.")
    await enable_console(compute.baremetal, tx, node)


def _not_ready(server: Server) -> Conflict:
    return Conflict(f"Instance {server.id} is not ready", code="server-not-ready")


@dataclass(frozen=True, slots=True)
class ConsoleAccess:
    """What a ticket leads to. path: the UNIX socket on the host, in its agent's folder."""

    kind: str
    server_id: str
    host: str
    path: str | None


async def show_console_ticket(compute: Compute, secret: str) -> ConsoleAccess:
    """NotFound (code "console-token") where it opens no console of a server (any more)."""
    kit = compute.kit
    unknown = NotFound("Token not found", code="console-token")
    ticket = await find_ticket(kit.database.reader, secret, now=kit.clock.now())
    if ticket is None or not ticket.subject.startswith("server/"):
        raise unknown
    server_id = ticket.subject.removeprefix("server/")
    server = await servers.get_server(kit.database.reader, server_id)
    if server is None or server.deleted_at is not None or server.host is None:
        raise unknown
    path = None
    if not is_node(server.host):
        name = "vnc" if ticket.kind == "novnc" else "serial"
        path = f"machines/{server_id}/sockets/{name}"
    return ConsoleAccess(ticket.kind, server_id, server.host, path)
