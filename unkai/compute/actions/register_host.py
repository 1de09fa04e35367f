"""A compute host becomes known: its row, and what placement may give of it."""

from __future__ import annotations

from msgspec import structs

from unkai.compute.actions.aggregates import tell_placement
from unkai.compute.actions.hosts import DISABLED
from unkai.compute.service import Compute
from unkai.compute.store import hosts
from unkai.hypervisor.model import Host
from unkai.kit.db import Tx
from unkai.placement.actions.providers import ensure_provider, set_inventories, set_traits
from unkai.placement.model import Inventory

TRAITS = frozenset({"COMPUTE_NODE", "COMPUTE_NET_ATTACH_INTERFACE", "COMPUTE_IMAGE_TYPE_QCOW2"})


async def register_host(compute: Compute, host: Host) -> None:
    """Idempotent; what changed about the host replaces what was said before."""
    settings = compute.settings
    inventories = {
        "VCPU": Inventory(
            total=host.vcpus,
            max_unit=host.vcpus,
            allocation_ratio=settings.cpu_allocation_ratio,
        ),
        "MEMORY_MB": Inventory(
            total=host.memory_mib,
            reserved=min(settings.reserved_ram_mib, host.memory_mib - 1),
            max_unit=host.memory_mib,
            allocation_ratio=settings.ram_allocation_ratio,
        ),
        "DISK_GB": Inventory(
            total=max(1, host.disk_gib),
            max_unit=max(1, host.disk_gib),
            allocation_ratio=settings.disk_allocation_ratio,
        ),
    }

    async def write(tx: Tx) -> None:
        now = compute.kit.clock.now()
        known = await hosts.get_host(tx, host.hostname)
        facts = structs.asdict(host)
        if known is None:
            host_id = compute.kit.chance.uuid()
            await hosts.add_host(
                tx,
                host.hostname,
                facts,
                host_id=host_id,
                service_id=compute.kit.chance.uuid(),
                now=now,
            )
        else:
            host_id = known.id
            await hosts.host_described(tx, host.hostname, facts, now)
        await ensure_provider(compute.placement, tx, host_id, host.hostname)
        await set_inventories(compute.placement, tx, host_id, inventories)
        disabled = known is not None and known.disabled
        traits = TRAITS | {DISABLED} if disabled else TRAITS
        await set_traits(compute.placement, tx, host_id, traits)
        await tell_placement(compute, tx, host.hostname)
        if known is None or known.facts["boot_id"] != host.boot_id:
            await compute.kit.events.emit(tx, "host.booted", host.hostname, {})

    await compute.kit.database.transact(write)
