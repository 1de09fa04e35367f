"""Steps that the first server and the first machine take alike, as a customer of the public API.

Everything has a name of its own and is looked for first: a second run changes nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterable
from typing import Any

from unkai.cli.asking import Door
from unkai.cli.exec import enter
from unkai.cli.running import Cloud
from unkai.cli.ssh import ssh_words
from unkai.cli.waiting import until
from unkai.kit.errors import Failed
from unkai.settings import Settings

KEY_NAME = "first-server"
GROUP = "first-server"
SSH_TIMEOUT_S = 240.0
SSH_PORT = 22


def find_own(door: Door, name: str) -> dict[str, Any] | None:
    """The demo project's server of that name."""
    return _named(door, "/compute/v2.1/servers/detail", "servers", name)


def ask_for_server(door: Door, settings: Settings, name: str, flavor_id: str) -> dict[str, Any]:
    """Ask for it with its key, its group and the demo network. Nothing is made twice."""
    make_key(door, settings)
    group = make_group(door)
    image = _only(door.get("/image/v2/images")["images"], "image")
    networks = door.get("/network/v2.0/networks", params={"router:external": "False"})["networks"]
    body = {
        "name": name,
        "imageRef": image["id"],
        "flavorRef": flavor_id,
        "key_name": KEY_NAME,
        "networks": [{"uuid": _only(networks, "network")["id"]}],
        "security_groups": [{"name": group["name"]}],
    }
    created: dict[str, Any] = door.post("/compute/v2.1/servers", {"server": body})["server"]
    return created


def make_key(door: Door, settings: Settings) -> None:
    """A key pair of our own: the private half stays in the state folder."""
    path = settings.ssh_key_file
    if not path.exists():
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", KEY_NAME, "-f", str(path)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    known = door.get("/compute/v2.1/os-keypairs")["keypairs"]
    if KEY_NAME not in [entry["keypair"]["name"] for entry in known]:
        public = path.with_name(path.name + ".pub").read_text()
        body = {"name": KEY_NAME, "public_key": public, "type": "ssh"}
        door.post("/compute/v2.1/os-keypairs", {"keypair": body})


def make_group(door: Door) -> dict[str, Any]:
    """A security group that lets SSH and ping in."""
    found = _named(door, "/network/v2.0/security-groups", "security_groups", GROUP)
    if found is not None:
        return found
    body = {"name": GROUP, "description": "SSH and ping from anywhere"}
    group = door.post("/network/v2.0/security-groups", {"security_group": body})["security_group"]
    for rule in (
        {"protocol": "tcp", "port_range_min": SSH_PORT, "port_range_max": SSH_PORT},
        {"protocol": "icmp"},
    ):
        whole = {"security_group_id": group["id"], "direction": "ingress", "ethertype": "IPv4"}
        door.post("/network/v2.0/security-group-rules", {"security_group_rule": whole | rule})
    return group


def wait_active(door: Door, server_id: str, what: str, timeout_s: float) -> dict[str, Any]:
    """The server once it is ACTIVE. Raises Failed with its fault."""

    def look() -> dict[str, Any] | None:
        server = door.get(f"/compute/v2.1/servers/{server_id}")["server"]
        if server["status"] == "ERROR":
            fault = server.get("fault", {}).get("message", "it gives no reason")
            raise Failed(f"The {what} failed: {fault}", remedy=f"unkai timeline {server_id}")
        return server if server["status"] == "ACTIVE" else None

    server = until(look, timeout_s=timeout_s, interval_s=0.1)
    if server is None:
        raise Failed(
            f"The {what} is not ACTIVE after {timeout_s:.0f} s.",
            remedy=f"unkai timeline {server_id} says what it waits for",
        )
    return server


def floating_ip(door: Door, server_id: str) -> str:
    """The server's floating IP; it gets one where it has none."""
    ports = door.get("/network/v2.0/ports", params={"device_id": server_id})["ports"]
    port = _only(ports, "port")
    known = door.get("/network/v2.0/floatingips", params={"port_id": port["id"]})["floatingips"]
    if known:
        return str(known[0]["floating_ip_address"])
    networks = door.get("/network/v2.0/networks", params={"router:external": "True"})["networks"]
    body = {
        "floating_network_id": _only(networks, "external network")["id"],
        "port_id": port["id"],
    }
    made = door.post("/network/v2.0/floatingips", {"floatingip": body})["floatingip"]
    return str(made["floating_ip_address"])


def wait_ssh(settings: Settings, cloud: Cloud, address: str, name: str) -> str:
    """Log in, from inside the namespace, once the door opens; what `uname -a` says there."""
    namespace = cloud.namespace

    def knock() -> bool:
        from unkai.kit import netns

        def connect() -> bool:
            with (
                contextlib.suppress(OSError),
                socket.create_connection((address, SSH_PORT), 2) as one,
            ):
                return one.recv(4) == b"SSH-"
            return False

        return netns.call(namespace, connect)

    def log_in() -> str | None:
        words = [*ssh_words(settings, address), "uname -sr"]
        done = subprocess.run(
            words,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: enter(cloud),
        )
        return done.stdout.strip() if done.returncode == os.EX_OK else None

    if until(knock, timeout_s=SSH_TIMEOUT_S, interval_s=0.2):
        greeting = until(log_in, timeout_s=60, interval_s=1.0)
        if greeting is not None:
            return greeting
    raise Failed(
        f"Server {name!r} is ACTIVE, but SSH at {address} lets nobody in.",
        remedy=f"openstack console log show {name}, and unkai timeline {name}",
    )


def participants(events: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Seconds each participant worked, in the order they came in."""
    took: dict[str, float] = {}
    for event in events:
        name = event["participant"]
        took[name] = took.get(name, 0.0) + (event["duration_ms"] or 0.0) / 1000
    return took


def _named(door: Door, path: str, plural: str, name: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = door.get(path, params={"name": name})[plural]
    return next((one for one in found if one["name"] == name), None)


def _only(found: list[dict[str, Any]], what: str) -> dict[str, Any]:
    if not found:
        raise Failed(
            f"The cloud shows the demo project no {what}.", remedy="unkai down, then unkai up"
        )
    return found[0]
