"""Steps of cleaning, deploying and servicing: which there are, in what order, one after the other.

A step is a dict, as the API words it: {"interface", "step", "priority", "args"}. What is being done
is in the node's clean_step (deploy_step, service_step), what remains in `driver_internal_info`; the
agent runs a step as a command, the BMC those of the BIOS (`bios_steps.py`); `hold` waits for the
operator, `power_on`, `power_off`, `reboot` and `wait` are Ironic's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.baremetal.actions.agent_session import (
    change_internal,
    check_restarted,
    run_command,
    switch_power,
)
from unkai.baremetal.actions.bios_steps import bios_steps, run_bios_step
from unkai.baremetal.actions.change_state import move_node, node_of
from unkai.baremetal.actions.set_raid_config import keep_raid_config
from unkai.baremetal.model import Node, PowerState, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, Unavailable
from unkai.kit.operations import Result, Retry, Run, Wait

UNHOLD = "node.unhold"
HOLDS = frozenset({State.CLEAN_HOLD, State.DEPLOY_HOLD, State.SERVICE_HOLD})
Steps = list[dict[str, Any]]


async def agent_steps(baremetal: Baremetal, node: Node, kind: str) -> Steps:
    """What agent and BMC offer for `kind` (clean, deploy, service), highest priority first."""
    try:
        told = await baremetal.agent.ask(node, f"{kind}.get_{kind}_steps", _about(node))
    except Unavailable as away:
        raise Retry(away.message, 2.0) from away
    offered: dict[str, Any] = told.get(f"{kind}_steps", {})
    found = [step for steps in offered.values() for step in steps]
    if kind == "clean":
        found = [_weighed(step, baremetal.settings.clean_priorities()) for step in found]
    if node.interface("raid") != "agent":
        found = [step for step in found if step["interface"] != "raid"]
    found += bios_steps(baremetal, node)
    return sorted(found, key=lambda step: (-int(step.get("priority") or 0), step["step"]))


def _weighed(step: dict[str, Any], priorities: Mapping[str, int]) -> dict[str, Any]:
    """The step with the priority that the cloud's settings give it."""
    wanted = priorities.get(f"{step['interface']}.{step['step']}")
    return step if wanted is None else {**step, "priority": wanted}


def _about(node: Node) -> dict[str, Any]:
    """The node as an agent is told of it: nothing that is not its business."""
    return {
        "node": {
            "uuid": node.uuid,
            "properties": node.properties,
            "instance_info": {},
            "driver_internal_info": {},
            "target_raid_config": node.target_raid_config,
        },
        "ports": [],
    }


def chosen(offered: Steps, asked: Steps, node: Node) -> Steps:
    """The asked steps with what the agent says of them; BadRequest for one nobody offers."""
    made: Steps = []
    for step in asked:
        if step["step"] in _OWN:
            made.append(step)
            continue
        known = next(
            (
                one
                for one in offered
                if (one["interface"], one["step"]) == (step["interface"], step["step"])
            ),
            None,
        )
        if known is None:
            raise BadRequest(
                f"Node {node.uuid} has no step {step['interface']}.{step['step']}.",
                code="step-unknown",
            )
        made.append({**known, "args": step.get("args") or {}})
    return made


async def run_steps(baremetal: Baremetal, run: Run, kind: str, steps: Steps) -> Result | Wait:
    """All of them, from where we are; called again after each wait.

    At the end the node's clean_step (deploy_step, service_step) is empty again.
    """
    node = await node_of(baremetal, run)
    check_restarted(node)
    at = int(run_state(node, run).get("at", 0))
    while at < len(steps):
        step = steps[at]
        await _show(baremetal, node, kind, step)
        waits = await _run_one(baremetal, run, node, kind=kind, step=step, at=at)
        if waits is not None:
            return waits
        at += 1
        await change_internal(baremetal, node.uuid, steps={"run": run.id, "at": at})
        node = await node_of(baremetal, run)

    async def write(tx: Tx) -> None:
        fresh = await nodes.get_node(tx, node.uuid)
        assert fresh is not None
        info = {k: v for k, v in fresh.driver_internal_info.items() if k != "steps"}
        now = baremetal.kit.clock.now()
        empty: dict[str, Any] = {f"{kind}_step": {}}
        await nodes.change_node(tx, fresh, now, driver_internal_info=info, **empty)

    return Result(write=write)


