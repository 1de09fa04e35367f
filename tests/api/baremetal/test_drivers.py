"""Hardware types, conductors, and what other services tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio


async def test_a_driver_says_what_it_is_made_of(rig: Rig) -> None:
    listed = await rig.ask("GET", "/drivers")
    assert {"fake-hardware", "ipmi", "redfish"} <= {one["name"] for one in listed["drivers"]}
    shown = await rig.ask("GET", "/drivers/fake-hardware")
    assert shown["type"] == "dynamic"
    assert shown["default_deploy_interface"] == "fake"
    assert "direct" in shown["enabled_deploy_interfaces"]
    old = await rig.ask("GET", "/drivers/fake-hardware", version="1.39")
    assert "default_rescue_interface" in old
    assert "default_bios_interface" not in old
    few = await rig.ask("GET", "/drivers?fields=name,default_power_interface")
    assert set(few["drivers"][0]) == {"name", "default_power_interface", "links"}
    assert (await rig.ask("GET", "/drivers?type=classic"))["drivers"] == []
    for path, version, status in (
        ("/drivers/testdriver", "1.1", 404),
        ("/drivers?type=odd", "1.30", 400),
        ("/drivers?detail=true", "1.29", 406),
        ("/drivers?fields=name", "1.76", 406),
        ("/drivers?fields=nonsense", "1.77", 400),
    ):
        await rig.ask("GET", path, version=version, status=status)
    await rig.ask("GET", "/drivers", who="manager", status=403)


async def test_a_driver_says_what_it_reads(rig: Rig) -> None:
    properties = await rig.ask("GET", "/drivers/fake-hardware/properties")
    assert isinstance(properties, dict)
    raid = "/drivers/fake-hardware/raid/logical_disk_properties"
    assert "size_gb" in await rig.ask("GET", raid)
    await rig.ask("GET", raid, version="1.11", status=406)
    vendor = "/drivers/fake-hardware/vendor_passthru"
    assert await rig.ask("GET", f"{vendor}/methods") == {}
    await rig.ask("POST", f"{vendor}?method=shout", {}, status=400)
    await rig.ask("GET", vendor, status=400)


async def test_the_process_shows_itself_as_conductor(rig: Rig) -> None:
    (brief,) = (await rig.ask("GET", "/conductors"))["conductors"]
    assert (brief["hostname"], brief["alive"]) == ("test-conductor", True)
    assert "drivers" not in brief
    (full,) = (await rig.ask("GET", "/conductors?detail=true"))["conductors"]
    assert "fake-hardware" in full["drivers"]
    assert set(await rig.ask("GET", "/conductors/test-conductor?fields=alive")) == {
        "alive",
        "links",
    }
    await rig.ask("GET", "/conductors/nobody", status=404)
    await rig.ask("GET", "/conductors", version="1.48", status=404)


async def test_what_neutron_tells_is_on_the_nodes_timeline(rig: Rig) -> None:
    node = await rig.enroll()
    await rig.make_port(node, "52:54:00:00:00:01")
    event: dict[str, Any] = {
        "event": "network.bind_port",
        "port_id": "11111111-1111-1111-1111-111111111111",
        "mac_address": "52:54:00:00:00:01",
        "status": "ACTIVE",
        "binding:host_id": node,
    }
    await rig.ask("POST", "/events", {"events": [event]}, status=204)

    kit = rig.baremetal.kit
    told = await read_timeline(kit.database.reader, kit.clock, f"node/{node}")
    assert [(one.action, one.detail) for one in told.events] == [
        ("network.bind_port", "52:54:00:00:00:01: ACTIVE")
    ]
    wrong: list[Any] = [{"events": []}, {"events": [{**event, "event": "odd"}]}, {}]
    for bad in wrong:
        await rig.ask("POST", "/events", bad, status=400)
    await rig.ask("POST", "/events", {"events": [event]}, version="1.53", status=404)
    await rig.ask("POST", "/events", {"events": [event]}, who="manager", status=403)
