"""The verbs of provisioning, on played machines with played agents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.api.baremetal.agents import INVENTORY, MIRROR
from tests.api.baremetal.rig import Outside, Rig, opened
from unkai.baremetal.drivers.fake import FakeMachine
from unkai.baremetal.drivers.node_logs import AGENT
from unkai.baremetal.model import PowerState
from unkai.image.store.schema import images
from unkai.kit.clock import Clock
from unkai.settings import BaremetalSettings
from unkai.timeline.actions.read import read_timeline

pytestmark = pytest.mark.anyio
DIRECT = {"deploy_interface": "direct", "inspect_interface": "agent", "rescue_interface": "agent"}
MAC = "52:54:00:00:00:01"
WORDS = ("kernel", "ramdisk")


async def available(rig: Rig, **more: str) -> str:
    node = await rig.enroll(**more)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    await rig.provision(node, "provide")
    await rig.reach(node, "available")
    return node


async def deployed(rig: Rig) -> str:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    await rig.provision(node, "active")
    await rig.reach(node, "active")
    return node


async def give_image(rig: Rig, node: str, **more: Any) -> None:
    await rig.change(node, instance_info={"image_source": rig.outside.images.there, **more})


async def test_a_fake_node_goes_all_the_way_and_back(rig: Rig) -> None:
    node = await available(rig)

    await rig.provision(node, "active")
    shown = await rig.reach(node, "active")
    assert shown["power_state"] == "power on"

    await rig.provision(node, "deleted")
    shown = await rig.reach(node, "available")
    assert shown["instance_info"] == {}
    assert shown["power_state"] == "power off"


async def test_cleaning_runs_the_agents_steps_by_priority_and_no_other(rig: Rig) -> None:
    node = await available(rig, **DIRECT)

    ran = [params["step"]["step"] for *_, params in rig.agents.done]
    assert ran == ["erase_devices_metadata"]
    machine = rig.machine(node)
    assert (machine.power, machine.ramdisk, machine.networks) == (PowerState.OFF, None, [])


async def test_the_settings_weigh_an_agents_clean_steps_anew(tmp_path: Path) -> None:
    words = ("deploy.erase_devices=10", "deploy.erase_devices_metadata=0")
    async with opened(Outside(tmp_path), BaremetalSettings(clean_step_priorities=words)) as rig:
        await available(rig, **DIRECT)

        assert [params["step"]["step"] for *_, params in rig.agents.done] == ["erase_devices"]


async def test_a_manual_cleaning_runs_what_was_asked_and_ends_manageable(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")

    steps = [{"interface": "deploy", "step": "erase_devices"}]
    await rig.begin(node, "clean", clean_steps=steps)

    await rig.reach(node, "manageable")
    assert [params["step"]["step"] for *_, params in rig.agents.done] == ["erase_devices"]


async def test_software_raid_is_made_by_a_cleaning_and_is_where_the_node_boots(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT, raid_interface="agent")
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    config = {"logical_disks": [{"raid_level": "1", "size_gb": "MAX", "is_root_volume": True}]}
    await rig.ask("PUT", f"/nodes/{node}/states/raid", config, status=204)

    steps = [{"interface": "raid", "step": "create_configuration"}]
    await rig.begin(node, "clean", clean_steps=steps)
    shown = await rig.reach(node, "manageable")

    asked = next(p for _, c, p in rig.agents.done if c == "clean.execute_clean_step")
    assert asked["node"]["target_raid_config"] == config
    assert shown["raid_config"]["logical_disks"] == [MIRROR]
    assert shown["raid_config"]["last_updated"]
    assert shown["properties"] == {"root_device": {"name": "/dev/md0"}, "local_gb": "9"}

    await rig.begin(node, "clean", clean_steps=[{**steps[0], "step": "delete_configuration"}])
    shown = await rig.reach(node, "manageable")
    assert (shown["raid_config"], "root_device" in shown["properties"]) == ({}, False)


async def test_a_node_without_raid_has_no_steps_of_it(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT, raid_interface="no-raid")
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    steps = [{"interface": "raid", "step": "create_configuration"}]
    await rig.begin(node, "clean", clean_steps=steps)
    shown = await rig.reach(node, "clean failed")
    assert "has no step raid.create_configuration" in shown["last_error"]


async def test_a_deploy_writes_the_image_in_two_power_cycles(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    before = rig.machine(node).power_changes
    await give_image(rig, node)

    await rig.provision(node, "active")
    shown = await rig.reach(node, "active")

    params = next(p for _, c, p in rig.agents.done if c == "standby.prepare_image")
    assert params["image_info"]["os_hash_value"] == "0" * 64
    assert shown["power_state"] == "power on"
    machine = rig.machine(node)
    assert machine.power_changes - before == 3  # on for the agent, off, on for the tenant
    assert machine.networks == []
    assert rig.outside.images.offered == set()


async def test_a_failed_write_leaves_nothing_and_says_why(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.errors["standby.prepare_image"] = "The checksum is another one."

    await rig.provision(node, "active")
    shown = await rig.reach(node, "deploy failed")

    assert "The checksum is another one." in shown["last_error"]
    machine = rig.machine(node)
    assert (machine.power, machine.ramdisk, machine.networks) == (PowerState.OFF, None, [])
    assert rig.outside.images.offered == set()
    rig.agents.errors.clear()
    await rig.provision(node, "active")
    await rig.reach(node, "active")


async def test_an_unknown_image_is_refused_before_any_power(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    before = rig.machine(node).power_changes
    nowhere = "11111111-2222-4333-8444-555555555555"
    await rig.change(node, instance_info={"image_source": nowhere})

    body = {"target": "active"}
    refused = await rig.ask("PUT", f"/nodes/{node}/states/provision", body, status=400)

    assert nowhere in refused["error_message"]
    assert rig.machine(node).power_changes == before


async def test_an_image_that_goes_away_fails_the_deploy_and_says_so(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.outside.images.there = "another"

    await rig.provision(node, "active")

    shown = await rig.reach(node, "deploy failed")
    assert "No image found" in shown["last_error"]


async def test_a_lessee_deploys_no_image_that_is_not_its_own_to_see(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    await rig.change(node, lessee="p-other", owner="p-other")
    private = update(images).values(visibility="private")
    await rig.baremetal.kit.database.transact(lambda tx: tx.execute(private))

    body = {"target": "active"}
    refused = await rig.ask("PUT", f"/nodes/{node}/states/provision", body, status=400, who="other")

    assert "could not be found" in refused["error_message"]


async def test_a_deploy_without_an_image_is_refused_at_once(rig: Rig) -> None:
    node = await available(rig, **DIRECT)

    refused = await rig.ask(
        "PUT", f"/nodes/{node}/states/provision", {"target": "active"}, status=400
    )

    assert "image_source" in refused["error_message"]


async def test_inspection_by_the_agent_keeps_the_inventory(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    await rig.make_port(node, MAC)

    await rig.provision(node, "inspect")
    shown = await rig.reach(node, "manageable")

    assert shown["properties"]["cpus"] == "4"
    assert shown["properties"]["local_gb"] == "10"
    assert rig.machine(node).power == PowerState.OFF


async def inspected(rig: Rig) -> str:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    await rig.make_port(node, MAC)
    await rig.provision(node, "inspect")
    return node


async def test_the_nic_a_boot_loader_named_is_the_one_to_boot_from(rig: Rig) -> None:
    """Its BOOTIF has a hardware type in front and dashes in between, and is told as it is."""
    macs = [MAC, "52:54:00:00:00:02", "52:54:00:00:00:03"]
    nics = [{"name": f"eth{i}", "mac_address": mac} for i, mac in enumerate(macs)]
    boot = {"current_boot_mode": "bios", "pxe_interface": "01-52-54-00-00-00-02"}
    rig.agents.found = {"inventory": {**INVENTORY, "interfaces": nics, "boot": boot}}

    node = await inspected(rig)
    await rig.reach(node, "manageable")

    shown = await rig.ask("GET", f"/ports/detail?node={node}")
    booted = {port["address"]: port["pxe_enabled"] for port in shown["ports"]}
    assert booted == {MAC: True, macs[1]: True, macs[2]: False}  # the first was there before


async def test_what_an_agent_could_not_look_at_fails_the_inspection(rig: Rig) -> None:
    rig.agents.found = {"error": "the disks do not answer"}

    shown = await rig.reach(await inspected(rig), "inspect failed")

    assert "the disks do not answer" in shown["last_error"]


async def test_an_agents_log_of_its_inspection_is_the_nodes_and_no_fact(rig: Rig) -> None:
    rig.agents.found = {"logs": "all is well", "root_disk": {"name": "/dev/vda"}}

    node = await inspected(rig)
    await rig.reach(node, "manageable")

    shown = await rig.ask("GET", f"/nodes/{node}/inventory")
    assert shown["plugin_data"]["root_disk"] == {"name": "/dev/vda"}
    assert "logs" not in shown["plugin_data"]
    assert rig.baremetal.consoles.logs.read(node, AGENT) == b"all is well"


async def test_an_inspection_fills_in_what_a_port_does_not_say_of_its_switch(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    await rig.make_port(node, MAC, local_link_connection={"port_id": "ours"})

    await rig.provision(node, "inspect")
    await rig.reach(node, "manageable")

    (port,) = (await rig.ask("GET", f"/nodes/{node}/ports?detail=true"))["ports"]
    assert port["local_link_connection"] == {
        "switch_id": "5a:bf:69:1d:ea:aa",
        "switch_info": "leaf",
        "port_id": "ours",
    }


async def test_a_rescue_boots_what_the_node_names_for_it(rig: Rig) -> None:
    node = await deployed(rig)
    pairs = {f"{role}_{word}": f"{role} {word}" for role in ("deploy", "rescue") for word in WORDS}
    await rig.change(node, driver_info=pairs)
    booted: list[str] = []
    calls = rig.agents.machines.on_boot

    def note(uuid: str, machine: FakeMachine) -> None:
        if machine.ramdisk is not None:
            booted.append(f"{machine.ramdisk.kernel}, {machine.ramdisk.initramfs}")
        calls(uuid, machine)

    rig.agents.machines.on_boot = note
    await rig.begin(node, "rescue", instance_info={"rescue_password": "secret"})
    await rig.reach(node, "rescue")

    assert booted == ["rescue kernel, rescue ramdisk"]


async def test_rescue_and_back(rig: Rig) -> None:
    node = await deployed(rig)

    await rig.begin(node, "rescue", instance_info={"rescue_password": "secret"})
    shown = await rig.reach(node, "rescue")
    assert shown["power_state"] == "power on"
    assert shown["instance_info"].get("rescue_password") is None
    assert rig.machine(node).networks == ["rescuing"]

    await rig.provision(node, "unrescue")
    await rig.reach(node, "active")
    assert rig.machine(node).networks == []
    assert rig.machine(node).power == PowerState.ON


async def test_an_abort_while_it_waits_for_its_agent(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.silent = True
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")

    await rig.provision(node, "abort")

    shown = await rig.reach(node, "deploy failed")
    assert "aborted" in shown["last_error"]
    machine = rig.machine(node)
    assert (machine.power, machine.ramdisk, machine.networks) == (PowerState.OFF, None, [])


async def test_a_deletion_in_the_middle_of_a_deploy(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.stuck.add("standby.prepare_image")
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")

    await rig.provision(node, "deleted")

    shown = await rig.reach(node, "available")
    assert shown["instance_info"] == {}
    assert rig.outside.images.offered == set()


async def test_a_heartbeat_with_a_stolen_token_is_refused(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    other = await rig.enroll(**DIRECT)
    await give_image(rig, node)
    rig.agents.stuck.add("standby.prepare_image")
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")
    await rig.until(lambda: rig.has_boot(node))

    token = rig.agents.boots[node].token
    body = {"callback_url": "http://evil:9999", "agent_token": token}
    await rig.ask("POST", f"/heartbeat/{other}", body, status=400)
    body = {"callback_url": "http://evil:9999", "agent_token": "x" * 43}
    await rig.ask("POST", f"/heartbeat/{node}", body, status=400)

    body = {"callback_url": "http://evil:9999", "agent_token": token}
    await rig.ask("POST", f"/heartbeat/{node}", body, status=400)

    assert await rig.agent_url(node) != "http://evil:9999"
    reader = rig.baremetal.kit.database.reader
    told = (await read_timeline(reader, Clock(), f"node/{node}")).events
    refused = [one for one in told if one.action == "heartbeat refused"]
    assert [one.outcome for one in refused] == ["failed"]  # told once a minute
    assert "Invalid or missing agent token" in (refused[0].detail or "")


async def test_an_agent_stays_where_it_first_called_from(rig: Rig) -> None:
    """With the right token from another machine's address its commands go nowhere else."""
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.stuck.add("standby.prepare_image")
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")
    await rig.until(lambda: rig.is_writing(node))
    before = await rig.agent_url(node)

    body = {"callback_url": "http://evil:9999", "agent_token": rig.agents.boots[node].token}
    answer = await rig.ask("POST", f"/heartbeat/{node}", body, status=400)

    assert "not at evil" in str(answer)
    assert await rig.agent_url(node) == before


