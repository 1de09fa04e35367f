"""manage: an enrolled node's BMC is asked once; then Unkai manages it.

What its BIOS is set to is asked too, and shown from then on.
"""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.bios_steps import read_bios
from unkai.baremetal.actions.change_state import fail_node, move_node, node_of
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import Event
from unkai.baremetal.store.bios_settings import save_bios_settings
from unkai.kit.db import Tx
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who


async def verify_power(baremetal: Baremetal, run: Run) -> Result:
    """The BMC answers, with these credentials, and says whether the machine is on."""
    node = await node_of(baremetal, run)
    power = baremetal.power(node)
    power.validate(node)
    found = await power.get_power_state(node)
    settings = await read_bios(baremetal, node)
    now = baremetal.kit.clock.now()

    async def write(tx: Tx) -> None:
        if settings is not None:
            await save_bios_settings(tx, node.uuid, settings, now)
        told: dict[str, Any] = {"power_state": found, "target_provision_state": None}
        await move_node(baremetal, tx, node.uuid, Event.DONE, last_error=None, **told)

    return Result(write=write)


MANAGE_NODE = Operation(
    "manage-node", Step(verify_power, who.BARE_METAL_NODE_BMC), failed=fail_node
)
