"""inspect: what the machine is made of, told by its agent or by its BMC, kept and made use of."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.agent_session import end_session, session
from unkai.baremetal.actions.apply_inventory import apply_inventory
from unkai.baremetal.actions.bios_steps import read_bios
from unkai.baremetal.actions.change_state import fail_node, move_node, node_of, node_uuid_of
from unkai.baremetal.actions.read_lldp import links_told
from unkai.baremetal.model import Inventory
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import WAITING, Event
from unkai.baremetal.store import nodes
from unkai.baremetal.store.bios_settings import save_bios_settings
from unkai.baremetal.store.inventories import get_inventory
from unkai.kit.db import Tx
from unkai.kit.errors import Failed
from unkai.kit.operations import Operation, Result, Run, Step
from unkai.timeline import model as who


async def ask_bmc(baremetal: Baremetal, run: Run) -> dict[str, Any]:
    """Out-of-band: the BMC knows, and is asked at once."""
    node = await node_of(baremetal, run)
    found = await baremetal.inspect(node).inspect(node)
    return {"inventory": found.inventory, "plugin_data": found.plugin_data}


async def read_inventory(baremetal: Baremetal, run: Run) -> dict[str, Any]:
    """What the agent told since this began."""
    node = await node_of(baremetal, run)
    began = node.inspection_started_at or 0.0
    found = await get_inventory(baremetal.kit.database.reader, node.uuid, since=began)
    if found is None:
        told = await baremetal.agent.ask(node, "poll.get_hardware_info", {})
        return {"inventory": told, "plugin_data": {}}
    if error := found.plugin_data.get("error"):
        raise Failed(
            f"The agent of node {node.uuid} could not look at all of it: {error}",
            code="inspection-incomplete",
            remedy="Its log, if it sent one, is among the node's logs.",
        )
    return {"inventory": found.inventory, "plugin_data": found.plugin_data}


async def finish_inspection(baremetal: Baremetal, run: Run) -> Result:
    told = run.results.get("read_inventory") or run.results["ask_bmc"]
    settings = await read_bios(baremetal, await node_of(baremetal, run))
    found = Inventory(told["inventory"], told["plugin_data"])
    links = await links_told(baremetal, await node_of(baremetal, run), found.inventory)

    async def write(tx: Tx) -> None:
        uuid = node_uuid_of(run)
        now = baremetal.kit.clock.now()
        if settings is not None:
            await save_bios_settings(tx, uuid, settings, now)
        values = await apply_inventory(baremetal, tx, uuid, found, links)
        node = await nodes.get_node(tx, uuid)
        assert node is not None
        if node.provision_state in WAITING:
            await move_node(baremetal, tx, uuid, Event.RESUME)
        await move_node(
            baremetal,
            tx,
            uuid,
            Event.DONE,
            inspection_finished_at=now,
            last_error=None,
            target_provision_state=None,
            **values,
        )

    return Result(write=write)


INSPECT_NODE = Operation(
    "inspect-node",
    *session(),
    Step(read_inventory, who.BARE_METAL_NODE),
    Step(end_session, who.BARE_METAL_NODE_BMC),
    Step(finish_inspection, who.IRONIC_CONDUCTOR),
    failed=fail_node,
    deadline_s=3 * 3600.0,
)
INSPECT_BY_BMC = Operation(
    "inspect-node-by-bmc",
    Step(ask_bmc, who.BARE_METAL_NODE_BMC),
    Step(finish_inspection, who.IRONIC_CONDUCTOR),
    failed=fail_node,
)
