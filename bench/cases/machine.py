"""A deploy of a machine of the rack: where its time goes, and how much of it is Unkai's own.

The phases are read from the node's timeline. Firmware and kernel are the machine's; the transfers
and the write go through it too, so their floor is beside them: the same bytes from the same door,
fetched and hashed by this machine.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bench.figures import Figure
from bench.subject import Door, Subject
from tests.clouds import unkai

V1 = "/baremetal/v1"
DEADLINE_S = 600.0
OURS = ("IronicAPI", "IronicConductor", "IronicProvisioner", "NeutronAPI", "GlanceAPI")
AIM_SHARE = 5.0


def deploy(subject: Subject) -> Iterator[Figure]:
    door = subject.door()
    door.headers["X-OpenStack-Ironic-API-Version"] = "1.109"
    state_dir = str(subject.cloud.state_dir)
    unkai("rack", "up", "--machine", "bench:ipmi:bios", "--state-dir", state_dir)
    try:
        told = unkai("rack", "status", "--json", "--state-dir", state_dir)
        (machine,) = json.loads(told.stdout)["machines"]
        node = _enrolled(door, machine)
        _provision(door, node, "active", "active")
        time.sleep(3)  # calls of BMCs are written in batches
        events = _timeline(door, node)
        yield from _phases(subject, door, events)
        _provision(door, node, "deleted", "available")
        door.json("DELETE", f"{V1}/nodes/{node}")
    finally:
        unkai("rack", "down", "--state-dir", state_dir)
        door.close()


def _enrolled(door: Door, machine: dict[str, Any]) -> str:
    """Available, with the cloud's guest image to be written."""
    image = _image(door)
    body = {
        "driver": machine["driver"],
        "driver_info": machine["driver_info"],
        "network_interface": "neutron",
        "automated_clean": False,
    }
    node = door.json("POST", f"{V1}/nodes", body)["uuid"]
    port = machine["ports"][0]
    link = port["local_link_connection"]
    body = {"node_uuid": node, "address": port["mac"], "local_link_connection": link}
    door.json("POST", f"{V1}/ports", body)
    patch = [{"op": "add", "path": "/instance_info/image_source", "value": image}]
    door.json("PATCH", f"{V1}/nodes/{node}", patch)
    _provision(door, node, "manage", "manageable")
    _provision(door, node, "provide", "available")
    return node


def _image(door: Door) -> str:
    return next(one["id"] for one in door.json("GET", "/image/v2/images")["images"] if one["size"])


def _provision(door: Door, node: str, verb: str, state: str) -> None:
    door.json("PUT", f"{V1}/nodes/{node}/states/provision", {"target": verb})
    until = time.monotonic() + DEADLINE_S
    while True:
        shown = door.json("GET", f"{V1}/nodes/{node}?fields=provision_state,reservation,last_error")
        if shown["provision_state"] == state and shown["reservation"] is None:
            return
        if time.monotonic() > until or "failed" in shown["provision_state"]:
            raise AssertionError(f"{node} is {shown['provision_state']}: {shown['last_error']}")
        time.sleep(0.5)


def _timeline(door: Door, node: str) -> list[dict[str, Any]]:
    found = door.json("GET", f"/unkai/v1/nodes/{node}/timeline")["timeline"]["events"]
    began = max(at for at, one in enumerate(found) if one["action"].startswith("admit active"))
    return found[began:]


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["started_at"]).timestamp()


def _phases(subject: Subject, door: Door, events: list[dict[str, Any]]) -> Iterator[Figure]:
    def first(participant: str, start: str) -> dict[str, Any]:
        return next(
            one
            for one in events
            if one["participant"] == participant and one["action"].startswith(start)
        )

    admitted, on = first("IronicAPI", "admit"), first("BareMetalNodeBMC", "set power state")
    script, kernel = first("HTTP", "script"), first("HTTP", "GET kernel")
    initramfs, image = first("HTTP", "GET initramfs"), first("HTTP", "GET image")
    lookup, write = first("BareMetalNode", "agent looks"), first("BareMetalNode", "write image")
    done = first("BareMetalNodeBMC", "power on instance")
    whole_s = _at(done) + done["duration_ms"] / 1000 - _at(admitted)
    transfer_s = (kernel["duration_ms"] + initramfs["duration_ms"]) / 1000
    yield Figure("deploy, whole", whole_s, "s")
    yield Figure("  firmware to boot script", _at(script) - _at(on), "s")
    yield Figure("  kernel and ramdisk over HTTP", transfer_s, "s")
    yield Figure("  kernel to agent", _at(lookup) - _at(initramfs), "s")
    yield Figure("  image over HTTP", image["duration_ms"] / 1000, "s")
    yield Figure("  image written and checked", write["duration_ms"] / 1000, "s")
    yield Figure("  the same image hashed here", _floor_s(subject, door), "s", note="floor")
    ours_s = sum(one["duration_ms"] or 0 for one in events if one["participant"] in OURS) / 1000
    switches = ("power on ramdisk", "end session", "power on instance")
    ours_s += sum(one["duration_ms"] or 0 for one in events if one["action"] in switches) / 1000
    yield Figure("  Unkai's own share", ours_s / whole_s * 100, "%", aim=AIM_SHARE)
    switched = [one for one in events if one["action"] == "set power state"]
    ons = [one for one in switched if one["detail"] == "power on"]
    yield Figure("  power cycles", len(ons), "times", aim=2)


def _floor_s(subject: Subject, door: Door) -> float:
    """Fetch and hash the image as an agent does, without the machine."""
    image = _image(door)
    began = time.perf_counter()
    _, content, _ = door.ask("GET", f"/image/v2/images/{image}/file")
    hashlib.sha256(content).hexdigest()
    return time.perf_counter() - began
