"""Which steps a deployment has beside the image: those of templates and of the request.

A deploy template applies where the instance asks for the trait that is its name. A step of the
request takes the place of a template's; priority 0 leaves one out. What was planned is kept with
the node, so that a template changed in the middle of a deployment changes nothing of it.
"""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.agent_session import change_internal
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.deploy_templates import templates_named
from unkai.kit.operations import Run

Steps = list[dict[str, Any]]


async def plan_deploy_steps(baremetal: Baremetal, run: Run, node: Node) -> Steps:
    """Highest priority first; the same at every call of one run."""
    kept: dict[str, Any] = node.driver_internal_info.get("deploy_steps") or {}
    if kept.get("run") == run.id:
        return kept["steps"]
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    traits: list[str] = node.instance_info.get("traits") or []
    for template in await templates_named(baremetal.kit.database.reader, traits):
        for one in template.steps:
            step = {"interface": one.interface, "step": one.step, "args": one.args}
            wanted[one.interface, one.step] = {**step, "priority": one.priority or 0}
    asked: Steps = run.input.get("deploy_steps") or []
    for step in asked:
        wanted[step["interface"], step["step"]] = step
    planned = [step for step in wanted.values() if step.get("priority") != 0]
    planned.sort(key=lambda step: -int(step.get("priority") or 0))
    if planned:
        await change_internal(baremetal, node.uuid, deploy_steps={"run": run.id, "steps": planned})
    return planned
