"""How long a boot takes, from those that were: noted as each ends, never searched in timelines."""

from __future__ import annotations

import math

from unkai.compute.actions.find_hosts import machine_flavor, resources_of
from unkai.compute.model import BootTime, ExpectedBoot, Flavor
from unkai.compute.service import Compute, is_node
from unkai.compute.store import boot_times, servers
from unkai.kit.db import Session, Tx
from unkai.kit.policy import Caller

SAMPLES = 100
"""Boots that a figure is made of."""
GUEST = ""


def node_class(flavor: Flavor) -> str:
    """The resource class of the nodes that a flavor's servers may land on, "" for none."""
    asked = resources_of(machine_flavor(flavor) or flavor)
    return next((name for name in asked if name.startswith("CUSTOM_")), GUEST)


async def note_boot(compute: Compute, tx: Tx, server_id: str) -> None:
    """The server became ACTIVE just now, for the first time."""
    server = await servers.get_server(tx, server_id)
    if server is None or server.image_id is None:
        return
    on_node = is_node(server.host or "")
    one = BootTime(
        flavor_id=server.flavor.id,
        image_id=server.image_id,
        resource_class=node_class(server.flavor) if on_node else GUEST,
        project_id=server.project_id,
        took_s=max(0.0, compute.kit.clock.now() - server.created_at),
    )
    await boot_times.add_boot_time(tx, one)


async def prune_boot_times(compute: Compute) -> None:
    await compute.kit.database.transact(boot_times.forget_old)


async def expected_boots(
    session: Session, caller: Caller, flavor_id: str | None, image_id: str | None
) -> list[ExpectedBoot]:
    """One for each flavor, image and class; of one's own project where no image is named."""
    own = None if caller.reads_all or image_id is not None else caller.project_id
    found = await boot_times.boot_times_of(
        session, flavor_id=flavor_id, image_id=image_id, project_id=own
    )
    taken: dict[tuple[str, str, str], list[float]] = {}
    for row in found:
        times = taken.setdefault((row.flavor_id, row.image_id, row.resource_class), [])
        if len(times) < SAMPLES:
            times.append(row.took_s)
    return [_figures(key, sorted(times)) for key, times in sorted(taken.items())]


def _figures(key: tuple[str, str, str], times: list[float]) -> ExpectedBoot:
    """Nearest rank: a time that was."""
    return ExpectedBoot(
        flavor_id=key[0],
        image_id=key[1],
        resource_class=key[2],
        median_s=round(times[math.ceil(len(times) * 0.5) - 1], 3),
        p95_s=round(times[math.ceil(len(times) * 0.95) - 1], 3),
        samples=len(times),
    )
