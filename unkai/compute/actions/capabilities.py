"""What can be done with a server, and why not: a machine's abilities differ from a guest's.

One table says it: the doors refuse by it before anything happens, and
`GET /unkai/v1/servers/{id}/capabilities` shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from unkai.baremetal.actions.node_logs import has_console
from unkai.baremetal.actions.reserve_node import node_of_instance
from unkai.compute.actions.find_server import find_server
from unkai.compute.model import Server
from unkai.compute.service import Compute, is_node
from unkai.compute.states import PAUSE, RESUME, SUSPEND, UNPAUSE, Verb
from unkai.kit.db import Session
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller

NOT_ON_A_NODE = {
    "pause": "nothing stands between a machine and its processor",
    "suspend": "its memory cannot be written away",
    "live-migrate": "it is the hardware itself",
    "migrate": "it is the hardware itself",
    "resize": "a machine is as large as it is",
    "shelve": "its disks stay where they are",
    "snapshot": "its disks are its own",
    "hot-plug-interface": "its network cards are the ones it has",
    "attach-volume": "its disks are the ones it has",
    "boot-from-volume": "its disks are the ones it has",
    "screen": "its BMC shows a serial line only",
}
"""What a guest may be able to do and a physical machine is not, with the reason."""
NOT_YET = frozenset(
    {"live-migrate", "migrate", "resize", "shelve", "snapshot", "rescue", "hot-plug-interface"}
)
"""What no server of this cloud can do."""
SERIAL_LINE = ("console-log", "serial-console")
ALWAYS = ("start", "stop", "reboot", "rebuild", "delete", "config-drive", "metadata")
OF_VERB = {PAUSE: "pause", UNPAUSE: "pause", SUSPEND: "suspend", RESUME: "suspend"}


@dataclass(frozen=True, slots=True)
class Capability:
    """reason: why not; None where it can be done."""

    name: str
    reason: str | None


def check_capability(server: Server, verb: Verb) -> None:
    """BadRequest (code "not-on-a-node") before anything happens."""
    name = OF_VERB.get(verb)
    if name is not None and server.host is not None and is_node(server.host):
        raise BadRequest(
            f"Instance {server.id} is a physical machine and cannot do {name}: "
            f"{NOT_ON_A_NODE[name]}.",
            code="not-on-a-node",
        )


async def show_capabilities(
    compute: Compute, session: Session, caller: Caller, server_id: str
) -> tuple[str, list[Capability]]:
    """("node" or "guest", every ability by name); NotFound."""
    server = await find_server(session, caller, server_id)
    on_node = server.host is not None and is_node(server.host)
    shown = [Capability(name, None) for name in ALWAYS]
    for name in sorted({*NOT_ON_A_NODE, *NOT_YET}):
        reason = NOT_ON_A_NODE.get(name) if on_node else None
        if reason is None and name in NOT_YET:
            reason = "this cloud does not offer it"
        shown.append(Capability(name, reason))
    node = await node_of_instance(session, server.id) if on_node else None
    silent = node is not None and not has_console(compute.baremetal, node)
    reason = "its BMC gives no serial console" if silent else None
    shown += [Capability(name, reason) for name in SERIAL_LINE]
    return ("node" if on_node else "guest"), shown
