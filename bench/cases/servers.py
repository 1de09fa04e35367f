"""Servers: from POST to ACTIVE, alone and a hundred at once; lists of many."""

from __future__ import annotations

import itertools
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bench.figures import Figure, Stopwatch
from bench.subject import Door, Subject, at_once

BOOT_AIM_MS, BOOT_CPU_AIM_MS = 30, 15
AT_ONCE, AT_ONCE_AIM_MS = 100, 2000
LIST_AIM_MS = 10
DEADLINE_S = 120
NUMBERS = itertools.count()


def boots(subject: Subject) -> Iterator[Figure]:
    lift_quotas(subject)
    door = subject.door("demo")
    body = server_body(door)
    made: list[str] = []
    watch = subject.stopwatch()
    watch.time(lambda: made.append(boot(door, body)), repeats=20, warm_up=2)
    yield watch.median("POST /servers to ACTIVE", aim_ms=BOOT_AIM_MS, cpu_aim_ms=BOOT_CPU_AIM_MS)
    delete_all(door, made)

    batch: list[str] = []

    def all_at_once() -> None:
        start = [door.json("POST", "/compute/v2.1/servers", body) for _ in range(AT_ONCE)]
        batch.extend(one["server"]["id"] for one in start)
        wait_all(door, batch)

    watch = subject.stopwatch()
    watch.time(all_at_once, repeats=1, warm_up=0)
    yield watch.median(f"{AT_ONCE} boots at once", aim_ms=AT_ONCE_AIM_MS)
    delete_all(door, batch)


def boots_on_qemu(subject: Subject) -> Iterator[Figure]:
    door = subject.door("demo")
    body = server_body(door)
    watch = subject.stopwatch()
    for _ in range(5):
        made: list[str] = []
        watch.time(lambda made=made: made.append(boot(door, body)), repeats=1, warm_up=0)
        delete_all(door, made)
    yield watch.median("POST /servers to ACTIVE on QEMU")
    bare = Stopwatch(cpu=time.process_time)
    bare.time(start_bare_qemu, repeats=5)
    figure = bare.median("a bare QEMU started until it runs")
    yield replace(figure, cpu_ms=None)


def start_bare_qemu() -> None:
    """A machine like a server's, paused at its start and then let run, without a cloud."""
    words = "qemu-system-x86_64 -machine q35 -accel tcg,tb-size=32 -cpu max -m 128 -nodefaults"
    words += " -no-user-config -display none -S -qmp stdio"
    with subprocess.Popen(
        words.split(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as qemu:
        assert qemu.stdin is not None and qemu.stdout is not None
        qemu.stdout.readline()
        for command in ("qmp_capabilities", "cont"):
            qemu.stdin.write(json.dumps({"execute": command}) + "\n")
            qemu.stdin.flush()
            while "return" not in json.loads(qemu.stdout.readline()):
                pass
        qemu.kill()


def lists(subject: Subject) -> Iterator[Figure]:
    lift_quotas(subject)
    door = subject.door("demo")
    body = server_body(door)
    body["server"]["networks"] = [{"uuid": wide_network(door)}]
    made: list[str] = []
    for size, aim in ((100, LIST_AIM_MS), (1000, None)):
        fill(subject, body, made, size)
        watch = subject.stopwatch()
        watch.time(lambda: door.json("GET", "/compute/v2.1/servers/detail"), repeats=20)
        yield watch.median(f"GET /servers/detail with {size}", aim_ms=aim)
    delete_all(door, made)


def fill(subject: Subject, body: object, made: list[str], size: int, *, user: str = "demo") -> None:
    """Boot until there are that many."""
    doors = [subject.door(user) for _ in range(4)]

    def some(door: Door, count: int) -> None:
        asked = (door.json("POST", "/compute/v2.1/servers", body) for _ in range(count))
        made.extend(one["server"]["id"] for one in asked)

    share = (size - len(made)) // len(doors)
    at_once([lambda door=door: some(door, share) for door in doors])
    some(doors[0], size - len(made))
    wait_all(doors[0], made)


def boot(door: Door, body: object) -> str:
    """Ask for one and wait until it is ACTIVE."""
    server: str = door.json("POST", "/compute/v2.1/servers", body)["server"]["id"]
    wait_all(door, [server], pause_s=0.005)
    return server


def wait_all(door: Door, servers: Sequence[str], *, pause_s: float = 0.1) -> None:
    """Asking costs the cloud as much as a good part of a boot, so it is asked seldom."""
    waiting = set(servers)
    deadline = time.monotonic() + DEADLINE_S
    while waiting:
        if len(waiting) == 1:
            found = [door.json("GET", f"/compute/v2.1/servers/{next(iter(waiting))}")["server"]]
        else:
            found = door.json("GET", "/compute/v2.1/servers/detail?limit=1000")["servers"]
        for server in found:
            if server["status"] == "ERROR":
                raise AssertionError(f"a server failed: {server.get('fault')}")
            if server["status"] == "ACTIVE":
                waiting.discard(server["id"])
        if time.monotonic() > deadline:
            raise AssertionError(f"{len(waiting)} servers are not ACTIVE after {DEADLINE_S} s")
        if waiting:
            time.sleep(pause_s)


def delete_all(door: Door, servers: Sequence[str]) -> None:
    for server in servers:
        door.json("DELETE", f"/compute/v2.1/servers/{server}")
    deadline = time.monotonic() + DEADLINE_S
    while door.json("GET", "/compute/v2.1/servers")["servers"]:
        if time.monotonic() > deadline:
            raise AssertionError("servers are not gone")
        time.sleep(0.05)


def server_body(door: Door) -> dict[str, Any]:
    image = door.json("GET", "/image/v2/images")["images"][0]["id"]
    flavors = door.json("GET", "/compute/v2.1/flavors/detail")["flavors"]
    flavor = min(flavors, key=lambda one: (one["ram"], one["disk"]))["id"]
    networks = door.json("GET", "/network/v2.0/networks?router:external=False")["networks"]
    server = {
        "name": f"bench-{next(NUMBERS)}",
        "imageRef": image,
        "flavorRef": flavor,
        "networks": [{"uuid": networks[0]["id"]}],
    }
    return {"server": server}


def wide_network(door: Door) -> str:
    """A network with room for thousands."""
    network: str = door.json("POST", "/network/v2.0/networks", {"network": {"name": "wide"}})[
        "network"
    ]["id"]
    subnet = {"network_id": network, "cidr": "10.128.0.0/16", "ip_version": 4}
    door.json("POST", "/network/v2.0/subnets", {"subnet": subnet})
    return network


def lift_quotas(subject: Subject, project_name: str = "demo") -> None:
    """As many servers and ports as the cases want."""
    admin = subject.door()
    projects = admin.json("GET", f"/identity/v3/projects?name={project_name}")["projects"]
    project = projects[0]["id"]
    quota = {"instances": -1, "cores": -1, "ram": -1}
    admin.json("PUT", f"/compute/v2.1/os-quota-sets/{project}", {"quota_set": quota})
    admin.json("PUT", f"/network/v2.0/quotas/{project}", {"quota": {"port": -1}})
