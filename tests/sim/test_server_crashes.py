"""Kill the cloud around every step of a boot and of a delete; fail and repeat every step.

The hosts, the wire and the disk outlive each kill. Afterwards the server is ACTIVE, in ERROR with a
reason, or gone, and the audit finds nothing left over.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.api.compute.cloud import Cloud, Outside, opened
from unkai.compute.actions.create_server import CREATE_SERVER
from unkai.compute.actions.delete_server import DELETE_SERVER
from unkai.kit.errors import Failed
from unkai.kit.operations import Run, Step

pytestmark = pytest.mark.anyio

BOOT_STEPS = [step.name for step in CREATE_SERVER.steps]
DELETE_STEPS = [step.name for step in DELETE_SERVER.steps]
UNDOS = [step.name for step in CREATE_SERVER.steps if step.undo is not None]


class Hold:
    """A probe that stops the cloud where it is: nothing after the place it names happens."""

    def __init__(self, kind: str, step: str, moment: str) -> None:
        self._place = (kind, step, moment)
        self.reached = asyncio.Event()

    async def __call__(self, run: Run, step: Step, moment: str) -> None:
        if (run.kind, step.name, moment) == self._place:
            self.reached.set()
            await asyncio.Event().wait()


def fail_at(name: str) -> Any:
    async def probe(run: Run, step: Step, moment: str) -> None:
        if (run.kind, step.name, moment) == ("create-server", name, "after"):
            raise Failed(f"the disk is full at {name}")

    return probe


async def killed_at(cloud: Cloud, hold: Hold) -> None:
    async with asyncio.timeout(20):
        await hold.reached.wait()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", BOOT_STEPS)
async def test_a_boot_survives_a_kill(tmp_path: Path, step: str, moment: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as cloud:
        hold = Hold("create-server", step, moment)
        cloud.kit.operations.probe = hold
        server_id = await cloud.create()
        await killed_at(cloud, hold)
    async with opened(outside) as cloud:
        await cloud.reach(server_id, "ACTIVE")
        assert await cloud.leftovers() == []
        host = cloud.host_of(server_id)
        assert host is not None and host.machines[server_id].boots == 1


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", DELETE_STEPS)
async def test_a_delete_survives_a_kill(tmp_path: Path, step: str, moment: str) -> None:
    outside = Outside(tmp_path)
    async with opened(outside) as cloud:
        server_id = await cloud.boot()
        hold = Hold("delete-server", step, moment)
        cloud.kit.operations.probe = hold
        await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
        await killed_at(cloud, hold)
    async with opened(outside) as cloud:
        await cloud.gone(server_id)
        assert await cloud.leftovers() == []
        assert cloud.host_of(server_id) is None


@pytest.mark.parametrize("step", UNDOS)
async def test_an_undo_survives_a_kill(tmp_path: Path, step: str) -> None:
    """The boot fails at its last step; the cloud is killed while it takes things back."""
    outside = Outside(tmp_path)
    async with opened(outside) as cloud:
        hold = Hold("create-server", step, "undo")
        fail = fail_at("run_guest")

        async def probe(run: Run, at: Step, moment: str) -> None:
            await hold(run, at, moment)
            await fail(run, at, moment)

        cloud.kit.operations.probe = probe
        server_id = await cloud.create()
        await killed_at(cloud, hold)
    async with opened(outside) as cloud:
        shown = await cloud.reach(server_id, "ERROR")
        assert "the disk is full at run_guest" in shown["fault"]["message"]
        await nothing_but_the_row(cloud, server_id)


@pytest.mark.parametrize("step", BOOT_STEPS)
async def test_a_failed_step_leaves_nothing_and_says_why(tmp_path: Path, step: str) -> None:
    async with opened(Outside(tmp_path)) as cloud:
        cloud.kit.operations.probe = fail_at(step)
        server_id = await cloud.create()
        shown = await cloud.reach(server_id, "ERROR")
        assert f"the disk is full at {step}" in shown["fault"]["message"]
        assert shown["OS-EXT-SRV-ATTR:host"] is None
        await nothing_but_the_row(cloud, server_id)


async def nothing_but_the_row(cloud: Cloud, server_id: str) -> None:
    assert await cloud.leftovers() == []
    assert cloud.host_of(server_id) is None
    assert not cloud.outside.world.wire.plugged
    await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
    await cloud.gone(server_id)
    assert await cloud.leftovers() == []


@pytest.mark.parametrize("step", BOOT_STEPS)
async def test_a_delete_during_a_boot_wins(tmp_path: Path, step: str) -> None:
    async with opened(Outside(tmp_path)) as cloud:
        reached, go = asyncio.Event(), asyncio.Event()

        async def probe(run: Run, at: Step, moment: str) -> None:
            if (run.kind, at.name, moment) == ("create-server", step, "before"):
                reached.set()
                await go.wait()

        cloud.kit.operations.probe = probe
        server_id = await cloud.create()
        async with asyncio.timeout(20):
            await reached.wait()
        await cloud.ask("DELETE", f"/servers/{server_id}", status=204)
        go.set()
        await cloud.gone(server_id)
        assert await cloud.leftovers() == []


@pytest.mark.parametrize("step", BOOT_STEPS)
async def test_every_step_may_run_twice(tmp_path: Path, step: str) -> None:
    async with opened(Outside(tmp_path)) as cloud:
        again = next(one for one in CREATE_SERVER.steps if one.name == step)

        async def probe(run: Run, at: Step, moment: str) -> None:
            if (run.kind, at.name, moment) == ("create-server", step, "after"):
                await again.function(cloud.compute, run)

        cloud.kit.operations.probe = probe
        server_id = await cloud.boot()
        host = cloud.host_of(server_id)
        assert host is not None and host.machines[server_id].boots == 1
        assert await cloud.leftovers() == []
