"""Steps that several verbs share to get a stopped machine running: disks, ports, process, guest."""

from __future__ import annotations

from unkai.compute.actions import server_ports
from unkai.compute.actions.boot_times import note_boot
from unkai.compute.actions.end_action import fail, finish
from unkai.compute.actions.machine import host_of, server_id_of, server_of
from unkai.compute.actions.server_volumes import secrets_of
from unkai.compute.service import Compute
from unkai.compute.states import Power, VmState
from unkai.kit.db import Tx
from unkai.kit.operations import Result, Run, Wait

PORT_UP_S = 120.0


async def plug_ports(compute: Compute, run: Run) -> None:
    """What a host lost when it was rebooted; nothing where they are plugged."""
    async with host_of(compute, run) as host:
        await host.plug(server_id_of(run), run.epoch)


async def start_machine(compute: Compute, run: Run) -> None:
    """A process that waits: the guest must not look for its network before it is there."""
    secrets = await secrets_of(compute, await server_of(compute, run))
    async with host_of(compute, run) as host:
        await host.start(server_id_of(run), run.epoch, paused=True, secrets=secrets)


async def wait_ports_up(compute: Compute, run: Run) -> Wait | None:
    down = await server_ports.first_port_down(compute, run.input["ports"])
    if down is None:
        return None
    return Wait(
        "port.up",
        down,
        PORT_UP_S,
        otherwise=f"Port {down} did not come up within {PORT_UP_S:.0f} s: the network does not "
        f"carry its traffic to host {run.input['host']}. `unkai status` shows its health.",
    )


async def run_guest(compute: Compute, run: Run) -> Result:
    """Let it go; with that the server is ACTIVE."""
    async with host_of(compute, run) as host:
        await host.resume(server_id_of(run), run.epoch)

    async def write(tx: Tx) -> None:
        values = {"vm_state": VmState.ACTIVE, "power_state": Power.RUNNING}
        if run.kind == "create-server":
            await finish(compute, tx, run, **values, launched_at=compute.kit.clock.now())
            await note_boot(compute, tx, server_id_of(run))
        else:
            await finish(compute, tx, run, **values)

    return Result(None, write)


async def show_error(compute: Compute, tx: Tx, run: Run) -> None:
    await fail(compute, tx, run)
