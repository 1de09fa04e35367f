"""DELETE: whatever goes on stops, the host is cleaned, and everything the server held goes back.

It never gives up: while the host is away it waits and says for whom. Each step may find nothing to
do, for a server whose boot failed, that has no host, or whose delete was interrupted anywhere.
"""

from __future__ import annotations

from unkai.compute.actions import server_ports, server_volumes
from unkai.compute.actions.find_server import unlocked_server
from unkai.compute.actions.machine import host_of, server_id_of
from unkai.compute.actions.submit_action import note_action, submit
from unkai.compute.model import ServerVolume
from unkai.compute.service import Compute
from unkai.compute.states import Power, TaskState, VmState
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.placement.actions.claim import release
from unkai.timeline import model as who
from unkai.timeline.actions.read import let_go


async def delete_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> None:
    """NotFound, Forbidden, or Conflict for a locked one; a server that goes already is no error."""

    async def admit(tx: Tx) -> None:
        server = await unlocked_server(tx, caller, server_id)
        if server.task_state == TaskState.DELETING:
            busy = await compute.kit.operations.busy(tx, f"server/{server.id}")
            if busy is not None:
                return
        now = compute.kit.clock.now()
        await servers.change_server(tx, server.id, now, task_state=TaskState.DELETING)
        await note_action(compute, tx, caller, server, "delete", request_id=request_id)
        await submit(
            compute,
            tx,
            caller,
            server,
            DELETE_SERVER,
            request_id=request_id,
            input={},
            supersede=True,
        )

    await compute.kit.database.transact(admit)


async def remove_machine(compute: Compute, run: Run) -> None:
    """Process, ports' taps, folder."""
    if run.input["host"] is not None:
        async with host_of(compute, run) as host:
            await host.remove(server_id_of(run), run.epoch)


async def give_volumes_back(compute: Compute, run: Run) -> Result:
    """Detached; those that go with the server begin to go. One that is being made is waited for."""
    server = await servers.get_server(compute.kit.database.reader, server_id_of(run))
    if server is None or server.deleted_at is not None or not server.volumes:
        return Result()

    async def write(tx: Tx) -> list[ServerVolume]:
        found = await servers.get_server(tx, server_id_of(run))
        if found is None:
            return []
        stay = await server_volumes.release_volumes(compute, tx, found, run.request_id)
        await server_volumes.write_volumes(compute, tx, found.id, stay)
        return stay

    if stay := await compute.kit.database.transact(write):
        raise Retry(f"volume {stay[0].volume_id} is still being made", 0.5)
    return Result()


async def give_back(compute: Compute, run: Run) -> Result:
    """Ports, claim and the row itself, at once: there is no moment with one of them left."""

    async def write(tx: Tx) -> None:
        server = await servers.get_server(tx, server_id_of(run))
        if server is None or server.deleted_at is not None:
            return
        await server_ports.release_ports(compute, tx, server)
        await release(compute.placement, tx, server.id)
        now = compute.kit.clock.now()
        await servers.change_server(
            tx,
            server.id,
            now,
            vm_state=VmState.DELETED,
            task_state=None,
            power_state=Power.NOSTATE,
            terminated_at=now,
            deleted_at=now,
            user_data=None,
            nics=[],
        )
        await server_actions.end_action(tx, server.id, run.request_id, now=now)
        await let_go(tx, compute.kit.clock, run.subject)
        await compute.kit.events.emit(tx, "server.deleted", server.id, {})

    return Result(None, write)


DELETE_SERVER = Operation(
    "delete-server",
    Step(remove_machine, who.COMPUTE_NODE),
    Step(give_volumes_back, who.CINDER_API),
    Step(give_back, who.NEUTRON_API),
    must_finish=True,
)
