"""How an operation on a server ends: in the transaction that saves its last step, or fails it."""

from __future__ import annotations

from typing import Any

from unkai.compute.actions import server_ports
from unkai.compute.actions.machine import server_id_of
from unkai.compute.actions.server_volumes import release_volumes
from unkai.compute.model import ServerFault
from unkai.compute.service import Compute
from unkai.compute.states import Power, VmState
from unkai.compute.store import server_actions, servers
from unkai.kit.db import Tx
from unkai.kit.operations import Run
from unkai.placement.actions.claim import release


async def finish(compute: Compute, tx: Tx, run: Run, **values: Any) -> None:
    """Write what the server has become, no task any more, and close the action."""
    now = compute.kit.clock.now()
    server_id = server_id_of(run)
    values = {"task_state": None, "fault": None, **values}
    await servers.change_server(tx, server_id, now, **values)
    await server_actions.end_action(tx, server_id, run.request_id, now=now)
    await compute.kit.events.emit(tx, "server.changed", server_id, {"action": run.kind})


def fault_of(compute: Compute, run: Run) -> ServerFault:
    error = run.error
    return ServerFault(
        code=error.status if error else 500,
        message=error.public if error else "The operation failed.",
        created_at=compute.kit.clock.now(),
    )


async def fail(compute: Compute, tx: Tx, run: Run, **values: Any) -> None:
    """Show the server in ERROR with the operation's fault, where it is."""
    fault = fault_of(compute, run)
    server_id = server_id_of(run)
    await servers.change_server(
        tx,
        server_id,
        fault.created_at,
        **{"vm_state": VmState.ERROR, "task_state": None, "fault": fault, **values},
    )
    await server_actions.end_action(
        tx,
        server_id,
        run.request_id,
        now=fault.created_at,
        error=fault.message,
    )


async def failed_for_good(compute: Compute, tx: Tx, run: Run) -> None:
    """A boot that failed: its host is clean; claim and volumes go back, its ports lose it."""
    server = await servers.get_server(tx, server_id_of(run))
    values: dict[str, Any] = {}
    if server is not None:
        await server_ports.unbind_ports(compute, tx, server)
        await release(compute.placement, tx, server.id)
        values["volumes"] = await release_volumes(compute, tx, server, run.request_id)
    await fail(compute, tx, run, host=None, power_state=Power.NOSTATE, **values)
