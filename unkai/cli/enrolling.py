"""Machines of the rack become nodes: enrolled, inspected, cleaned, and a flavor that means them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from unkai.cli.asking import Door
from unkai.cli.waiting import until
from unkai.kit.errors import Failed, Fault, NotFound
from unkai.settings import Settings

FLAVOR = "bm.rack"
RESOURCE_CLASS = "rack"
VERSION = {"OpenStack-API-Version": "baremetal 1.95"}
NODES = "/baremetal/v1/nodes"
VERB_TIMEOUT_S = 600.0
"""Inspection and cleaning start the machine once each: 40 s where nothing else runs."""

PROVIDED = ("available", "active")


def rack_machines(settings: Settings) -> list[dict[str, Any]]:
    """Each machine as `unkai rack status` shows it; without a rack, the usual one is started."""
    from unkai.boot.rack import rack_settings
    from unkai.cli.rack import USUAL_MACHINES, parse_machine
    from unkai.rack import Rack

    rack = Rack(rack_settings(settings))
    try:
        specs = [machine.spec for machine in rack.machines.values()]
    except NotFound:
        specs = [parse_machine(text) for text in USUAL_MACHINES]

    async def start() -> list[dict[str, Any]]:
        await rack.start(specs)
        return await rack.status()

    return asyncio.run(start())


def enroll(admin: Door, machine: dict[str, Any], say: Callable[[str], None]) -> None:
    """A node with its ports, whose BMC has answered."""
    name = str(machine["name"])
    try:
        node = read_node(admin, name)
    except NotFound:
        node = admin.post(NODES, _node(machine), headers=VERSION)
        say(f"{name} is enrolled: {node['uuid']}")
    for port in machine["ports"]:
        path, query = "/baremetal/v1/ports", {"address": port["mac"]}
        if not admin.get(path, params=query, headers=VERSION)["ports"]:
            body = {
                "node_uuid": node["uuid"],
                "address": port["mac"],
                "local_link_connection": port["local_link_connection"],
            }
            admin.post(path, body, headers=VERSION)
    if node["provision_state"] == "enroll":
        take_to(admin, name, "manage", "manageable", say)


def prepare(admin: Door, name: str, say: Callable[[str], None]) -> None:
    """Inspect and clean it until it is available, from wherever an earlier try left it."""
    node = rest(admin, name, say)
    if node["provision_state"] in PROVIDED:
        return
    if node["provision_state"] in ("inspect failed", "clean failed"):
        if node["maintenance"]:
            admin.ask("DELETE", f"{NODES}/{name}/maintenance", headers=VERSION)
        take_to(admin, name, "manage", "manageable", say)
    if node["inspection_finished_at"] is None:
        take_to(admin, name, "inspect", "manageable", say)
    take_to(admin, name, "provide", "available", say)


def take_to(
    admin: Door, name: str, verb: str, goal: str, say: Callable[[str], None]
) -> dict[str, Any]:
    """Ask for a provision verb and wait for its state. Raises Failed with the node's last error."""
    admin.ask("PUT", f"{NODES}/{name}/states/provision", json={"target": verb}, headers=VERSION)
    node = rest(admin, name, say)
    state = node["provision_state"]
    if state != goal:
        raise Failed(
            f"{name} did not get from {verb!r} to {goal!r}, it is in {state!r}: "
            f"{node['last_error'] or 'it gives no reason'}",
            remedy=f"unkai timeline {node['uuid']}; then unkai first-machine again",
        )
    return node


def rest(admin: Door, name: str, say: Callable[[str], None]) -> dict[str, Any]:
    """The node once nothing is done to it; its states on the way are told."""
    told = ""

    def look() -> dict[str, Any] | None:
        nonlocal told
        node = read_node(admin, name)
        state = str(node["provision_state"])
        if state != told:
            told = state
            say(f"{name} is {state}")
        done = node["target_provision_state"] is None or state.endswith(" failed")
        return node if done or state in PROVIDED else None

    node = until(look, timeout_s=VERB_TIMEOUT_S, interval_s=0.5)
    if node is None:
        raise Failed(
            f"{name} is {told} for {VERB_TIMEOUT_S:.0f} s.",
            remedy=f"unkai timeline {read_node(admin, name)['uuid']} says what it waits for",
        )
    return node


def make_flavor(admin: Door, machine: dict[str, Any]) -> str:
    """Its id. It asks for one machine of the class, and for nothing that virtual hosts have."""
    path = "/compute/v2.1/flavors"
    flavors: Iterable[dict[str, Any]] = admin.get(f"{path}/detail")["flavors"]
    known = {str(one["name"]): str(one["id"]) for one in flavors}
    if FLAVOR in known:
        return known[FLAVOR]
    properties = machine["properties"]
    body = {
        "name": FLAVOR,
        "vcpus": properties["cpus"],
        "ram": properties["memory_mb"],
        "disk": properties["local_gb"],
    }
    flavor = admin.post(path, {"flavor": body})["flavor"]
    wanted = {f"resources:{one}": "0" for one in ("VCPU", "MEMORY_MB", "DISK_GB")}
    wanted[f"resources:CUSTOM_{RESOURCE_CLASS.upper()}"] = "1"
    try:
        admin.post(f"{path}/{flavor['id']}/os-extra_specs", {"extra_specs": wanted})
    except Fault:
        admin.ask("DELETE", f"{path}/{flavor['id']}")  # half of it would mean a virtual server
        raise
    return str(flavor["id"])


def read_node(admin: Door, name: str) -> dict[str, Any]:
    """Raises NotFound."""
    node: dict[str, Any] = admin.get(f"{NODES}/{name}", headers=VERSION)
    return node


def read_nodes(admin: Door) -> list[dict[str, Any]]:
    """Each by what a person asks first."""
    nodes: Iterable[dict[str, Any]] = admin.get(NODES, headers=VERSION)["nodes"]
    asked = ("uuid", "name", "provision_state", "power_state", "instance_uuid")
    return [{key: node[key] for key in asked} for node in nodes]


def _node(machine: dict[str, Any]) -> dict[str, Any]:
    properties = machine["properties"] | {"capabilities": f"boot_mode:{machine['boot_mode']}"}
    return {
        "name": machine["name"],
        "driver": machine["driver"],
        "driver_info": machine["driver_info"],
        "resource_class": RESOURCE_CLASS,
        "network_interface": "neutron",
        "properties": properties,
    }
