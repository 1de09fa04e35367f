"""Power of a deployed node, for whoever carries its instance: on, or off with patience."""

from __future__ import annotations

from unkai.baremetal.actions.agent_session import record_power, switch_power
from unkai.baremetal.actions.node_volumes import boot_with_volumes
from unkai.baremetal.model import PowerState
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.errors import NotFound


async def switch_node(
    baremetal: Baremetal, node_uuid: str, *, on: bool, patience_s: float = 0.0
) -> None:
    """Idempotent. patience_s: how long its system may take to switch itself off.

    NotFound; what the BMC answers: Unavailable, Failed.
    """
    node = await nodes.get_node(baremetal.kit.database.reader, node_uuid)
    if node is None:
        raise NotFound(f"Node {node_uuid} could not be found.", code="node-unknown")
    power, clock = baremetal.power(node), baremetal.kit.clock
    target = PowerState.ON if on else PowerState.OFF
    soft = PowerState.SOFT_OFF in power.supported_power_states(node)
    if not on and patience_s and soft and await power.get_power_state(node) == PowerState.ON:
        await power.set_power_state(node, PowerState.SOFT_OFF)
        until = clock.monotonic() + patience_s
        while clock.monotonic() < until:
            if await power.get_power_state(node) == PowerState.OFF:
                break
            await clock.sleep(1.0)
    if on:
        await boot_with_volumes(baremetal, node)
    await switch_power(baremetal, node, target)
    if node.power_state != target:
        await record_power(baremetal, node_uuid, target)
