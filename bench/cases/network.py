"""Networks: a network with its subnet, and ports one after another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from bench.subject import Subject

PORTS = 100
PORTS_AIM = 200


def networks(subject: Subject) -> Iterator[Figure]:
    door = subject.door("demo")
    numbers = itertools.count()
    made: list[dict[str, Any]] = []
    ports: list[str] = []

    def network() -> None:
        body = {"network": {"name": f"bench-{next(numbers)}"}}
        one = door.json("POST", "/network/v2.0/networks", body)["network"]
        subnet = {"network_id": one["id"], "ip_version": 4, "cidr": "198.51.100.0/24"}
        door.json("POST", "/network/v2.0/subnets", {"subnet": subnet})
        made.append(one)

    def port() -> None:
        body = {"port": {"network_id": made[-1]["id"]}}
        ports.append(door.json("POST", "/network/v2.0/ports", body)["port"]["id"])

    def network_and_port() -> None:
        network()
        port()

    watch = subject.stopwatch()
    watch.time(network_and_port, repeats=20)
    yield watch.median("network + subnet + port create")
    watch = subject.stopwatch()
    watch.time(port, repeats=PORTS)
    yield watch.rate("port create", "1/s", per=1, aim=PORTS_AIM if subject.cloud.fake else None)
    for one in ports:
        door.json("DELETE", f"/network/v2.0/ports/{one}")
    for one in made:
        door.json("DELETE", f"/network/v2.0/networks/{one['id']}")
