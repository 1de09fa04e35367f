"""os-stop: the guest is asked to shut down, then its process ends."""

from __future__ import annotations

from unkai.compute.actions.end_action import finish
from unkai.compute.actions.machine import host_of, server_id_of
from unkai.compute.actions.power_on import show_error
from unkai.compute.actions.submit_action import submit_action
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import STOP, Power, VmState
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who

SHUTDOWN_S = 60.0
"""How long a guest is given to shut itself down."""


async def stop_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await submit_action(compute, caller, server_id, STOP, STOP_SERVER, request_id=request_id)


async def shut_down(compute: Compute, run: Run) -> Result:
    async with host_of(compute, run) as host:
        await host.stop(server_id_of(run), run.epoch, graceful_timeout_s=SHUTDOWN_S)

    async def write(tx: Tx) -> None:
        await finish(compute, tx, run, vm_state=VmState.STOPPED, power_state=Power.SHUTDOWN)

    return Result(None, write)


STOP_SERVER = Operation("stop-server", Step(shut_down, who.HYPERVISOR), failed=show_error)
