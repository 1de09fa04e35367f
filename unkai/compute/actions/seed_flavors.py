"""The flavors of a fresh cloud. An operator who deletes or changes them is not contradicted."""

from __future__ import annotations

from unkai.compute.model import Flavor
from unkai.compute.service import Compute
from unkai.compute.store import flavors
from unkai.compute.store.flavors import FlavorQuery
from unkai.kit.db import Tx

FLAVORS = (
    ("1", "m1.nano", 1, 128, 1),
    ("2", "m1.micro", 1, 256, 1),
    ("3", "m1.tiny", 1, 512, 1),
    ("4", "m1.small", 1, 2048, 20),
    ("5", "m1.medium", 2, 4096, 40),
    ("6", "m1.large", 4, 8192, 80),
)
"""Id, name, vcpus, MiB of RAM, GiB of disk."""


async def seed_flavors(compute: Compute) -> None:
    """Make them where there is no flavor at all."""
    now = compute.kit.clock.now()

    async def write(tx: Tx) -> None:
        if await flavors.list_flavors(tx, FlavorQuery(public=None, limit=1)):
            return
        for flavor_id, name, vcpus, ram, disk in FLAVORS:
            flavor = Flavor(
                id=flavor_id,
                name=name,
                vcpus=vcpus,
                ram=ram,
                disk=disk,
                created_at=now,
                updated_at=now,
            )
            await flavors.add_flavor(tx, flavor)

    await compute.kit.database.transact(write)
