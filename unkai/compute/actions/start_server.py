"""os-start: the machine's ports, process and guest, as at its first boot."""

from __future__ import annotations

from unkai.compute.actions.power_on import (
    plug_ports,
    run_guest,
    show_error,
    start_machine,
    wait_ports_up,
)
from unkai.compute.actions.submit_action import submit_action
from unkai.compute.model import Server
from unkai.compute.service import Compute
from unkai.compute.states import START
from unkai.kit.operations import Operation, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who


async def start_server(
    compute: Compute, caller: Caller, server_id: str, *, request_id: str
) -> Server:
    return await submit_action(
        compute, caller, server_id, START, START_SERVER, request_id=request_id
    )


START_SERVER = Operation(
    "start-server",
    Step(plug_ports, who.NEUTRON_API),
    Step(start_machine, who.HYPERVISOR),
    Step(wait_ports_up, who.NEUTRON_API),
    Step(run_guest, who.HYPERVISOR),
    failed=show_error,
)