async def test_an_agent_may_ask_again_for_its_nodes_hints(rig: Rig) -> None:
    """As the stock one does before it writes: it has not restarted."""
    node = await available(rig, **DIRECT)
    await rig.make_port(node, MAC)
    await give_image(rig, node, root_device={"name": "/dev/vdb"}, configdrive="secret")
    rig.agents.stuck.add("standby.prepare_image")
    await rig.provision(node, "active")
    await rig.until(lambda: rig.has_boot(node))
    await rig.until(lambda: rig.is_writing(node))

    told = await rig.ask("GET", f"/lookup?addresses={MAC}&node_uuid={node}", who="nobody")

    assert told["node"]["instance_info"] == {"root_device": {"name": "/dev/vdb"}}
    assert told["config"]["agent_token"] == "******"
    shown = await rig.ask("GET", f"/nodes/{node}")
    assert "agent_restarted" not in shown["driver_internal_info"]

    await rig.ask("GET", f"/lookup?addresses={MAC}", who="nobody")
    shown = await rig.reach(node, "deploy failed")
    assert "restarted in the middle" in shown["last_error"]


async def test_power_lost_in_the_middle_of_writing(rig: Rig) -> None:
    """The machine comes up again and its agent calls as if for the first time."""
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.stuck.add("standby.prepare_image")
    await rig.provision(node, "active")
    await rig.until(lambda: rig.has_boot(node))
    await rig.until(lambda: rig.is_writing(node))

    await rig.ask("GET", f"/lookup?node_uuid={node}", who="nobody")

    shown = await rig.reach(node, "deploy failed")
    assert "restarted in the middle" in shown["last_error"]


