"""Power, boot, console, RAID, and what the doors of provisioning let through."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.baremetal.rig import Rig
from unkai.kit.errors import Failed
from unkai.kit.operations import Run, Step

pytestmark = pytest.mark.anyio


async def power(rig: Rig, uuid: str, target: str, status: int = 202, **more: Any) -> None:
    version = more.pop("version", "1.112")
    body = {"target": target, **more}
    await rig.ask("PUT", f"/nodes/{uuid}/states/power", body, status=status, version=version)


async def settled(rig: Rig, uuid: str) -> dict[str, Any]:
    async def free() -> bool:
        return (await rig.ask("GET", f"/nodes/{uuid}"))["reservation"] is None

    await rig.until(free)
    return await rig.ask("GET", f"/nodes/{uuid}/states")


async def test_power_is_switched_and_read_back(rig: Rig) -> None:
    uuid = await rig.enroll()
    for target, end in (
        ("power on", "power on"),
        ("soft rebooting", "power on"),
        ("rebooting", "power on"),
        ("soft power off", "power off"),
        ("power off", "power off"),
    ):
        await power(rig, uuid, target)
        shown = await settled(rig, uuid)
        assert (shown["power_state"], shown["target_power_state"]) == (end, None)
    assert rig.machine(uuid).power_changes == 4


async def test_a_bmc_that_refuses_is_told_of(rig: Rig) -> None:
    uuid = await rig.enroll()
    refused = Failed("The BMC refuses.", remedy="Look at it.")
    rig.machines.fail_next("set_power_state", refused, uuid)

    await power(rig, uuid, "power on")

    shown = await settled(rig, uuid)
    assert shown["last_error"] == refused.public
    assert (shown["power_state"], shown["target_power_state"]) == (None, None)
    (entry,) = (await rig.ask("GET", f"/nodes/{uuid}/history?detail=true"))["history"]
    assert (entry["event"], entry["severity"]) == (refused.public, "ERROR")
    brief = await rig.ask("GET", f"/nodes/{uuid}/history")
    assert sorted(brief["history"][0]) == ["created_at", "event", "links", "severity", "uuid"]
    alone = await rig.ask("GET", f"/nodes/{uuid}/history/{entry['uuid']}")
    assert alone == entry


async def test_power_is_refused(rig: Rig) -> None:
    uuid = await rig.enroll(disable_power_off=True)
    await power(rig, uuid, "warp", 400)
    await power(rig, uuid, "power off", 409)
    await power(rig, uuid, "power on", 400, timeout=0)
    await power(rig, uuid, "soft rebooting", 406, version="1.26")
    await power(rig, uuid, "power on", 406, version="1.26", timeout=5)
    assert rig.machine(uuid).power_changes == 0


async def test_work_on_a_node_excludes_other_work(rig: Rig) -> None:
    uuid = await rig.enroll()
    go_on = asyncio.Event()

    async def hold(run: Run, step: Step, when: str) -> None:
        await go_on.wait()

    rig.baremetal.kit.operations.probe = hold
    await power(rig, uuid, "power on", timeout=60)

    shown = await rig.ask("GET", f"/nodes/{uuid}")

    assert shown["reservation"] == "test-conductor"
    assert shown["target_power_state"] == "power on"
    (listed,) = (await rig.ask("GET", "/nodes/detail"))["nodes"]
    assert listed["reservation"] == "test-conductor"
    await power(rig, uuid, "power on", 409)
    patch = [{"op": "add", "path": "/extra/a", "value": 1}]
    await rig.ask("PATCH", f"/nodes/{uuid}", patch, status=409)
    await rig.ask("DELETE", f"/nodes/{uuid}", status=409)
    go_on.set()
    assert (await settled(rig, uuid))["power_state"] == "power on"


async def test_boot_mode_and_secure_boot(rig: Rig) -> None:
    uuid = await rig.enroll()
    states = f"/nodes/{uuid}/states"
    await rig.ask("PUT", f"{states}/boot_mode", {"target": "uefi"}, status=202)
    await settled(rig, uuid)
    await rig.ask("PUT", f"{states}/secure_boot", {"target": "true"}, status=202)

    shown = await settled(rig, uuid)

    assert (shown["boot_mode"], shown["secure_boot"]) == ("uefi", True)
    await rig.ask("PUT", f"{states}/boot_mode", {"target": "cloud"}, status=400)
    await rig.ask("PUT", f"{states}/secure_boot", {"target": "perhaps"}, status=400)
    await rig.ask("PUT", f"{states}/boot_mode", {"target": "uefi"}, status=404, version="1.75")
    await rig.ask("PUT", f"{states}/mood", {"target": "good"}, status=405)
    assert "boot_mode" not in await rig.ask("GET", states, version="1.74")


async def test_raid_and_console(rig: Rig) -> None:
    uuid = await rig.enroll()
    bare = await rig.enroll(raid_interface="no-raid", console_interface="no-console")
    config = {"logical_disks": [{"raid_level": "1", "size_gb": 100}]}

    await rig.ask("PUT", f"/nodes/{uuid}/states/raid", config, status=204)
    await rig.ask("PUT", f"/nodes/{uuid}/states/console", {"enabled": "true"}, status=202)

    shown = await rig.ask("GET", f"/nodes/{uuid}/states")
    assert (shown["target_raid_config"], shown["console_enabled"]) == (config, True)
    console = await rig.ask("GET", f"/nodes/{uuid}/states/console")
    assert console["console_enabled"] is True
    wrong = {"logical_disks": [{"raid_level": "7", "size_gb": 100}]}
    await rig.ask("PUT", f"/nodes/{uuid}/states/raid", wrong, status=400)
    await rig.ask("PUT", f"/nodes/{uuid}/states/raid", config, status=406, version="1.11")
    await rig.ask("PUT", f"/nodes/{bare}/states/raid", config, status=404)
    await rig.ask("PUT", f"/nodes/{bare}/states/console", {"enabled": True}, status=400)
    patch = [{"op": "replace", "path": "/driver", "value": "ipmi"}]
    await rig.ask("PATCH", f"/nodes/{uuid}?reset_interfaces=true", patch, status=409)


async def test_what_the_bmc_does_at_once(rig: Rig) -> None:
    uuid = await rig.enroll()
    management = f"/nodes/{uuid}/management"
    device = f"{management}/boot_device"

    await rig.ask("PUT", device, {"boot_device": "disk", "persistent": True}, status=204)
    assert await rig.ask("GET", device) == {"boot_device": "disk", "persistent": True}
    assert "pxe" in (await rig.ask("GET", f"{device}/supported"))["supported_boot_devices"]
    await rig.ask("PUT", device, {"boot_device": "floppy-net"}, status=400)
    await rig.ask("PUT", f"{management}/inject_nmi", {}, status=204)
    await rig.ask("PUT", f"{management}/inject_nmi", {}, status=404, version="1.28")
    light = f"{management}/indicators/led@system"
    await rig.ask("PUT", light, {"state": "BLINKING"}, status=204)
    assert await rig.ask("GET", light) == {"state": "BLINKING"}
    await rig.ask("PUT", light, {"state": "PURPLE"}, status=400)
    await rig.ask("GET", f"{management}/indicators/led", status=400)
    names = [
        one["name"] for one in (await rig.ask("GET", f"{management}/indicators"))["indicators"]
    ]
    assert names == ["led@chassis", "led@system"]


async def test_virtual_media(rig: Rig) -> None:
    uuid = await rig.enroll()
    media = f"/nodes/{uuid}/vmedia"
    cd = {"device_type": "cdrom", "image_url": "http://images/a.iso"}

    await rig.ask("POST", media, cd, status=204)
    assert [one["image"] for one in await rig.ask("GET", media)] == ["http://images/a.iso"]
    await rig.ask("POST", media, {**cd, "image_url": "file:///etc/passwd"}, status=400)
    await rig.ask("POST", media, {**cd, "device_type": "tape"}, status=400)
    await rig.ask("DELETE", f"{media}?device_types=tape", status=400)
    await rig.ask("DELETE", f"{media}?device_types=cdrom", status=204)
    assert await rig.ask("GET", media) == []
    await rig.ask("GET", media, version="1.92", status=404)
    await rig.ask("POST", media, cd, version="1.88", status=404)


async def test_vendors_have_no_methods(rig: Rig) -> None:
    uuid = await rig.enroll()
    assert await rig.ask("GET", f"/nodes/{uuid}/vendor_passthru/methods") == {}
    await rig.ask("POST", f"/nodes/{uuid}/vendor_passthru/shout", {}, status=400)
    await rig.ask("POST", f"/nodes/{uuid}/vendor_passthru?method=shout", {}, status=400)
    await rig.ask("PUT", f"/nodes/{uuid}/vendor_passthru", {}, status=400)


@pytest.mark.parametrize(
    ("body", "version", "status"),
    [
        ({"target": "dance"}, "1.112", 400),
        ({"target": "manage"}, "1.3", 406),
        ({"target": "abort"}, "1.12", 406),
        ({"target": "clean", "clean_steps": [{}]}, "1.14", 406),
        ({"target": "clean"}, "1.112", 400),
        ({"target": "clean", "clean_steps": [{"interface": "deploy"}]}, "1.112", 400),
        ({"target": "clean", "clean_steps": [{"interface": "x", "step": "y"}]}, "1.112", 400),
        ({"target": "service"}, "1.112", 400),
        ({"target": "rescue"}, "1.112", 400),
        ({"target": "rescue", "rescue_password": " "}, "1.112", 400),
        ({"target": "manage", "rescue_password": "x"}, "1.112", 400),
        ({"target": "manage", "clean_steps": [{"interface": "deploy", "step": "x"}]}, "1.112", 400),
        ({"target": "manage", "configdrive": "eA=="}, "1.112", 400),
        ({"target": "active", "configdrive": "{not json}"}, "1.112", 400),
        ({"target": "active", "configdrive": {"meta_data": {}}}, "1.55", 400),
        ({"target": "active", "configdrive": {"vendor_data": {}}}, "1.58", 400),
        ({"target": "active", "configdrive": {"colour": {}}}, "1.112", 400),
        ({"target": "active", "deploy_steps": [{}]}, "1.68", 406),
        ({"target": "active", "deploy_steps": [{"interface": "raid", "step": "x"}]}, "1.69", 400),
        ({"target": "manage", "disable_ramdisk": True}, "1.112", 400),
        ({"target": "clean", "disable_ramdisk": True}, "1.69", 400),
        ({"target": "unhold"}, "1.84", 406),
        ({"target": "manage", "runbook": "r"}, "1.91", 406),
        ({"target": "manage", "runbook": "r"}, "1.92", 404),
        ({"target": "provide"}, "1.112", 400),
    ],
)
async def test_wrong_wishes(rig: Rig, body: dict[str, Any], version: str, status: int) -> None:
    uuid = await rig.enroll()
    path = f"/nodes/{uuid}/states/provision"
    await rig.ask("PUT", path, body, status=status, version=version)
    assert (await rig.ask("GET", f"/nodes/{uuid}"))["provision_state"] == "enroll"


async def test_a_runbook_is_for_nodes_with_its_trait(rig: Rig) -> None:
    uuid = await rig.enroll(owner="p-member")
    await rig.provision(uuid, "manage")
    await rig.reach(uuid, "manageable")
    book = {
        "name": "CUSTOM_BOOK",
        "steps": [{"interface": "bios", "step": "factory_reset", "args": {}, "order": 0}],
    }
    await rig.ask("POST", "/runbooks", book, status=201)
    await rig.ask("PUT", "/runbooks/CUSTOM_BOOK/traits/CUSTOM_APPROVED", status=204)
    path = f"/nodes/{uuid}/states/provision"
    clean = {"target": "clean", "runbook": "CUSTOM_BOOK"}

    await rig.ask("PUT", path, clean, status=400)
    await rig.ask("PUT", path, clean, who="member", status=404)
    steps = [{"interface": "bios", "step": "factory_reset"}]
    await rig.ask("PUT", path, {**clean, "clean_steps": steps}, status=400)
    await rig.ask("PUT", path, {**clean, "target": "provide"}, status=400)
    await rig.ask("PUT", f"/nodes/{uuid}/traits/CUSTOM_APPROVED", status=204)
    await rig.ask("PUT", path, clean, status=400, version="1.111")
    await rig.ask("PUT", path, clean, status=202)
