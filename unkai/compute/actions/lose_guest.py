"""A server whose machine vanished from its host is shown as lost, with what can be done about it.

Its disk went with the folder, so SHUTOFF would promise a start that cannot be. Its ports, addresses
and claim stay: a rebuild makes the machine anew on the same host.
"""

from __future__ import annotations

from unkai.compute.actions.note_found import note_found
from unkai.compute.model import Server, ServerFault
from unkai.compute.service import Compute, is_node
from unkai.compute.states import Power, VmState
from unkai.compute.store import servers
from unkai.hypervisor.model import PowerState
from unkai.kit.db import Tx
from unkai.kit.log import log


def is_lost(server: Server) -> bool:
    """Whether its row says already that its host has nothing of it."""
    return server.vm_state == VmState.ERROR and server.power_state == Power.NOSTATE


async def lose_guest(compute: Compute, host: str, server_id: str) -> bool:
    """Whether it was lost: not where the host has it after all, or an operation has it in hand."""
    server = await servers.get_server(compute.kit.database.reader, server_id)
    if server is None or not _at_rest(server, host):
        return False
    status = await compute.agent(host).status(server_id)
    if status.power_state is not PowerState.MISSING:
        return False

    async def write(tx: Tx) -> bool:
        now_server = await servers.get_server(tx, server_id)
        if now_server is None or now_server.generation != server.generation:
            return False
        if await compute.kit.operations.busy(tx, f"server/{server_id}") is not None:
            return False
        await _show(compute, tx, server)
        return True

    done = await compute.kit.database.transact(write)
    if done:
        log.warning("the guest of a server is gone", host=host, server=server_id)
    return done


def _at_rest(server: Server, host: str) -> bool:
    here = server.deleted_at is None and server.host == host
    return here and server.task_state is None and not is_lost(server)


def _reason(host: str) -> str:
    if is_node(host):
        return (
            f"Node {host} does not carry this server any more: somebody took the instance off it, "
            "or removed the node. Delete the server and create another one."
        )
    return (
        f"The guest of this server is gone from host {host}, with its disk: somebody or "
        "something removed its folder there. Rebuild the server to have it back on a fresh disk "
        "with its ports and addresses, or delete it."
    )


async def _show(compute: Compute, tx: Tx, server: Server) -> None:
    now = compute.kit.clock.now()
    why = _reason(server.host or "")
    fault = ServerFault(code=500, message=why, created_at=now)
    await servers.change_server(
        tx, server.id, now, vm_state=VmState.ERROR, power_state=Power.NOSTATE, fault=fault
    )
    await note_found(
        compute, tx, server, action="stop", result="Error", seen="guest missing", why=why
    )
    await compute.kit.events.emit(tx, "server.changed", server.id, {"action": "guest-lost"})
