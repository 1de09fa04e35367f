"""One of everything that the bare-metal API has beside nodes; what hangs on a node is demo's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unkai.baremetal.model import Allocation
from unkai.baremetal.store.allocations import ALLOCATIONS

if TYPE_CHECKING:
    from tests.api.doors.house import House

STEP: dict[str, Any] = {"interface": "bios", "step": "reset", "args": {}, "priority": 1}
ORDERED: dict[str, Any] = {"interface": "bios", "step": "reset", "args": {}, "order": 1}
LOG: dict[str, Any] = {"op": "log", "args": {"msg": "seen"}}
NEWEST = {"X-OpenStack-Ironic-API-Version": "1.112"}


async def equip(house: House, mark: str, node: str) -> dict[str, str]:
    """Variables of paths to their values. node: one of project demo's."""

    async def make(path: str, body: dict[str, Any], who: str = "admin") -> str:
        made = await house.ask(who, "POST", f"/baremetal/v1{path}", body, **NEWEST)
        assert made.status == 201, made.content
        return made.json()["uuid"]

    below: dict[str, Any] = {"node_uuid": node, "extra": {"mark": mark}}
    listed = await house.ask("admin", "GET", "/baremetal/v1/conductors", **NEWEST)
    conductors = listed.json()["conductors"]
    return {
        "port_ident": await make("/ports", {**below, "address": "52:54:00:00:00:01"}),
        "portgroup_ident": await make("/portgroups", {**below, "name": f"{mark}-bond"}),
        "chassis_uuid": await make("/chassis", {"description": mark}),
        "connector_uuid": await make(
            "/volume/connectors", {**below, "type": "iqn", "connector_id": mark}
        ),
        "target_uuid": await make(
            "/volume/targets",
            {**below, "volume_type": "iscsi", "volume_id": "1", "boot_index": 0},
        ),
        "allocation_ident": await _allocated(house, mark, node),
        "driver_name": "fake-hardware",
        "hostname": conductors[0]["hostname"],
        "template_ident": await make(
            "/deploy_templates", {"name": "CUSTOM_DOORS", "steps": [STEP]}
        ),
        "rule_uuid": await make("/inspection_rules", {"actions": [LOG]}),
        "runbook_ident": await make("/runbooks", {"name": mark, "steps": [ORDERED]}),
    }


async def _allocated(house: House, mark: str, node: str) -> str:
    """As the node's own would be, had it been available."""
    kit = house.cloud.kit
    allocation = Allocation(
        uuid=kit.chance.uuid(),
        name=f"{mark}-allocation",
        node_uuid=node,
        state="active",
        owner=house.demo_id,
        created_at=1.0,
    )
    await kit.database.transact(lambda tx: ALLOCATIONS.add(tx, allocation))
    return allocation.uuid
