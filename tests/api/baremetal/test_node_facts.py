"""What is known of a node beside its row, and what goes with it when it is forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.api.baremetal.rig import Rig
from unkai.baremetal.model import Inventory
from unkai.baremetal.store import schema
from unkai.baremetal.store.inventories import put_inventory
from unkai.kit.errors import Failed

pytestmark = pytest.mark.anyio


async def managed(rig: Rig) -> str:
    uuid = await rig.enroll()
    await rig.provision(uuid, "manage")
    await rig.reach(uuid, "manageable")
    return uuid


async def test_bios_settings_are_known_once_it_is_managed(rig: Rig) -> None:
    uuid = await managed(rig)

    (setting,) = (await rig.ask("GET", f"/nodes/{uuid}/bios"))["bios"]

    assert (setting["name"], setting["value"]) == ("virtualization", "on")
    alone = await rig.ask("GET", f"/nodes/{uuid}/bios/virtualization")
    assert alone["virtualization"]["read_only"] is None
    detail = await rig.ask("GET", f"/nodes/{uuid}/bios?detail=true")
    assert detail["bios"][0] == alone["virtualization"]
    chosen = await rig.ask("GET", f"/nodes/{uuid}/bios?fields=name,unique")
    assert sorted(chosen["bios"][0]) == ["links", "name", "unique"]
    await rig.ask("GET", f"/nodes/{uuid}/bios/warp", status=404)
    await rig.ask("GET", f"/nodes/{uuid}/bios?fields=colour", status=400)
    await rig.ask("GET", f"/nodes/{uuid}/bios?detail=true", version="1.73", status=400)
    await rig.ask("GET", f"/nodes/{uuid}/bios", version="1.39", status=404)


async def test_a_bmc_that_tells_nothing_of_its_bios_is_managed_all_the_same(rig: Rig) -> None:
    rig.machines.fail_next("get_settings", Failed("No such resource."))
    uuid = await managed(rig)
    assert (await rig.ask("GET", f"/nodes/{uuid}/bios"))["bios"] == []


async def test_history_tells_more_with_every_version(rig: Rig) -> None:
    uuid = await rig.enroll()
    rig.machines.fail_next("get_power_state", Failed("The BMC sleeps. " + "z" * 300), uuid)
    await rig.provision(uuid, "manage")
    await rig.reach(uuid, "enroll")

    (brief,) = (await rig.ask("GET", f"/nodes/{uuid}/history"))["history"]
    (full,) = (await rig.ask("GET", f"/nodes/{uuid}/history?detail=true"))["history"]
    (older,) = (await rig.ask("GET", f"/nodes/{uuid}/history?detail=true", version="1.112"))[
        "history"
    ]

    assert len(brief["event"]) == 254
    assert brief["event"].endswith("z...")
    assert (full["state"], full["target_provision_state"]) == ("verifying", "manageable")
    assert (full["project"], full["user"], full["duration_seconds"]) == ("p-admin", "u-admin", 0)
    assert set(full) - set(older) == {
        "project",
        "state",
        "target_provision_state",
        "duration_seconds",
    }
    await rig.ask("GET", f"/nodes/{uuid}/history", version="1.77", status=404)
    other = await rig.enroll()
    await rig.ask("GET", f"/nodes/{other}/history/{full['uuid']}", status=404)


async def test_inventory_and_firmware(rig: Rig) -> None:
    uuid = await rig.enroll()
    await rig.ask("GET", f"/nodes/{uuid}/inventory", status=404)
    found = Inventory({"cpu": {"count": 4}}, {"raw": 1})
    await rig.baremetal.kit.database.transact(lambda tx: put_inventory(tx, uuid, found, 1.0))

    shown = await rig.ask("GET", f"/nodes/{uuid}/inventory")

    assert shown == {"inventory": {"cpu": {"count": 4}}, "plugin_data": {"raw": 1}}
    assert await rig.ask("GET", f"/nodes/{uuid}/firmware") == {"firmware": []}
    await rig.ask("GET", f"/nodes/{uuid}/inventory", version="1.80", status=404)


async def test_nothing_of_a_deleted_node_is_left(rig: Rig) -> None:
    uuid = await managed(rig)
    found = Inventory({"cpu": {}})
    await rig.baremetal.kit.database.transact(lambda tx: put_inventory(tx, uuid, found, 1.0))
    rig.machines.fail_next("set_power_state", Failed("No."), uuid)
    await rig.ask("PUT", f"/nodes/{uuid}/states/power", {"target": "power on"}, status=202)
    await rig.reach(uuid, "manageable")
    mac = {"node_uuid": uuid, "address": "52:54:00:00:00:01"}
    await rig.ask("POST", "/ports", mac, status=201)
    await rig.ask("POST", "/portgroups", {"node_uuid": uuid}, status=201)

    await rig.ask("DELETE", f"/nodes/{uuid}", status=204)

    left = [
        table.name
        for table in schema.nodes.metadata.tables.values()
        if "node_uuid" in table.c
        and await rig.baremetal.kit.database.reader.all(
            select(table).where(table.c.node_uuid == uuid)
        )
    ]
    assert left == []
