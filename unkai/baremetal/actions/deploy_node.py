"""active and rebuild: the whole boot of a physical machine.

The node boots our ramdisk on the provisioning network, its agent writes the image, the machine goes
off, moves to the tenant's networks, and boots from its disk. Two power cycles, no more. A deploy
interface that needs no agent (`ramdisk`, `fake`) has the second half only; so has a node that boots
from a volume.
"""

from __future__ import annotations

import asyncio
from typing import Any

from unkai.baremetal.actions.agent_session import (
    end_session,
    resume,
    run_command,
    session,
    switch_power,
)
from unkai.baremetal.actions.change_state import fail_node, moving, node_of
from unkai.baremetal.actions.node_volumes import attach_volumes, detach_volumes, san_volumes
from unkai.baremetal.actions.plan_deploy_steps import plan_deploy_steps
from unkai.baremetal.actions.resolve_image import resolve_image
from unkai.baremetal.actions.run_steps import agent_steps, chosen, run_steps
from unkai.baremetal.model import PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store.ports import ports_of
from unkai.kit.errors import Fault
from unkai.kit.log import log
from unkai.kit.operations import Operation, Result, Run, Step, Wait
from unkai.timeline import model as who


async def publish_image(baremetal: Baremetal, run: Run) -> dict[str, Any]:
    """Where the agent gets the image, and what its bytes must hash to."""
    image = await resolve_image(baremetal, await node_of(baremetal, run))
    return {
        "id": image.id,
        "urls": [image.url],
        "os_hash_algo": image.os_hash_algo,
        "os_hash_value": image.os_hash_value,
        "disk_format": image.disk_format,
        "size": image.size_bytes,
        "virtual_size": image.size_bytes,  # an agent refuses what its disk cannot hold
        "stream_raw_images": True,
        "image_type": "whole-disk",
    }


async def withdraw_image(baremetal: Baremetal, run: Run) -> None:
    await baremetal.images.withdraw(await node_of(baremetal, run))


async def write_image(baremetal: Baremetal, run: Run) -> dict[str, Any] | Wait:
    node = await node_of(baremetal, run)
    info: dict[str, Any] = {**run.results["publish_image"], "node_uuid": node.uuid}
    if hints := node.instance_info.get("root_device") or node.properties.get("root_device"):
        info["root_device"] = hints
    return await run_command(
        baremetal,
        run,
        node,
        key="write-image",
        command="standby.prepare_image",
        params={"image_info": info, "configdrive": node.instance_info.get("configdrive")},
    )


async def run_deploy_steps(baremetal: Baremetal, run: Run) -> Result | Wait | None:
    """What templates and the request ask for beside the image; the agent's own defaults too."""
    node = await node_of(baremetal, run)
    asked = await plan_deploy_steps(baremetal, run, node)
    if not asked:
        return None
    offered = await agent_steps(baremetal, node, "deploy")
    return await run_steps(baremetal, run, "deploy", chosen(offered, asked, node))


async def sync_disks(baremetal: Baremetal, run: Run) -> None:
    """What was written is on the disk before the power goes."""
    node = await node_of(baremetal, run)
    await baremetal.agent.ask(node, "standby.sync", {})


async def plug_tenant(baremetal: Baremetal, run: Run) -> None:
    """Onto the networks of the node's VIFs."""
    node = await node_of(baremetal, run)
    if run.kind == BOOT_NODE.kind:  # an agent's session would have switched it off
        await switch_power(baremetal, node, PowerState.OFF)
    await baremetal.wires(node).plug_tenant(
        node, await ports_of(baremetal.kit.database.reader, node.uuid)
    )


async def unplug_tenant(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    await baremetal.wires(node).unplug_tenant(
        node, await ports_of(baremetal.kit.database.reader, node.uuid)
    )


async def prepare_instance(baremetal: Baremetal, run: Run) -> None:
    """The next power on boots what was written; what the console says then is the tenant's."""
    node = await node_of(baremetal, run)
    await asyncio.to_thread(baremetal.consoles.logs.turn_page, node.uuid)
    ports = await ports_of(baremetal.kit.database.reader, node.uuid)
    volumes = await san_volumes(baremetal, node)
    await baremetal.boot(node).prepare_instance(node, ports, volumes)


async def clean_up_instance(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    ports = await ports_of(baremetal.kit.database.reader, node.uuid)
    await baremetal.boot(node).clean_up_instance(node, ports)


async def power_on_instance(baremetal: Baremetal, run: Run) -> Result:
    """On, and active."""
    node = await node_of(baremetal, run)
    await switch_power(baremetal, node, PowerState.ON)
    try:
        await baremetal.images.withdraw(node)
    except Fault as fault:
        log.info("an image is still offered", node=node.uuid, error=fault.message)
    kept = {k: v for k, v in node.instance_info.items() if k != "configdrive"}
    return moving(
        baremetal,
        run,
        Event.DONE,
        power_state=PowerState.ON,
        deploy_step={},
        last_error=None,
        instance_info=kept,
    )


def boot_instance() -> tuple[Step, ...]:
    """The second half, and all there is where nothing is written."""
    return (
        Step(attach_volumes, who.CINDER_API, undo=detach_volumes),
        Step(plug_tenant, who.NEUTRON_API, undo=unplug_tenant),
        Step(prepare_instance, who.IRONIC_PROVISIONER, undo=clean_up_instance),
        Step(power_on_instance, who.BARE_METAL_NODE_BMC),
    )


DEPLOY_NODE = Operation(
    "deploy-node",
    Step(publish_image, who.GLANCE_API, undo=withdraw_image),
    *session(),
    Step(write_image, who.BARE_METAL_NODE),
    Step(run_deploy_steps, who.BARE_METAL_NODE),
    Step(sync_disks, who.BARE_METAL_NODE),
    Step(resume, who.IRONIC_CONDUCTOR),
    Step(end_session, who.BARE_METAL_NODE_BMC),
    *boot_instance(),
    failed=fail_node,
    deadline_s=6 * 3600.0,
)
BOOT_NODE = Operation("boot-node", *boot_instance(), failed=fail_node, deadline_s=3600.0)
