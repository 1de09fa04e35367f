"""Start again what a host's reboot took down."""

from __future__ import annotations

from unkai.compute.actions.start_server import START_SERVER
from unkai.compute.actions.submit_action import begin, submit
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import START
from unkai.compute.store import servers
from unkai.kit.db import Tx
from unkai.kit.policy import service_caller


async def resume_after_reboot(compute: Compute, server: Server) -> None:
    """Nothing where the server changed meanwhile or an operation has it in hand."""
    request_id = f"req-{compute.kit.chance.uuid()}"
    caller = service_caller("nova", request_id)

    async def admit(tx: Tx) -> None:
        now = await servers.get_server(tx, server.id)
        if now is None or now.generation != server.generation:
            return
        if await compute.kit.operations.busy(tx, f"server/{server.id}") is not None:
            return
        await begin(compute, tx, caller, server, verb=START, request_id=request_id)
        await submit(compute, tx, caller, server, START_SERVER, request_id=request_id, input={})

    await compute.kit.database.transact(admit)
