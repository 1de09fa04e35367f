"""Hosts and servers as rows, for what only shows them."""

from __future__ import annotations

import msgspec
from sqlalchemy import insert

from unkai.compute.model import Flavor
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.compute.store.schema import servers
from unkai.hypervisor.model import Host
from unkai.kit.db import Tx
from unkai.placement.actions.claim import claim
from unkai.placement.actions.providers import ensure_provider, set_inventories
from unkai.placement.model import Inventory

FLAVOR = Flavor(id="1", name="small", vcpus=2, ram=512, disk=10)


def uid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


async def add_host(compute: Compute, number: int) -> str:
    """Called host<number>; its resource provider has the same id."""
    name = f"host{number}"
    facts = Host(
        hostname=name,
        vcpus=8,
        memory_mib=4096,
        disk_gib=100,
        accelerator="tcg",
        accelerator_reason="a test",
        cpu_arch="x86_64",
        cpu_model="max",
        qemu_version="7.2.15",
        boot_id="boot",
    )

    async def write(tx: Tx) -> None:
        await hosts.add_host(
            tx,
            name,
            msgspec.to_builtins(facts),
            host_id=uid(number),
            service_id=uid(number + 1000),
            now=compute.kit.clock.now(),
        )
        await ensure_provider(compute.placement, tx, uid(number), name)
        stock = {"VCPU": 8, "MEMORY_MB": 4096, "DISK_GB": 100}
        wanted = {one: Inventory(total) for one, total in stock.items()}
        await set_inventories(compute.placement, tx, uid(number), wanted)

    await compute.kit.database.transact(write)
    return name


async def add_server(
    compute: Compute, number: int, host: int, project_id: str, *, group_id: str | None = None
) -> str:
    now = compute.kit.clock.now()
    row: dict[str, object] = {
        "id": uid(number),
        "project_id": project_id,
        "user_id": "member",
        "name": f"server{number}",
        "hostname": f"server{number}",
        "vm_state": "active",
        "power_state": 1,
        "host": f"host{host}",
        "flavor_id": FLAVOR.id,
        "flavor": msgspec.to_builtins(FLAVOR),
        "vcpus": FLAVOR.vcpus,
        "memory_mib": FLAVOR.ram,
        "metadata": {},
        "config_drive": False,
        "access_ip_v4": "",
        "access_ip_v6": "",
        "disk_config": "AUTO",
        "reservation_id": "r-1",
        "launch_index": 0,
        "nics": [],
        "volumes": [],
        "requested": {},
        "server_group_id": group_id,
        "generation": 0,
        "created_at": now - 7200,
        "updated_at": now,
    }

    async def write(tx: Tx) -> None:
        await tx.execute(insert(servers).values(**row))
        given = {uid(host): {"VCPU": 2, "MEMORY_MB": 512, "DISK_GB": 10}}
        await claim(
            compute.placement, tx, uid(number), given, project_id=project_id, user_id="member"
        )

    await compute.kit.database.transact(write)
    return uid(number)
