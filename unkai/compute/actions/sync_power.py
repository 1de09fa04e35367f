"""What a machine did without being asked: its server follows, unless an operation has it in hand.

Nothing is believed on one look: the host is asked again, and the row must still be at rest.
"""

from __future__ import annotations

from unkai.compute.actions.note_found import note_found
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import POWER, Power, VmState
from unkai.compute.store import hosts, servers
from unkai.hypervisor.model import PowerState
from unkai.kit.db import Tx

EXPECTED = {
    VmState.ACTIVE: {PowerState.RUNNING},
    VmState.PAUSED: {PowerState.PAUSED},
    VmState.SUSPENDED: {PowerState.PAUSED},
    VmState.STOPPED: {PowerState.STOPPED, PowerState.CRASHED},
}
LEADS_TO = {
    PowerState.RUNNING: VmState.ACTIVE,
    PowerState.PAUSED: VmState.PAUSED,
    PowerState.STOPPED: VmState.STOPPED,
    PowerState.CRASHED: VmState.STOPPED,
}


async def sync_power(compute: Compute, host: str, server_id: str) -> bool:
    """Whether the server had to be changed."""
    server = await servers.get_server(compute.kit.database.reader, server_id)
    if server is None or not _differs_possible(server, host):
        return False
    status = await compute.agent(host).status(server_id)
    found = status.power_state
    if found in EXPECTED[VmState(server.vm_state)] or found is PowerState.MISSING:
        return False

    if found is not PowerState.RUNNING and await lost_boot_id(compute, host) is not None:
        return False

    async def write(tx: Tx) -> bool:
        now_server = await servers.get_server(tx, server_id)
        if now_server is None or now_server.generation != server.generation:
            return False
        if await compute.kit.operations.busy(tx, f"server/{server_id}") is not None:
            return False
        await _follow(compute, tx, server, found, status.reason)
        return True

    return await compute.kit.database.transact(write)


async def lost_boot_id(compute: Compute, host: str) -> str | None:
    """The host's present boot, if what ran before it was not brought back yet."""
    known = await hosts.get_host(compute.kit.database.reader, host)
    if known is None:
        return None
    facts = await compute.agent(host).describe()
    return facts.boot_id if facts.boot_id != known.recovered_boot_id else None


def _differs_possible(server: Server, host: str) -> bool:
    return (
        server.deleted_at is None
        and server.host == host
        and server.task_state is None
        and server.vm_state in EXPECTED
    )


async def _follow(compute: Compute, tx: Tx, server: Server, found: PowerState, reason: str) -> None:
    now = compute.kit.clock.now()
    state = LEADS_TO[found]
    power = Power.SHUTDOWN if found is PowerState.CRASHED else POWER[found]
    await servers.change_server(tx, server.id, now, vm_state=state, power_state=power)
    await note_found(
        compute,
        tx,
        server,
        action="start" if state is VmState.ACTIVE else "stop",
        result="Success",
        seen=f"guest {found.value}",
        why=reason or f"The machine was found {found.value}.",
    )
    await compute.kit.events.emit(tx, "server.changed", server.id, {"action": "sync-power"})
