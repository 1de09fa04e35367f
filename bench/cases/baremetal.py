"""Nodes: enrolling, listing a thousand, and the way from enroll to active on fake hardware."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from bench.subject import Door, Subject, at_once

V1 = "/baremetal/v1"
MANY = 1000
TOGETHER = 50
VERBS = (("manage", "manageable"), ("provide", "available"), ("active", "active"))
DEADLINE_S = 60.0


def nodes(subject: Subject) -> Iterator[Figure]:
    door = opened(subject)
    yield _created(subject, door)
    yield _listed(subject, door)
    made = [node["uuid"] for node in door.json("GET", f"{V1}/nodes?limit={MANY}")["nodes"]]
    yield _one(subject, door, made)
    yield _together(subject, made)
    for node in made:
        door.json("PUT", f"{V1}/nodes/{node}/maintenance", {})
        door.json("DELETE", f"{V1}/nodes/{node}")
    door.close()


def opened(subject: Subject) -> Door:
    door = subject.door()
    door.headers["X-OpenStack-Ironic-API-Version"] = "1.109"
    return door


def _created(subject: Subject, door: Door) -> Figure:
    watch = subject.stopwatch()
    body = {"driver": "fake-hardware", "resource_class": "bench"}
    watch.time(lambda: door.json("POST", f"{V1}/nodes", body), repeats=MANY - 1)
    return watch.median("node create")


def _listed(subject: Subject, door: Door) -> Figure:
    watch = subject.stopwatch()
    watch.time(lambda: door.json("GET", f"{V1}/nodes/detail?limit={MANY}"), repeats=15)
    return watch.median(f"nodes/detail of {MANY:,}", aim_ms=60)


def _one(subject: Subject, door: Door, made: list[str]) -> Figure:
    watch = subject.stopwatch()
    left = iter(made)
    watch.time(lambda: provision(door, next(left)), repeats=20)
    return watch.median("manage, provide, active (fake)", cpu_aim_ms=30)


def _together(subject: Subject, made: list[str]) -> Figure:
    """All at once, each asked through a connection of its own."""
    watch = subject.stopwatch()
    rest = made[100:]
    rounds = iter([rest[at : at + TOGETHER] for at in range(0, TOGETHER * 4, TOGETHER)])
    doors = [opened(subject) for _ in range(TOGETHER)]

    def work() -> None:
        chosen = next(rounds)
        at_once(
            [
                lambda door=door, node=node: provision(door, node)
                for door, node in zip(doors, chosen, strict=True)
            ]
        )

    watch.time(work, repeats=3)
    for door in doors:
        door.close()
    return watch.median(f"{TOGETHER} nodes from enroll to active at once", aim_ms=2000)


def provision(door: Door, node: str) -> None:
    """Ask for each verb and look until it is done, as a client does."""
    path = f"{V1}/nodes/{node}"
    until = time.monotonic() + DEADLINE_S
    for verb, state in VERBS:
        door.json("PUT", f"{path}/states/provision", {"target": verb})
        while True:
            shown: dict[str, Any] = door.json("GET", f"{path}?fields=provision_state,reservation")
            if shown["provision_state"] == state and shown["reservation"] is None:
                break
            if time.monotonic() > until:
                raise AssertionError(f"{node} is {shown['provision_state']}, not {state}")
            time.sleep(0.002)
