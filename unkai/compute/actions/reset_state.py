"""os-resetState: an administrator says what a server is, whatever it is."""

from __future__ import annotations

from unkai.compute.actions.find_server import own_server
from unkai.compute.service import Compute
from unkai.compute.states import VmState
from unkai.compute.store import servers
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def reset_state(compute: Compute, caller: Caller, server_id: str, state: VmState) -> None:
    async def admit(tx: Tx) -> None:
        server = await own_server(tx, caller, server_id)
        await servers.change_server(
            tx, server.id, compute.kit.clock.now(), vm_state=state, task_state=None
        )

    await compute.kit.database.transact(admit)
