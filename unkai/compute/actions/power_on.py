"""Steps that several verbs share to get a stopped machine running: disks, ports, process, guest."""

from __future__ import annotations

from unkai.compute.actions import server_ports
from unkai.compute.actions.end_action import fail, finish
from unkai.compute.actions.machine import host_of, server_of
from unkai.compute.service import Compute
from unkai.compute.states import Power, VmState
from unkai.kit.db import Tx
from unkai.kit.operations import Result, Run, Wait

PORT_UP_S = 120.0


async def plug_ports(compute: Compute, run: Run) -> None:
    """What a host lost when it was rebooted; nothing where they are plugged."""
    server = await server_of(compute, run)
    assert server.host is not None
    async with host_of(compute, server.host) as host:
        await host.plug(server.id, run.epoch)


async def start_machine(compute: Compute, run: Run) -> None:
    """A process that waits: the guest must not look for its network before it is there."""
    server = await server_of(compute, run)
    assert server.host is not None
    async with host_of(compute, server.host) as host:
        await host.start(server.id, run.epoch, paused=True)


async def wait_ports_up(compute: Compute, run: Run) -> Wait | None:
    server = await server_of(compute, run)
    down = await server_ports.first_port_down(compute, server)
    if down is None:
        return None
    return Wait(
        "port.up",
        down,
        PORT_UP_S,
        otherwise=f"Port {down} did not come up within {PORT_UP_S:.0f} s: the network does not "
        f"carry its traffic to host {server.host}. `unkai status` shows the network's health.",
    )


async def run_guest(compute: Compute, run: Run) -> Result:
    """Let it go; with that the server is ACTIVE."""
    server = await server_of(compute, run)
    assert server.host is not None
    async with host_of(compute, server.host) as host:
        await host.resume(server.id, run.epoch)

    async def write(tx: Tx) -> None:
        began = server.launched_at or compute.kit.clock.now()
        await finish(
            compute,
            tx,
            run,
            vm_state=VmState.ACTIVE,
            power_state=Power.RUNNING,
            launched_at=began,
        )

    return Result(None, write)


async def show_error(compute: Compute, tx: Tx, run: Run) -> None:
    await fail(compute, tx, run)
