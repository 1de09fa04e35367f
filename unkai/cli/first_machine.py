"""`unkai first-machine`: physical machines from the crate to a login, through the public API.

The administrator enrolls the rack's machines; the first of them is inspected and cleaned. Then the
demo user asks for a server of the flavor that means such a machine. What exists is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unkai.cli.asking import DEMO_CLOUD, Door, open_door
from unkai.cli.enrolling import FLAVOR, enroll, make_flavor, prepare, rack_machines, read_nodes
from unkai.cli.first_server import NAME as FIRST_SERVER
from unkai.cli.first_steps import (
    ask_for_server,
    find_own,
    floating_ip,
    participants,
    wait_active,
    wait_ssh,
)
from unkai.cli.options import COMMON, Common
from unkai.cli.output import progress, show
from unkai.cli.running import need_cloud
from unkai.cli.ssh import ssh_words
from unkai.cli.waiting import Stopwatch
from unkai.kit.errors import Conflict
from unkai.settings import Settings

NAME = "first-machine"
DEPLOY_TIMEOUT_S = 600.0


def first_machine_verb(*, common: Common = COMMON) -> None:
    """Enroll the rack's machines, deploy one as server "first-machine", reach it by SSH."""
    settings = common.settings()
    cloud = need_cloud(settings)
    if cloud.fake:
        raise Conflict(
            "A fake cloud has no network that a machine could be plugged into.",
            remedy="unkai up without --fake, in another --state-dir",
        )
    admin = open_door(settings, cloud)
    door = open_door(settings, cloud, DEMO_CLOUD)
    watch = Stopwatch()

    def say(text: str) -> None:
        progress(f"  {watch.seconds:6.1f} s  {text}", as_json=common.json)

    found = find_own(door, NAME)
    server = found or create_machine(admin, door, settings, say)
    server = wait_active(door, server["id"], "first machine", DEPLOY_TIMEOUT_S)
    if found is None:
        say("it is ACTIVE")
    address = floating_ip(door, server["id"])
    greeting = wait_ssh(settings, cloud, address, NAME)
    say(f"it answers SSH at {address}: {greeting}")
    document = {
        "server": server["id"],
        "address": address,
        "created": found is None,
        "nodes": read_nodes(admin),
        "login": " ".join(ssh_words(settings, address)),
        "dashboard": f"{cloud.url}/dashboard/",
        "password_file": str(settings.demo_password_file),
        "participants": _participants(admin, server["id"]),
    }
    first = find_own(door, FIRST_SERVER)
    beside = {} if first is None else _participants(admin, first["id"])
    timeline = admin.text(_timeline(server["id"]), params={"format": "text"})
    show(document, as_text(document, beside, timeline), as_json=common.json)


def create_machine(
    admin: Door, door: Door, settings: Settings, say: Callable[[str], None]
) -> dict[str, Any]:
    """From machines in the rack to a server on one of them, as far as is not done yet."""
    machines = rack_machines(settings)
    say(f"the rack has {', '.join(str(machine['name']) for machine in machines)}")
    for machine in machines:
        enroll(admin, machine, say)
    prepare(admin, str(machines[0]["name"]), say)
    server = ask_for_server(door, settings, NAME, make_flavor(admin, machines[0]))
    say(f"server {NAME!r} of flavor {FLAVOR} is asked for: {server['id']}")
    return server


def as_text(document: dict[str, Any], beside: dict[str, float], timeline: str) -> str:
    """The sequence, and both servers' participants side by side."""
    lines = ["", "The boot sequence of the first machine:", "", timeline.rstrip(), ""]
    lines.append(f"{'Time each participant took:':<28} machine       server")
    took: dict[str, float] = document["participants"]
    names = [*took, *(name for name in beside if name not in took)]
    lines += [
        f"  {name:<24} {_seconds(took, name)}   {_seconds(beside, name)}".rstrip() for name in names
    ]
    lines += ["", "Physical machines:"]
    lines += [f"  {node['name']:<12}  {node['provision_state']}" for node in document["nodes"]]
    lines += [
        "",
        f"  log in        unkai ssh {NAME}     (user cirros, address {document['address']})",
        "  the rack      unkai rack status",
        f"  dashboard     {document['dashboard']}",
        f"  sign in       as demo, with the password in {document['password_file']}",
        "  stop          make down",
    ]
    return "\n".join(lines)


def _seconds(took: dict[str, float], name: str) -> str:
    return f"{took[name]:8.3f} s" if name in took else " " * 10


def _participants(admin: Door, server_id: str) -> dict[str, float]:
    found = admin.get(_timeline(server_id), params={"format": "json"})
    return participants(found["timeline"]["events"])


def _timeline(server_id: str) -> str:
    return f"/unkai/v1/servers/{server_id}/timeline"
