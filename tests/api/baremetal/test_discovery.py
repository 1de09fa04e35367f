"""Machines that nobody enrolled: an agent tells of one, and it becomes a node where wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.baremetal.agents import INVENTORY
from tests.api.baremetal.rig import Outside, Rig, opened
from unkai.settings import BaremetalSettings

pytestmark = pytest.mark.anyio
MAC = "52:54:00:00:00:01"


async def tell(rig: Rig, status: int = 202, **more: Any) -> Any:
    body = {"inventory": {**INVENTORY, **more}}
    return await rig.ask("POST", "/continue_inspection", body, status=status, who="nobody")


@pytest.mark.parametrize(
    ("driver", "told", "expected"),
    [
        ("ipmi", {"bmc_address": "192.0.2.7"}, {"ipmi_address": "192.0.2.7"}),
        ("redfish", {"bmc_address": "192.0.2.7"}, {"redfish_address": "192.0.2.7"}),
        ("ipmi", {"bmc_address": "0.0.0.0", "bmc_v6address": "::/0"}, {}),
        ("fake-hardware", {"bmc_address": "192.0.2.7"}, {}),
    ],
)
async def test_an_unknown_machine_becomes_a_node_once(
    tmp_path: Path, driver: str, told: dict[str, Any], expected: dict[str, Any]
) -> None:
    settings = BaremetalSettings(discovery=True, discovery_driver=driver)
    outside = Outside(tmp_path)
    async with opened(outside, settings) as rig:
        uuid = (await tell(rig, **told))["uuid"]
        node = await rig.ask("GET", f"/nodes/{uuid}")
        assert (node["provision_state"], node["driver"]) == ("enroll", driver)
        assert (node["inspect_interface"], node["driver_info"]) == ("agent", expected)
        assert node["properties"]["memory_mb"] == "2048"
        assert node["inspection_finished_at"]
        (port,) = (await rig.ask("GET", f"/nodes/{uuid}/ports?detail=true"))["ports"]
        assert (port["address"], port["pxe_enabled"]) == (MAC, True)
        assert port["local_link_connection"]["port_id"] == "e1"
        kept = await rig.ask("GET", f"/nodes/{uuid}/inventory")
        assert kept["inventory"]["cpu"] == INVENTORY["cpu"]

        await tell(rig, 404)
        assert len((await rig.ask("GET", "/nodes"))["nodes"]) == 1


async def test_without_the_setting_an_unknown_machine_stays_one(rig: Rig) -> None:
    await tell(rig, 404)
    assert (await rig.ask("GET", "/nodes"))["nodes"] == []


@pytest.mark.parametrize("mac", [None, "", "x", "52:54:00:00:00", "52:54:00:00:00:0g"])
async def test_a_machine_without_an_address_is_no_node(tmp_path: Path, mac: Any) -> None:
    outside = Outside(tmp_path)
    async with opened(outside, BaremetalSettings(discovery=True)) as rig:
        await tell(rig, 400, interfaces=[{"name": "eth0", "mac_address": mac}])
        assert (await rig.ask("GET", "/nodes"))["nodes"] == []
