"""A fake cloud with a thousand servers and a thousand nodes, made as fast as its API takes them."""

from __future__ import annotations

from bench.cases.baremetal import V1, opened
from bench.cases.servers import fill, lift_quotas, server_body, wide_network
from bench.subject import Subject, at_once

DOORS = 4
CLASSES = ("compute-large", "compute-small", "gpu", "storage", "edge")


def crowd(subject: Subject, *, servers: int, nodes: int) -> list[str]:
    """Boot and enroll that many, in the admin's project; the servers' ids."""
    enroll(subject, nodes)
    if not servers:
        return []
    lift_quotas(subject, "admin")
    door = subject.door()
    body = server_body(door)
    body["server"]["networks"] = [{"uuid": wide_network(door)}]
    made: list[str] = []
    fill(subject, body, made, servers, user="admin")
    door.close()
    return made


def enroll(subject: Subject, count: int) -> None:
    """Nodes node-0000 to node-0999, of five resource classes, some in maintenance."""

    def some(numbers: range) -> None:
        door = opened(subject)
        for number in numbers:
            node = {
                "driver": "fake-hardware",
                "name": f"node-{number:04}",
                "resource_class": CLASSES[number % len(CLASSES)],
                "maintenance": number % 50 == 0,
                "properties": {"cpus": 32, "memory_mb": 131072, "local_gb": 960},
            }
            door.json("POST", f"{V1}/nodes", node)
        door.close()

    at_once([lambda at=at: some(range(at, count, DOORS)) for at in range(DOORS)])
