"""Kill the service around every step of a node's provisioning; fail, abort and delete at each.

Machines, their agents and the disk outlive each kill. Afterwards the node is in the state that the
API promises, with the cause where it failed, and nothing is left over: no power, no boot files, no
network, no image on offer.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.baremetal.rig import Outside, Rig, opened
from tests.api.baremetal.test_provision import DIRECT, available, deployed, give_image
from unkai.baremetal.actions.clean_node import CLEAN_NODE
from unkai.baremetal.actions.deploy_node import DEPLOY_NODE
from unkai.baremetal.actions.undeploy_node import UNDEPLOY_NODE
from unkai.baremetal.model import PowerState
from unkai.kit.errors import Failed
from unkai.kit.operations import Operation, Run, Step

pytestmark = pytest.mark.anyio


def steps_of(operation: Operation) -> list[str]:
    return [step.name for step in operation.steps]


class Hold:
    """A probe that stops the service where it is: nothing after the place it names happens."""

    def __init__(self, kind: str, step: str, moment: str) -> None:
        self._place = (kind, step, moment)
        self.reached = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self, run: Run, step: Step, moment: str) -> None:
        if (run.kind, step.name, moment) == self._place:
            self.reached.set()
            await self.go.wait()

    async def wait(self) -> None:
        async with asyncio.timeout(20):
            await self.reached.wait()


def fail_at(kind: str, name: str) -> Any:
    async def probe(run: Run, step: Step, moment: str) -> None:
        if (run.kind, step.name, moment) == (kind, name, "after"):
            raise Failed(f"something broke at {name}")

    return probe


def quiet(rig: Rig, node: str) -> None:
    """Nothing of ours is on the machine or offered to it."""
    machine = rig.machine(node)
    assert (machine.power, machine.ramdisk, machine.networks) == (PowerState.OFF, None, [])
    assert rig.outside.images.offered == set()


async def ready(rig: Rig) -> str:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    return node


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", steps_of(DEPLOY_NODE))
async def test_a_deploy_survives_a_kill(tmp_path: Path, step: str, moment: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await ready(rig)
        hold = Hold("deploy-node", step, moment)
        rig.baremetal.kit.operations.probe = hold
        await rig.provision(node, "active")
        await hold.wait()
    async with opened(outside) as rig:
        shown = await rig.reach(node, "active")
        machine = rig.machine(node)
        assert (machine.power, machine.ramdisk, machine.networks) == (PowerState.ON, None, [])
        assert shown["power_state"] == "power on"
        assert rig.outside.images.offered == set()
        written = [command for _, command, _ in rig.agents.done if "prepare_image" in command]
        assert len(written) == 1
    await outside.agents.stop()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", steps_of(CLEAN_NODE))
async def test_a_cleaning_survives_a_kill(tmp_path: Path, step: str, moment: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await rig.enroll(**DIRECT)
        await rig.provision(node, "manage")
        await rig.reach(node, "manageable")
        hold = Hold("clean-node", step, moment)
        rig.baremetal.kit.operations.probe = hold
        await rig.provision(node, "provide")
        await hold.wait()
    async with opened(outside) as rig:
        await rig.reach(node, "available")
        quiet(rig, node)
        assert len(rig.agents.done) >= 1
    await outside.agents.stop()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", steps_of(UNDEPLOY_NODE))
async def test_a_deletion_survives_a_kill(tmp_path: Path, step: str, moment: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await deployed(rig)
        hold = Hold("undeploy-node", step, moment)
        rig.baremetal.kit.operations.probe = hold
        await rig.provision(node, "deleted")
        await hold.wait()
    async with opened(outside) as rig:
        shown = await rig.reach(node, "available")
        assert shown["instance_info"] == {}
        quiet(rig, node)
    await outside.agents.stop()


@pytest.mark.parametrize("step", steps_of(DEPLOY_NODE))
async def test_a_failed_step_of_a_deploy_leaves_nothing_and_says_why(
    tmp_path: Path, step: str
) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await ready(rig)
        rig.baremetal.kit.operations.probe = fail_at("deploy-node", step)
        await rig.provision(node, "active")

        shown = await rig.reach(node, "deploy failed")

        assert f"something broke at {step}" in shown["last_error"]
        quiet(rig, node)
        rig.baremetal.kit.operations.probe = None
        await rig.provision(node, "active")
        await rig.reach(node, "active")
    await outside.agents.stop()


@pytest.mark.parametrize("step", steps_of(UNDEPLOY_NODE))
async def test_a_failed_step_of_a_deletion_is_told_and_can_be_tried_again(
    tmp_path: Path, step: str
) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as rig:
        node = await deployed(rig)
        rig.baremetal.kit.operations.probe = fail_at("undeploy-node", step)
        await rig.provision(node, "deleted")

        async def failed() -> bool:
            shown = await rig.ask("GET", f"/nodes/{node}")
            return (
                shown["provision_state"] in ("error", "clean failed") and not shown["reservation"]
            )

        await rig.until(failed)
        shown = await rig.ask("GET", f"/nodes/{node}")
        assert f"something broke at {step}" in shown["last_error"]
        rig.baremetal.kit.operations.probe = None
        if shown["provision_state"] == "error":
            await rig.provision(node, "deleted")
        else:
            await rig.provision(node, "manage")
            await rig.provision(node, "provide")
        await rig.reach(node, "available")
        quiet(rig, node)
    await outside.agents.stop()


@pytest.mark.parametrize("verb", ["abort", "deleted"])
async def test_a_verb_that_ends_a_waiting_deploy(tmp_path: Path, verb: str) -> None:
    """Asked at every step at which the node waits for its agent."""
    waiting = ["await_agent", "write_image", "run_deploy_steps", "sync_disks"]
    for step in waiting:
        folder = tmp_path / step
        folder.mkdir()
        outside = Outside(folder)
        async with opened(outside) as rig:
            node = await ready(rig)
            hold = Hold("deploy-node", step, "before")
            rig.baremetal.kit.operations.probe = hold
            await rig.provision(node, "active")
            await hold.wait()
            await rig.provision(node, verb)
            hold.go.set()

            await rig.reach(node, "deploy failed" if verb == "abort" else "available")

            quiet(rig, node)
        await outside.agents.stop()
