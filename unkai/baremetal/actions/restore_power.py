"""A machine found on or off against the table is set back: an operation like any other.

So it holds the node while it acts, is seen on the timeline, and never crosses another one's work.
"""

from __future__ import annotations

from unkai.baremetal.actions.change_state import node_of
from unkai.baremetal.model import PowerState
from unkai.baremetal.service import Baremetal
from unkai.kit.operations import Operation, Run, Step
from unkai.timeline import model as who


async def set_power_back(baremetal: Baremetal, run: Run) -> None:
    """What the table said when the difference was seen; the next poll tells whether it helped."""
    node = await node_of(baremetal, run)
    await baremetal.power(node).set_power_state(node, PowerState(run.input["power_state"]))


RESTORE_POWER = Operation("restore-power", Step(set_power_back, who.IRONIC_PROVISIONER))
