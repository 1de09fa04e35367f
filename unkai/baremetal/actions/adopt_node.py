"""adopt: a machine that somebody else deployed becomes ours to look after, untouched."""

from __future__ import annotations

from unkai.baremetal.actions.change_state import fail_node, moving, node_of
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who


async def adopt(baremetal: Baremetal, run: Run) -> Result:
    node = await node_of(baremetal, run)
    baremetal.boot(node).validate(node)
    found = await baremetal.power(node).get_power_state(node)
    return moving(baremetal, run, Event.DONE, power_state=found, last_error=None)


ADOPT_NODE = Operation("adopt-node", Step(adopt, who.BARE_METAL_NODE_BMC), failed=fail_node)
