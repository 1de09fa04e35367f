"""rescue and unrescue: the tenant's machine in a ramdisk with a password, and back again."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.agent_session import (
    clean_up_ramdisk,
    run_command,
    session,
    switch_power,
    unplug_network,
)
from unkai.baremetal.actions.change_state import fail_node, move_node, moving, node_of
from unkai.baremetal.actions.node_volumes import san_volumes
from unkai.baremetal.model import PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import WAITING, Event
from unkai.baremetal.store import nodes
from unkai.baremetal.store.ports import ports_of
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step, Wait
from unkai.timeline import model as who


async def leave_tenant(baremetal: Baremetal, run: Run) -> None:
    """Off, and off the tenant's networks, before the ramdisk boots."""
    node = await node_of(baremetal, run)
    await switch_power(baremetal, node, PowerState.OFF)
    ports = await ports_of(baremetal.kit.database.reader, node.uuid)
    await baremetal.wires(node).unplug_tenant(node, ports)


async def set_rescue_password(baremetal: Baremetal, run: Run) -> dict[str, Any] | Wait:
    node = await node_of(baremetal, run)
    params = {"rescue_password": node.instance_info.get("rescue_password"), "hashed": False}
    return await run_command(
        baremetal, run, node, key="rescue", command="rescue.finalize_rescue", params=params
    )


async def finish_rescue(baremetal: Baremetal, run: Run) -> Result:
    node = await node_of(baremetal, run)
    if run.kind == RESCUE_PLAYED.kind:
        await switch_power(baremetal, node, PowerState.ON)
    kept = {k: v for k, v in node.instance_info.items() if k != "rescue_password"}

    async def write(tx: Tx) -> None:
        if (await node_of(baremetal, run)).provision_state in WAITING:
            await move_node(baremetal, tx, node.uuid, Event.RESUME)
        await move_node(
            baremetal, tx, node.uuid, Event.DONE, instance_info=kept, power_state=PowerState.ON
        )

    return Result(write=write)


async def leave_rescue(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    await switch_power(baremetal, node, PowerState.OFF)
    if node.interface("rescue") == "agent":
        await clean_up_ramdisk(baremetal, run)
        await unplug_network(baremetal, run)


async def back_to_tenant(baremetal: Baremetal, run: Run) -> None:
    node = await node_of(baremetal, run)
    ports = await ports_of(baremetal.kit.database.reader, node.uuid)
    await baremetal.wires(node).plug_tenant(node, ports)
    volumes = await san_volumes(baremetal, node)
    await baremetal.boot(node).prepare_instance(node, ports, volumes)


async def boot_instance(baremetal: Baremetal, run: Run) -> Result:
    node = await node_of(baremetal, run)
    await switch_power(baremetal, node, PowerState.ON)
    return moving(baremetal, run, Event.DONE, power_state=PowerState.ON, last_error=None)


async def mark_rescue_failed(baremetal: Baremetal, tx: Tx, run: Run) -> None:
    node = await nodes.get_node(tx, run.subject.removeprefix("node/"))
    assert node is not None
    kept = {k: v for k, v in node.instance_info.items() if k != "rescue_password"}
    await fail_node(baremetal, tx, run, instance_info=kept)


RESCUE_NODE = Operation(
    "rescue-node",
    Step(leave_tenant, who.NEUTRON_API),
    *session(),
    Step(set_rescue_password, who.BARE_METAL_NODE),
    Step(finish_rescue, who.IRONIC_CONDUCTOR),
    failed=mark_rescue_failed,
    deadline_s=3 * 3600.0,
)

RESCUE_PLAYED = Operation(
    "rescue-node-played",
    Step(leave_tenant, who.NEUTRON_API),
    Step(finish_rescue, who.IRONIC_CONDUCTOR),
    failed=mark_rescue_failed,
)

UNRESCUE_NODE = Operation(
    "unrescue-node",
    Step(leave_rescue, who.BARE_METAL_NODE_BMC),
    Step(back_to_tenant, who.NEUTRON_API),
    Step(boot_instance, who.BARE_METAL_NODE_BMC),
    failed=fail_node,
    deadline_s=3600.0,
)
