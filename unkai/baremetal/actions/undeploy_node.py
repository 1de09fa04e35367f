"""deleted: the tenant's machine goes off, off its networks, and is cleaned for the next one."""

from __future__ import annotations

from unkai.baremetal.actions.agent_session import switch_power
from unkai.baremetal.actions.change_state import fail_node, move_node, node_of
from unkai.baremetal.actions.clean_node import (
    DEADLINE_S,
    cleaning,
    finish_cleaning,
    mark_clean_failed,
)
from unkai.baremetal.actions.node_volumes import detach_volumes, forget_targets
from unkai.baremetal.model import PowerState, State
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store import nodes
from unkai.baremetal.store.allocations import forget_node
from unkai.baremetal.store.ports import ports_of
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who

FORGOTTEN = ("root_uuid_or_disk_id", "steps", "unheld", "hw_disk_type")


async def power_off_instance(baremetal: Baremetal, run: Run) -> None:
    await switch_power(baremetal, await node_of(baremetal, run), PowerState.OFF)


async def unplug_instance(baremetal: Baremetal, run: Run) -> None:
    """Off the tenant's networks; its VIFs are the tenant's to keep."""
    node = await node_of(baremetal, run)
    ports = await ports_of(baremetal.kit.database.reader, node.uuid)
    await baremetal.wires(node).unplug_tenant(node, ports)
    await baremetal.boot(node).clean_up_instance(node, ports)
    await baremetal.images.withdraw(node)


async def give_volumes_up(baremetal: Baremetal, run: Run) -> None:
    """The machine is off: nobody reaches them as this machine any more."""
    await detach_volumes(baremetal, run)


async def forget_instance(baremetal: Baremetal, run: Run) -> Result:
    """The node is nobody's; from here on it is being cleaned."""

    async def write(tx: Tx) -> None:
        node = await node_in(tx, run)
        kept = {k: v for k, v in node.driver_internal_info.items() if k not in FORGOTTEN}
        if node.allocation_uuid is not None:
            await forget_node(tx, node.uuid)
        await forget_targets(tx, node)
        await move_node(
            baremetal,
            tx,
            node.uuid,
            Event.CLEAN,
            power_state=PowerState.OFF,
            instance_uuid=None,
            instance_name=None,
            instance_info={},
            allocation_uuid=None,
            deploy_step={},
            service_step={},
            driver_internal_info=kept,
        )

    return Result(write=write)


async def node_in(tx: Tx, run: Run) -> nodes.Node:
    node = await nodes.get_node(tx, run.subject.removeprefix("node/"))
    assert node is not None
    return node


async def mark_undeploy_failed(baremetal: Baremetal, tx: Tx, run: Run) -> None:
    node = await node_in(tx, run)
    if node.provision_state == State.DELETING:
        await fail_node(baremetal, tx, run)
    else:
        await mark_clean_failed(baremetal, tx, run)


def leaving() -> tuple[Step, ...]:
    return (
        Step(power_off_instance, who.BARE_METAL_NODE_BMC),
        Step(give_volumes_up, who.CINDER_API),
        Step(unplug_instance, who.NEUTRON_API),
        Step(forget_instance, who.IRONIC_CONDUCTOR),
    )


UNDEPLOY_NODE = Operation(
    "undeploy-node",
    *leaving(),
    *cleaning(),
    failed=mark_undeploy_failed,
    deadline_s=DEADLINE_S,
)
UNDEPLOY_UNCLEANED = Operation(
    "undeploy-node-uncleaned",
    *leaving(),
    Step(finish_cleaning, who.IRONIC_CONDUCTOR),
    failed=mark_undeploy_failed,
    deadline_s=3600.0,
)
