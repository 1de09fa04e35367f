"""VIFs go onto the ports of a node that are free, the best first."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.baremetal.rig import Rig

pytestmark = pytest.mark.anyio


async def wired(rig: Rig, **more: Any) -> str:
    return await rig.enroll(**{"network_interface": "flat", **more})


async def port(rig: Rig, node: str, number: int, **more: Any) -> str:
    body = {"node_uuid": node, "address": f"52:54:00:00:00:{number:02x}", **more}
    return (await rig.ask("POST", "/ports", body, status=201))["uuid"]


async def carried(rig: Rig, uuid: str, noun: str = "ports") -> str | None:
    shown = await rig.ask("GET", f"/{noun}/{uuid}")
    return shown["internal_info"].get("tenant_vif_port_id")


async def test_a_vif_comes_and_goes(rig: Rig) -> None:
    node = await wired(rig)
    nic = await port(rig, node, 1)
    vifs = f"/nodes/{node}/vifs"

    await rig.ask("POST", vifs, {"id": "v1"}, status=204)

    assert await rig.ask("GET", vifs) == {"vifs": [{"id": "v1"}]}
    assert await carried(rig, nic) == "v1"
    await rig.ask("POST", vifs, {"id": "v1"}, status=409)
    await rig.ask("POST", vifs, {"id": "v2"}, status=400)
    await rig.ask("DELETE", f"{vifs}/v1", status=204)
    assert await rig.ask("GET", vifs) == {"vifs": []}
    await rig.ask("DELETE", f"{vifs}/v1", status=400)
    await rig.ask("DELETE", vifs, status=400)
    await rig.ask("GET", vifs, version="1.27", status=404)


async def test_groups_come_before_ports_and_pxe_before_the_rest(rig: Rig) -> None:
    node = await wired(rig)
    group = (await rig.ask("POST", "/portgroups", {"node_uuid": node}, status=201))["uuid"]
    plain = await port(rig, node, 1, pxe_enabled=False)
    booting = await port(rig, node, 2)
    member = await port(rig, node, 3, portgroup_uuid=group)

    for name in ("v1", "v2", "v3"):
        await rig.ask("POST", f"/nodes/{node}/vifs", {"id": name}, status=204)

    assert await carried(rig, group, "portgroups") == "v1"
    assert await carried(rig, member) is None
    assert (await carried(rig, booting), await carried(rig, plain)) == ("v2", "v3")


async def test_the_port_may_be_named(rig: Rig) -> None:
    node = await wired(rig)
    await port(rig, node, 1)
    wanted = await port(rig, node, 2, pxe_enabled=False)
    vifs = f"/nodes/{node}/vifs"
    both = {"id": "v", "port_uuid": wanted, "portgroup_uuid": wanted}

    await rig.ask("POST", vifs, both, status=400)
    await rig.ask("POST", vifs, {"id": "v", "port_uuid": wanted}, status=204)

    assert await carried(rig, wanted) == "v"


async def test_without_wiring_nothing_is_kept(rig: Rig) -> None:
    node = await wired(rig, network_interface="noop")
    await rig.ask("POST", f"/nodes/{node}/vifs", {"id": "v"}, status=204)
    assert await rig.ask("GET", f"/nodes/{node}/vifs") == {"vifs": []}
