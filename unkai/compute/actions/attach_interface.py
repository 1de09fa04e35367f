"""os-interface: give a server another NIC, or take one away.

The port is made or taken, bound and listed with the server at once; the operation then tells the
host. A machine that has a process gets the NIC at its next start: PCI devices are not hot-plugged.
"""

from __future__ import annotations

from msgspec import structs

from unkai.compute.actions import server_ports
from unkai.compute.actions.end_action import fail
from unkai.compute.actions.find_server import own_server, unlocked_server
from unkai.compute.actions.machine import host_of, machine_of, server_of
from unkai.compute.actions.submit_action import note_action, submit
from unkai.compute.model import NetworkRequest, Server, ServerNic, ServerRequest
from unkai.compute.service import Compute
from unkai.compute.states import VmState, refusal
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.errors import NotFound
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.network.actions.bind_port import unbind_port
from unkai.network.actions.delete_port import remove_ports
from unkai.network.actions.list_ports import get_ports
from unkai.network.model import Port
from unkai.timeline import model as who

ATTACHABLE = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)
TELL_TIMEOUT_S, TELL_INTERVAL_S = 10.0, 0.02


async def attach_interface(
    compute: Compute,
    caller: Caller,
    server_id: str,
    request: NetworkRequest,
    *,
    request_id: str,
) -> tuple[Server, Port]:
    """The server with its new NIC, and the NIC's port."""
    server = await own_server(compute.kit.database.reader, caller, server_id)
    said = request.network_id or request.port_id
    asked = ServerRequest(
        name=server.name, flavor_id=server.flavor.id, networks=[request] if said else None
    )
    wishes = await server_ports.resolve(compute, caller, asked)
    if not wishes:
        raise NotFound("No network to attach an interface to was found.", code="network-unknown")

    async def admit(tx: Tx) -> tuple[Server, Port]:
        server = await _attachable(tx, caller, server_id, "attach_interface")
        nic = await server_ports.make_port(compute, tx, caller, server, wishes[0])
        changed = await _save(
            compute, tx, caller, server, nics=[*server.nics, nic], request_id=request_id
        )
        port = (await get_ports(compute.network, tx, [nic.port_id]))[nic.port_id]
        await note_action(compute, tx, caller, server, "attach_interface", request_id=request_id)
        return changed, port

    made = await compute.kit.database.transact(admit)
    await _told(compute, server_id)
    return made


async def detach_interface(
    compute: Compute, caller: Caller, server_id: str, port_id: str, *, request_id: str
) -> None:
    async def admit(tx: Tx) -> None:
        server = await _attachable(tx, caller, server_id, "detach_interface")
        gone = next((nic for nic in server.nics if nic.port_id == port_id), None)
        if gone is None:
            raise NotFound(f"Port id {port_id} not found on instance {server.id}.")
        kept = [nic for nic in server.nics if nic.port_id != port_id]
        if gone.created:
            present = await get_ports(compute.network, tx, [port_id])
            await remove_ports(compute.network, tx, list(present))
        else:
            await unbind_port(compute.network, tx, port_id)
        await _save(compute, tx, caller, server, nics=kept, request_id=request_id)
        await note_action(compute, tx, caller, server, "detach_interface", request_id=request_id)

    await compute.kit.database.transact(admit)
    await _told(compute, server_id)


async def _attachable(tx: Tx, caller: Caller, server_id: str, what: str) -> Server:
    server = await unlocked_server(tx, caller, server_id)
    if server.vm_state not in ATTACHABLE:
        raise refusal(what, server.id, "vm_state", server.vm_state)
    if server.task_state is not None:
        raise refusal(what, server.id, "task_state", server.task_state)
    return server


async def _save(
    compute: Compute,
    tx: Tx,
    caller: Caller,
    server: Server,
    *,
    nics: list[ServerNic],
    request_id: str,
) -> Server:
    await servers.change_server(tx, server.id, compute.kit.clock.now(), nics=nics)
    await submit(compute, tx, caller, server, CHANGE_INTERFACES, request_id=request_id, input={})
    return structs.replace(server, nics=nics)


async def _told(compute: Compute, server_id: str) -> None:
    """Until the host knows, or for a while: no task state would tell a client what it waits for."""
    clock, reader = compute.kit.clock, compute.kit.database.reader
    deadline = clock.now() + TELL_TIMEOUT_S
    while clock.now() < deadline:
        if await compute.kit.operations.busy(reader, f"server/{server_id}") is None:
            return
        await clock.sleep(TELL_INTERVAL_S)


async def tell_host(compute: Compute, run: Run) -> Result:
    """The host's description of the machine, and the taps on its bridge."""
    server = await server_of(compute, run)
    machine = await machine_of(compute, server)
    async with host_of(compute, run) as host:
        await host.prepare(machine, run.epoch)
        await host.plug(server.id, run.epoch)

    async def write(tx: Tx) -> None:
        await server_actions.end_action(tx, server.id, run.request_id, now=compute.kit.clock.now())

    return Result(None, write)


async def keep_state(compute: Compute, tx: Tx, run: Run) -> None:
    server = await servers.get_server(tx, run.subject.removeprefix("server/"))
    await fail(compute, tx, run, **({"vm_state": server.vm_state} if server else {}))


CHANGE_INTERFACES = Operation(
    "change-interfaces", Step(tell_host, who.COMPUTE_NODE), failed=keep_state
)
