"""manage: an enrolled node's BMC is asked once; then Unkai manages it."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import fail_node, moving, node_of
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who


async def verify_power(baremetal: Baremetal, run: Run) -> Result:
    """The BMC answers, with these credentials, and says whether the machine is on."""
    node = await node_of(baremetal, run)
    power = baremetal.power(node)
    power.validate(node)
    found = await power.get_power_state(node)
    return moving(
        baremetal, run, Event.DONE, power_state=found, target_provision_state=None, last_error=None
    )


MANAGE_NODE = Operation(
    "manage-node", Step(verify_power, who.BARE_METAL_NODE_BMC), failed=fail_node
)
