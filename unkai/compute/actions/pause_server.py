"""pause and unpause, suspend and resume: the process stays, the guest stands still or runs.

Suspending keeps the guest's memory in its process, so it frees no memory of the host.
"""

from __future__ import annotations

from unkai.compute.actions.end_action import finish
from unkai.compute.actions.machine import host_of, server_id_of
from unkai.compute.actions.power_on import show_error
from unkai.compute.actions.submit_action import submit_action
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import PAUSE, RESUME, SUSPEND, UNPAUSE, Power, Verb, VmState
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who

POWER_IN = {
    VmState.ACTIVE: Power.RUNNING,
    VmState.PAUSED: Power.PAUSED,
    VmState.SUSPENDED: Power.SUSPENDED,
}


async def pause_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await _submit(compute, caller, server_id, PAUSE, request_id)


async def unpause_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await _submit(compute, caller, server_id, UNPAUSE, request_id)


async def suspend_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await _submit(compute, caller, server_id, SUSPEND, request_id)


async def resume_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await _submit(compute, caller, server_id, RESUME, request_id)


async def _submit(
    compute: Compute, caller: Caller, server_id: str, verb: Verb, request_id: str
) -> Server:
    return await submit_action(
        compute,
        caller,
        server_id,
        verb,
        PAUSE_SERVER,
        request_id=request_id,
        input={"to": verb.leads_to},
    )


async def hold_or_run(compute: Compute, run: Run) -> Result:
    to = VmState(run.input["to"])
    async with host_of(compute, run) as host:
        if to is VmState.ACTIVE:
            await host.resume(server_id_of(run), run.epoch)
        else:
            await host.pause(server_id_of(run), run.epoch)

    async def write(tx: Tx) -> None:
        await finish(compute, tx, run, vm_state=to, power_state=POWER_IN[to])

    return Result(None, write)


PAUSE_SERVER = Operation("pause-server", Step(hold_or_run, who.HYPERVISOR), failed=show_error)
