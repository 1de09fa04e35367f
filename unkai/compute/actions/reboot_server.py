"""Reboot. SOFT asks the guest, and falls back to its power; HARD takes the power at once.

Either way the machine's process is a new one afterwards: what was changed about it takes effect.
"""

from __future__ import annotations

from unkai.compute.actions.machine import host_of, server_id_of
from unkai.compute.actions.power_on import (
    plug_ports,
    run_guest,
    show_error,
    start_machine,
    wait_ports_up,
)
from unkai.compute.actions.stop_server import SHUTDOWN_S
from unkai.compute.actions.submit_action import submit_action
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import REBOOT_HARD, REBOOT_SOFT
from unkai.kit.operations import Operation, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who


async def reboot_server(
    compute: Compute, caller: Caller, server_id: str, *, soft: bool, request_id: str
) -> Server:
    return await submit_action(
        compute,
        caller,
        server_id,
        REBOOT_SOFT if soft else REBOOT_HARD,
        REBOOT_SERVER,
        request_id=request_id,
        input={"soft": soft},
    )


async def stop_machine(compute: Compute, run: Run) -> None:
    patience_s = SHUTDOWN_S if run.input["soft"] else 0.0
    async with host_of(compute, run) as host:
        await host.stop(server_id_of(run), run.epoch, graceful_timeout_s=patience_s)


REBOOT_SERVER = Operation(
    "reboot-server",
    Step(stop_machine, who.HYPERVISOR),
    Step(plug_ports, who.NEUTRON_API),
    Step(start_machine, who.HYPERVISOR),
    Step(wait_ports_up, who.NEUTRON_API),
    Step(run_guest, who.HYPERVISOR),
    failed=show_error,
)