def run_state(node: Node, run: Run) -> dict[str, Any]:
    """How far this run came; nothing of an earlier one."""
    state: dict[str, Any] = node.driver_internal_info.get("steps") or {}
    return state if state.get("run") == run.id else {}


async def _show(baremetal: Baremetal, node: Node, kind: str, step: dict[str, Any]) -> None:
    async def write(tx: Tx) -> None:
        fresh = await nodes.get_node(tx, node.uuid)
        assert fresh is not None
        if getattr(fresh, f"{kind}_step") != step:
            shown: dict[str, Any] = {f"{kind}_step": step}
            await nodes.change_node(tx, fresh, baremetal.kit.clock.now(), **shown)

    await baremetal.kit.database.transact(write)


async def _run_one(
    baremetal: Baremetal, run: Run, node: Node, *, kind: str, step: dict[str, Any], at: int
) -> Wait | None:
    if step["step"] in _OWN:
        return await _OWN[step["step"]](baremetal, node, step)
    if step["interface"] == "bios":
        return await run_bios_step(baremetal, run, node, step, at)
    done = await run_command(
        baremetal,
        run,
        node,
        key=f"{kind}-{at}",
        command=f"{kind}.execute_{kind}_step",
        params={"step": step, **_about(node), f"{kind}_version": None},
        timeout_s=86400.0,
    )
    if isinstance(done, Wait):
        return done
    if step["interface"] == "raid":
        await keep_raid_config(baremetal, node.uuid, step["step"], done.get(f"{kind}_result"))
    return None


async def _hold(baremetal: Baremetal, node: Node, step: dict[str, Any]) -> Wait | None:
    """Until the operator says `unhold`."""
    if node.driver_internal_info.get("unheld"):
        await change_internal(baremetal, node.uuid, drop=("unheld",))
        return None
    if node.provision_state not in HOLDS:
        await baremetal.kit.database.transact(
            lambda tx: move_node(baremetal, tx, node.uuid, Event.HOLD)
        )
    return Wait(UNHOLD, node.uuid, 30 * 86400.0, f"Nobody released the hold of node {node.uuid}.")


async def _wait(baremetal: Baremetal, node: Node, step: dict[str, Any]) -> Wait | None:
    args: dict[str, Any] = step.get("args") or {}
    await baremetal.kit.clock.sleep(min(float(args.get("seconds", 0)), 600.0))
    return None


async def _power_on(baremetal: Baremetal, node: Node, step: dict[str, Any]) -> Wait | None:
    await switch_power(baremetal, node, PowerState.ON)
    return None


async def _power_off(baremetal: Baremetal, node: Node, step: dict[str, Any]) -> Wait | None:
    await switch_power(baremetal, node, PowerState.OFF)
    return None


async def _reboot(baremetal: Baremetal, node: Node, step: dict[str, Any]) -> Wait | None:
    await baremetal.power(node).set_power_state(node, PowerState.REBOOT)
    return None


_OWN = {
    "hold": _hold,
    "wait": _wait,
    "power_on": _power_on,
    "power_off": _power_off,
    "reboot": _reboot,
}


def cleans(baremetal: Baremetal, node: Node) -> bool:
    """Whether a node is cleaned before it becomes available."""
    wanted = node.automated_clean
    if wanted is None:
        wanted = baremetal.settings.automated_clean
    return wanted and baremetal.deploy(node).uses_agent
