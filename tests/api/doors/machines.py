"""One of everything that the bare-metal API has beside nodes; what hangs on a node is demo's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.doors.house import House

NEWEST = {"X-OpenStack-Ironic-API-Version": "1.112"}


async def equip(house: House, mark: str, node: str) -> dict[str, str]:
    """Variables of paths to their values. node: one of project demo's."""

    async def make(path: str, body: dict[str, Any], who: str = "admin") -> str:
        made = await house.ask(who, "POST", f"/baremetal/v1{path}", body, **NEWEST)
        assert made.status == 201, made.content
        return made.json()["uuid"]

    below = {"node_uuid": node, "extra": {"mark": mark}}
    return {
        "port_ident": await make("/ports", {**below, "address": "52:54:00:00:00:01"}),
        "portgroup_ident": await make("/portgroups", {**below, "name": f"{mark}-bond"}),
        "chassis_uuid": await make("/chassis", {"description": mark}),
    }
