"""Placement: candidates among a hundred providers and among ten thousand. Runs last: they stay."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from bench.figures import Figure
from bench.subject import Door, Subject, at_once

STOCK = {"VCPU": {"total": 64}, "MEMORY_MB": {"total": 262_144}, "DISK_GB": {"total": 4000}}
QUESTION = "/placement/allocation_candidates?resources=VCPU:1,MEMORY_MB:512,DISK_GB:1&limit=50"
DOORS = 4


def candidates(subject: Subject) -> Iterator[Figure]:
    doors = [placement_door(subject) for _ in range(DOORS)]
    made = 0
    for size in (100, 10_000):
        share = (size - made) // DOORS
        at_once([lambda door=door, count=share: add_providers(door, count) for door in doors])
        made += share * DOORS
        watch = subject.stopwatch()
        watch.time(lambda: doors[0].json("GET", QUESTION), repeats=10)
        yield watch.median(f"50 candidates of {made} providers")


def placement_door(subject: Subject) -> Door:
    door = subject.door()
    door.headers["OpenStack-API-Version"] = "placement 1.39"
    return door


def add_providers(door: Door, count: int) -> None:
    for _ in range(count):
        provider = str(uuid.uuid4())
        body = {"uuid": provider, "name": f"bench-{provider}"}
        made = door.json("POST", "/placement/resource_providers", body)
        stock = {"resource_provider_generation": made["generation"], "inventories": STOCK}
        door.json("PUT", f"/placement/resource_providers/{provider}/inventories", stock)
