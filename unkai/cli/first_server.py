"""`unkai first-server`: what a newcomer would do next, through the public API, as the demo user.

A keypair, an open door for SSH, a server, a floating IP, a login; then the boot sequence with the
time each participant took. Everything has a name of its own and is looked for first, so a second
run changes nothing and says what runs.
"""

from __future__ import annotations

from typing import Any

from unkai.cli.asking import DEMO_CLOUD, Door, open_door
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
from unkai.settings import Settings

NAME = "first"
BOOT_TIMEOUT_S = 240.0


def first_server_verb(*, common: Common = COMMON) -> None:
    """Boot a server called "first" in project demo, reach it by SSH, show its boot sequence."""
    settings = common.settings()
    cloud = need_cloud(settings)
    door = open_door(settings, cloud, DEMO_CLOUD)
    watch = Stopwatch()

    def say(text: str) -> None:
        progress(f"  {watch.seconds:6.1f} s  {text}", as_json=common.json)

    found = find_own(door, NAME)
    is_new = found is None
    server = found or create_server(door, settings)
    if is_new:
        say(f"server {NAME!r} is asked for: {server['id']}")
    server = wait_active(door, server["id"], "first server", BOOT_TIMEOUT_S)
    if is_new:
        say("it is ACTIVE")
    address = floating_ip(door, server["id"])
    if not cloud.fake:
        greeting = wait_ssh(settings, cloud, address, NAME)
        say(f"it answers SSH at {address}: {greeting}")
    server = door.get(f"/compute/v2.1/servers/{server['id']}")["server"]
    admin = open_door(settings, cloud)
    path = f"/unkai/v1/servers/{server['id']}/timeline"
    timeline = admin.get(path, params={"format": "json"})
    document = {
        "server": server["id"],
        "address": address,
        "created": is_new,
        "login": " ".join(ssh_words(settings, address)),
        "participants": participants(timeline["timeline"]["events"]),
    }
    text = _as_text(document, admin.text(path, params={"format": "text"}), settings)
    show(document, text, as_json=common.json)


def create_server(door: Door, settings: Settings) -> dict[str, Any]:
    """One of the smallest flavor."""
    flavors = door.get("/compute/v2.1/flavors/detail")["flavors"]
    flavor = min(flavors, key=lambda one: (one["ram"], one["disk"]))
    return ask_for_server(door, settings, NAME, flavor["id"])


def _as_text(document: dict[str, Any], timeline: str, settings: Settings) -> str:
    lines = ["", "The boot sequence of the first server:", "", timeline.rstrip(), ""]
    lines.append("Time each participant took:")
    lines += [f"  {name:<16} {took:8.3f} s" for name, took in document["participants"].items()]
    lines += [
        "",
        f"  log in        unkai ssh {NAME}     (user cirros, address {document['address']})",
        f"  credentials   {settings.clouds_yaml} (clouds unkai, unkai-system, unkai-demo)",
        f"  API           {settings.url}",
        "  stop          make down",
    ]
    return "\n".join(lines)
