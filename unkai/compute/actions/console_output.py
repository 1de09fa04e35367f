"""os-getConsoleOutput: the end of what the guest said on its serial console."""

from __future__ import annotations

from unkai.compute.actions.find_server import own_server
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller


async def console_output(
    compute: Compute, caller: Caller, server_id: str, lines: int | None
) -> str:
    """All of it, or its last `lines` lines with no line feed behind them.

    NotFound, Conflict while there is no machine yet, Unavailable while its host is away.
    """
    server = await own_server(compute.kit.database.reader, caller, server_id)
    not_ready = Conflict(f"Instance {server.id} is not ready", code="server-not-ready")
    if server.host is None:
        raise not_ready
    try:
        text = await compute.agent(server.host).console_log(server.id, lines)
    except NotFound as error:
        if server.vm_state == VmState.BUILDING:
            raise not_ready from error
        return ""
    if lines is None:
        return text
    return "\n".join(text.removesuffix("\n").split("\n")[-lines:]) if lines > 0 else ""
