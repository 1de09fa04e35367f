"""Switch a machine on or off, hard or soft: told to its BMC, then watched until it is so."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.begin_task import begin_task, fail_task, write_node
from unkai.baremetal.actions.change_state import node_of
from unkai.baremetal.actions.node_volumes import boot_with_volumes
from unkai.baremetal.model import Node, PowerState, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import refuse
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Conflict, Failed
from unkai.kit.operations import Operation, Result, Retry, Run, Step
from unkai.kit.policy import Caller
from unkai.timeline import model as who

TARGETS = tuple(state for state in PowerState if state is not PowerState.ERROR)
SOFT = (PowerState.SOFT_OFF, PowerState.SOFT_REBOOT)
ENDS_OFF = (PowerState.OFF, PowerState.SOFT_OFF)
HARD_TIMEOUT_S = 60.0
SOFT_TIMEOUT_S = 600.0
POLL_S = 1.0


async def set_power_state(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    target: str,
    *,
    timeout_s: int | None,
    request_id: str,
) -> None:
    """timeout_s: how long the machine may take; None: a minute, or ten for a soft change."""

    def check(node: Node) -> dict[str, Any]:
        if target not in TARGETS:
            raise refuse(node.uuid, target, node.power_state or "unknown")
        if node.provision_state in (State.CLEANING, State.CLEAN_WAIT):
            raise refuse(node.uuid, target, node.provision_state)
        if target in ENDS_OFF and node.disable_power_off:
            raise Conflict(
                f"Node {node.uuid} must not be powered off: disable_power_off is set.",
                code="power-off-disabled",
            )
        power = baremetal.power(node)
        power.validate(node)
        if target not in power.supported_power_states(node):
            raise BadRequest(
                f"The driver {node.driver} does not support the power state {target}.",
                code="power-state-unsupported",
            )
        end = PowerState.OFF if target in ENDS_OFF else PowerState.ON
        return {"target_power_state": end}

    default = SOFT_TIMEOUT_S if target in SOFT else HARD_TIMEOUT_S
    await begin_task(
        baremetal,
        caller,
        ident,
        "baremetal:node:set_power_state",
        SET_POWER,
        check=check,
        input={"target": target, "timeout_s": float(timeout_s or default)},
        request_id=request_id,
    )


async def tell_bmc(baremetal: Baremetal, run: Run) -> str | None:
    """Send the command; a hard change to what is already so is not sent. The state before it."""
    node = await node_of(baremetal, run)
    power = baremetal.power(node)
    target = PowerState(run.input["target"])
    before = await power.get_power_state(node)
    if target not in ENDS_OFF:
        await boot_with_volumes(baremetal, node)
    if before != target:
        await power.set_power_state(node, target)
    return before


async def watch_power(baremetal: Baremetal, run: Run) -> Result:
    """Read the power until it is what was asked for."""
    node = await node_of(baremetal, run)
    end = PowerState.OFF if run.input["target"] in ENDS_OFF else PowerState.ON
    found = await baremetal.power(node).get_power_state(node)
    now = baremetal.kit.clock.now()
    if found != end:
        if now - run.step_started_at > run.input["timeout_s"]:
            raise Failed(
                f"The machine is still {found} {run.input['timeout_s']:.0f} s after it was told "
                f"{run.input['target']}.",
                code="power-timeout",
                remedy="Look at its BMC, or ask for a hard power off.",
            )
        raise Retry(f"the machine is not {end} yet", POLL_S)

    async def write(tx: Tx) -> None:
        values = {"power_state": found, "target_power_state": None, "power_changed_at": now}
        await write_node(baremetal, tx, run, **values)

    return Result(write=write)


async def give_up_power(baremetal: Baremetal, tx: Tx, run: Run) -> None:
    before = run.results.get("tell_bmc")
    known = {"power_state": before} if before else {}
    await fail_task(baremetal, tx, run, target_power_state=None, **known)


SET_POWER = Operation(
    "set-power",
    Step(tell_bmc, who.BARE_METAL_NODE_BMC),
    Step(watch_power, who.BARE_METAL_NODE_BMC),
    failed=give_up_power,
    deadline_s=7200.0,
)