async def test_two_requests_for_one_node(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    await give_image(rig, node)
    rig.agents.silent = True
    await rig.provision(node, "active")
    await rig.until_state(node, "wait call-back")

    refused = await rig.ask(
        "PUT", f"/nodes/{node}/states/provision", {"target": "active"}, status=400
    )

    assert "can not be performed" in refused["error_message"]


async def test_a_failed_cleaning_puts_the_node_into_maintenance(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    rig.agents.errors["clean.execute_clean_step"] = "The disk does not write."

    await rig.provision(node, "provide")

    shown = await rig.reach(node, "clean failed")
    assert (shown["maintenance"], shown["fault"]) == (True, "clean failure")
    assert "The disk does not write." in shown["last_error"]
    await rig.provision(node, "manage")
    shown = await rig.reach(node, "manageable")
    assert shown["maintenance"] is False


async def test_a_hold_step_waits_for_the_operator(rig: Rig) -> None:
    node = await rig.enroll(**DIRECT)
    await rig.provision(node, "manage")
    await rig.reach(node, "manageable")
    steps = [
        {"interface": "power", "step": "hold"},
        {"interface": "deploy", "step": "erase_devices"},
    ]
    await rig.begin(node, "clean", clean_steps=steps)
    await rig.until_state(node, "clean hold")
    assert rig.agents.done == []

    await rig.provision(node, "unhold")

    await rig.reach(node, "manageable")
    assert len(rig.agents.done) == 1


async def test_a_deploy_runs_the_steps_of_its_traits_templates(rig: Rig) -> None:
    node = await available(rig, **DIRECT)
    step = {"interface": "deploy", "step": "erase_devices", "args": {"passes": 2}, "priority": 5}
    for name, steps in (("CUSTOM_WIPE", [step]), ("CUSTOM_OTHER", [{**step, "step": "odd"}])):
        body = {"name": name, "steps": steps}
        await rig.ask("POST", "/deploy_templates", body, status=201)
    await give_image(rig, node, traits=["CUSTOM_WIPE"])
    rig.agents.done.clear()

    await rig.provision(node, "active")
    await rig.reach(node, "active")

    ran = [params for *_, params in rig.agents.done if "step" in params]
    assert [(one["step"]["step"], one["step"]["args"]) for one in ran] == [
        ("erase_devices", {"passes": 2})
    ]
