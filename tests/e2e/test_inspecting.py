"""What machines tell: one that is inspected, one that nobody knew, one whose disks are a mirror."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.clouds import running_cloud
from tests.e2e.metal import NODES, Metal
from tests.e2e.visitor import Disturbed, until
from unkai.rack import MachineSpec

pytestmark = [pytest.mark.xdist_group("inspecting"), pytest.mark.timeout(420)]

SETTINGS = """[baremetal]
automated_clean = false
discovery = true
agent_timeout_s = 300
"""


MACHINES = (
    MachineSpec(name="node1", disk_gib=1, nics=2),
    MachineSpec(name="node2", disk_gib=1),
    MachineSpec(name="node3", disk_gib=1, disks=2),
)


@pytest.fixture(scope="module")
def metal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Metal]:
    """A rack whose machines nobody knows at first."""
    if os.geteuid() != 0:
        pytest.skip("a real cloud needs root")
    folder = tmp_path_factory.mktemp("inspecting") / "cloud"
    folder.mkdir()
    (folder / "unkai.toml").write_text(SETTINGS)
    with running_cloud(folder, fake=False) as cloud:
        made = Metal(Disturbed(cloud), MACHINES[0])
        asyncio.run(made.rack.start(MACHINES))
        yield made
        made.close()


def test_an_inspected_machine_tells_of_its_switch(metal: Metal) -> None:
    machine = metal.machine()
    body = {
        "name": metal.spec.name,
        "driver": machine["driver"],
        "driver_info": machine["driver_info"],
        "network_interface": "neutron",
        "inspect_interface": "agent",
    }
    metal.node = metal.ask("POST", NODES, body, 201).json()["uuid"]
    port = {"node_uuid": metal.node, "address": machine["ports"][0]["mac"]}
    metal.ask("POST", "/baremetal/v1/ports", port, 201)
    metal.provision("manage")
    metal.reach("manageable")

    metal.provision("inspect")
    metal.reach("manageable", seconds=300, pause_s=0.5)

    told = metal.ask("GET", f"{NODES}/{metal.node}/inventory").json()
    heard = [[kind for kind, _ in nic["lldp"]] for nic in told["inventory"]["interfaces"]]
    assert [kinds[:3] for kinds in heard] == [[1, 2, 3]] * 2
    parsed = told["plugin_data"]["parsed_lldp"]
    assert [parsed[f"eth{n}"]["switch_port_id"] for n in (0, 1)] == ["node1-nic0", "node1-nic1"]
    links = {port["mac"]: port["local_link_connection"] for port in machine["ports"]}
    ports = metal.ask("GET", f"{NODES}/{metal.node}/ports?detail=true").json()["ports"]
    assert {port["address"]: _place(port["local_link_connection"]) for port in ports} == {
        mac: _place(link) for mac, link in links.items()
    }
    assert all(port["local_link_connection"]["switch_id"] for port in ports)


def test_a_machine_that_nobody_knew_becomes_a_node(metal: Metal) -> None:
    machine = next(one for one in asyncio.run(metal.rack.status()) if one["name"] == "node2")
    known = {node["uuid"] for node in metal.ask("GET", NODES).json()["nodes"]}

    networks = "/network/v2.0/networks"
    until(
        lambda: metal.admin.get(networks, name="provisioning")["networks"],
        seconds=60,
        what="the network that unknown machines boot on",
    )

    asyncio.run(metal.rack.set_power("node2", on=True))

    def enrolled() -> str | None:
        nodes = metal.ask("GET", NODES).json()["nodes"]
        return next((node["uuid"] for node in nodes if node["uuid"] not in known), None)

    metal.node = until(enrolled, seconds=200, what="a new node", pause_s=0.5) or ""
    node = metal.shown()
    assert (node["provision_state"], node["driver"]) == ("enroll", machine["driver"])
    (port,) = metal.ask("GET", f"{NODES}/{metal.node}/ports?detail=true").json()["ports"]
    (cable,) = machine["ports"]
    assert port["address"] == cable["mac"]
    assert _place(port["local_link_connection"]) == _place(cable["local_link_connection"])
    assert node["properties"]["local_gb"] == "1"

    def told() -> list[str] | None:
        path = f"/unkai/v1/nodes/{metal.node}/timeline"
        events: list[dict[str, Any]] = metal.admin.get(path)["timeline"]["events"]
        said = [f"{one['participant']} {one['action']}" for one in events]
        return said if any("initramfs" in one for one in said) else None

    story = until(told, seconds=20, what="what it did before it was known") or []
    assert story[0] == "DHCP DISCOVER"
    assert "IronicConductor enrolls an unknown machine" in story


@pytest.mark.soak
def test_a_machine_is_deployed_onto_a_mirror_that_its_cleaning_made(metal: Metal) -> None:
    metal.spec = MACHINES[2]
    metal.enroll()
    metal.change(raid_interface="agent")
    metal.provision("manage")
    metal.reach("manageable")
    mirror = {"raid_level": "1", "size_gb": "MAX", "controller": "software", "is_root_volume": True}
    wanted = {"logical_disks": [mirror]}
    metal.ask("PUT", f"{NODES}/{metal.node}/states/raid", wanted, 204)
    raid_step(metal, "create_configuration")
    node = metal.shown()
    (made,) = node["raid_config"]["logical_disks"]
    assert made["physical_disks"] == ["/dev/vda", "/dev/vdb"]
    assert node["properties"]["root_device"] == {"name": "/dev/md0"}

    metal.provision("provide")
    metal.reach("available")
    metal.deploy()
    metal.reach("active", seconds=300, pause_s=0.5)
    until(lambda: "login:" in metal.console(), seconds=120, what="the installed system")

    metal.give_back(120)
    metal.provision("manage")
    metal.reach("manageable")
    raid_step(metal, "delete_configuration")
    node = metal.shown()
    assert (node["raid_config"], "root_device" in node["properties"]) == ({}, False)


def raid_step(metal: Metal, step: str) -> None:
    steps = [{"interface": "raid", "step": step}]
    body = {"target": "clean", "clean_steps": steps}
    metal.ask("PUT", f"{NODES}/{metal.node}/states/provision", body, 202)
    metal.reach("cleaning", "clean wait")
    metal.reach("manageable", seconds=300, pause_s=0.5)


def _place(link: dict[str, Any]) -> tuple[str, str]:
    return link["switch_info"], link["port_id"]
