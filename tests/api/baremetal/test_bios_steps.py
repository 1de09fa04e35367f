"""BIOS settings as steps of a cleaning: applied, the machine restarted, and read again."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.kit.clock import Clock
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio
DIRECT = {"deploy_interface": "direct", "inspect_interface": "agent"}


async def manageable(rig: Rig) -> str:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    return node


async def clean(rig: Rig, node: str, step: str, **args: Any) -> None:
    steps = [{"interface": "bios", "step": step, "args": args}]
    await rig.provision(node, "clean", clean_steps=steps)


async def virtualization(rig: Rig, node: str) -> str:
    found = await rig.ask("GET", f"/nodes/{node}/bios/virtualization")
    return found["virtualization"]["value"]


async def test_settings_are_applied_by_a_restart(rig: Rig) -> None:
    node = await manageable(rig)
    before = await virtualization(rig, node)
    settings = [{"name": "virtualization", "value": "other"}]

    await clean(rig, node, "apply_configuration", settings=settings)
    shown = await rig.reach(node, "manageable")

    assert (shown["last_error"], shown["clean_step"]) == (None, {})
    assert "bios_step" not in shown["driver_internal_info"]
    assert await virtualization(rig, node) == "other"
    boots = await ramdisk_boots(rig, node)
    assert boots == 2  # the agent's, and the one that made the settings count

    await clean(rig, node, "apply_configuration", settings=settings)
    await rig.reach(node, "manageable")
    assert await ramdisk_boots(rig, node) == boots + 1  # they were so already

    await clean(rig, node, "factory_reset")
    await rig.reach(node, "manageable")
    assert await virtualization(rig, node) == before


async def ramdisk_boots(rig: Rig, node: str) -> int:
    found = await read_timeline(rig.baremetal.kit.database.reader, Clock(), f"node/{node}")
    return sum(one.action == "agent's first heartbeat" for one in found.events)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "a list of objects with a name and a value"),
        ({"settings": [{"name": "virtualization"}]}, "a list of objects with a name and a value"),
    ],
)
async def test_wrong_arguments_fail_the_cleaning(rig: Rig, args: Any, said: str) -> None:
    node = await manageable(rig)
    before = await virtualization(rig, node)

    await clean(rig, node, "apply_configuration", **args)
    shown = await rig.reach(node, "clean failed")

    assert said in shown["last_error"]
    assert await virtualization(rig, node) == before


async def test_an_inspection_reads_the_bios_again(rig: Rig) -> None:
    node = await manageable(rig)
    await rig.make_port(node, "52:54:00:00:00:01")
    rig.machine(node).bios["virtualization"] = "by hand"

    await rig.provision(node, "inspect")
    await rig.reach(node, "manageable")

    assert await virtualization(rig, node) == "by hand"
