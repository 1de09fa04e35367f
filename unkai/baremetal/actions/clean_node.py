"""provide and clean: nothing of the last tenant stays; then the node is available (or manageable).

Automated cleaning takes every step of the agent with a priority; a manual one takes what was asked,
with the agent's ramdisk or, where that is disabled, without. A node whose deploy interface needs no
agent, or whose automated_clean is off, is not cleaned at all: `provide` then only says so.
"""

from __future__ import annotations

from unkai.baremetal.actions.agent_session import (
    end_session,
    resume,
    session,
)
from unkai.baremetal.actions.change_state import fail_node, move_node, node_of, node_uuid_of
from unkai.baremetal.actions.run_steps import Steps, agent_steps, chosen, run_steps
from unkai.baremetal.model import State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step, Wait
from unkai.timeline import model as who

DEADLINE_S = 2 * 86400.0


async def choose_clean_steps(baremetal: Baremetal, run: Run) -> Steps:
    node = await node_of(baremetal, run)
    asked: Steps = run.input.get("clean_steps") or []
    if run.kind == CLEAN_WITHOUT_RAMDISK.kind:
        return chosen([], asked, node)
    offered = await agent_steps(baremetal, node, "clean")
    if asked:
        return chosen(offered, asked, node)
    return [step for step in offered if int(step.get("priority") or 0) > 0]


async def clean(baremetal: Baremetal, run: Run) -> Result | Wait:
    return await run_steps(baremetal, run, "clean", run.results["choose_clean_steps"])


async def finish_cleaning(baremetal: Baremetal, run: Run) -> Result:
    """Available, or manageable after a manual cleaning."""

    async def write(tx: Tx) -> None:
        uuid = node_uuid_of(run)
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        manual = node.target_provision_state == State.MANAGEABLE
        event = Event.MANAGE if manual else Event.DONE
        await move_node(
            baremetal, tx, uuid, event, clean_step={}, last_error=None, target_provision_state=None
        )

    return Result(write=write)


async def mark_clean_failed(baremetal: Baremetal, tx: Tx, run: Run) -> None:
    """Into maintenance: what may still hold a tenant's data is given to nobody."""
    said = "The node failed its cleaning; see last_error."
    await fail_node(
        baremetal,
        tx,
        run,
        clean_step={},
        maintenance=True,
        maintenance_reason=said,
        fault="clean failure",
    )


def cleaning() -> tuple[Step, ...]:
    """From `cleaning` to the end of it; an undeploy ends in these too."""
    return (
        *session(),
        Step(choose_clean_steps, who.BARE_METAL_NODE),
        Step(clean, who.BARE_METAL_NODE),
        Step(resume, who.IRONIC_CONDUCTOR),
        Step(end_session, who.BARE_METAL_NODE_BMC),
        Step(finish_cleaning, who.IRONIC_CONDUCTOR),
    )


CLEAN_NODE = Operation("clean-node", *cleaning(), failed=mark_clean_failed, deadline_s=DEADLINE_S)
CLEAN_WITHOUT_RAMDISK = Operation(
    "clean-node-without-ramdisk",
    Step(choose_clean_steps, who.IRONIC_CONDUCTOR),
    Step(clean, who.IRONIC_CONDUCTOR),
    Step(finish_cleaning, who.IRONIC_CONDUCTOR),
    failed=mark_clean_failed,
    deadline_s=DEADLINE_S,
)
