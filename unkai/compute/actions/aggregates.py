"""Host aggregates: groups of hosts, some of which are availability zones.

Placement is told of every change, so that requests can be kept to the hosts of an aggregate.
"""

from __future__ import annotations

from msgspec.structs import replace

from unkai.compute.model import Aggregate
from unkai.compute.service import Compute
from unkai.compute.store import aggregates, hosts
from unkai.kit.db import Session, Tx
from unkai.kit.errors import BadRequest, Conflict, NotFound
from unkai.placement.actions.providers import set_aggregates

ZONE = "availability_zone"


async def need_aggregate(session: Session, number: int) -> Aggregate:
    aggregate = await aggregates.get_aggregate(session, number)
    if aggregate is None:
        raise NotFound(f"Aggregate {number} could not be found.", code="aggregate-not-found")
    return aggregate


async def _refuse_name(tx: Tx, name: str, number: int | None) -> None:
    other = await aggregates.find_by_name(tx, name)
    if other is not None and other.number != number:
        raise Conflict(f"Aggregate {name} already exists.", code="aggregate-exists")


async def create_aggregate(compute: Compute, tx: Tx, name: str, zone: str | None) -> Aggregate:
    await _refuse_name(tx, name, None)
    made = Aggregate(
        number=await aggregates.next_number(tx),
        id=compute.kit.chance.uuid(),
        name=name,
        metadata={ZONE: zone} if zone else {},
        created_at=compute.kit.clock.now(),
    )
    await aggregates.add_aggregate(tx, made)
    return made


async def delete_aggregate(compute: Compute, tx: Tx, number: int) -> None:
    """BadRequest while hosts are in it."""
    aggregate = await need_aggregate(tx, number)
    if aggregate.hosts:
        raise BadRequest(
            f"Cannot perform action 'delete' on aggregate {number}. Reason: Host aggregate is not"
            " empty."
        )
    await aggregates.delete_aggregate(tx, number)


async def rename_aggregate(
    compute: Compute, tx: Tx, number: int, name: str | None, change: dict[str, str | None]
) -> Aggregate:
    """A new name, and metadata: keys with None go."""
    aggregate = await need_aggregate(tx, number)
    if name is not None:
        await _refuse_name(tx, name, number)
    metadata = {**aggregate.metadata, **{k: v for k, v in change.items() if v is not None}}
    for key, value in change.items():
        if value is None:
            metadata.pop(key, None)
    zone = metadata.get(ZONE)
    if zone != aggregate.metadata.get(ZONE):
        await _check_zone(tx, aggregate.hosts, zone, number)
        if await hosts.servers_on(tx, aggregate.hosts):
            raise BadRequest(
                f"Cannot update aggregate {number}. Reason: One or more hosts contain instances in"
                " this zone."
            )
    return await _save(compute, tx, replace(aggregate, name=name or aggregate.name), metadata)


async def _save(
    compute: Compute, tx: Tx, aggregate: Aggregate, metadata: dict[str, str] | None = None
) -> Aggregate:
    kept = aggregate.metadata if metadata is None else metadata
    saved = replace(aggregate, metadata=kept, updated_at=compute.kit.clock.now())
    await aggregates.save_aggregate(tx, saved)
    return saved


async def _check_zone(tx: Tx, hostnames: list[str], zone: str | None, number: int) -> None:
    """A host is in one availability zone at most."""
    if not zone:
        return
    for other in await aggregates.list_aggregates(tx):
        theirs = other.metadata.get(ZONE)
        both = set(other.hosts) & set(hostnames)
        if other.number != number and theirs not in (None, zone) and both:
            raise Conflict(
                f"Cannot add host {', '.join(sorted(both))} to aggregate {number}. Reason: It is"
                f" in the availability zone {theirs} already, and can be in one only."
            )


async def add_host(compute: Compute, tx: Tx, number: int, hostname: str) -> Aggregate:
    aggregate = await need_aggregate(tx, number)
    if await hosts.get_host(tx, hostname) is None:
        raise NotFound(f"Compute host {hostname} could not be found.", code="host-unknown")
    if hostname in aggregate.hosts:
        raise Conflict(f"Aggregate {number} already has host {hostname}.")
    zone = aggregate.metadata.get(ZONE)
    await _check_zone(tx, [hostname], zone, number)
    saved = await _save(compute, tx, replace(aggregate, hosts=[*aggregate.hosts, hostname]))
    await tell_placement(compute, tx, hostname)
    return saved


async def remove_host(compute: Compute, tx: Tx, number: int, hostname: str) -> Aggregate:
    aggregate = await need_aggregate(tx, number)
    if hostname not in aggregate.hosts:
        raise NotFound(f"Aggregate {number} has no host {hostname}.", code="host-unknown")
    left = [one for one in aggregate.hosts if one != hostname]
    saved = await _save(compute, tx, replace(aggregate, hosts=left))
    await tell_placement(compute, tx, hostname)
    return saved


async def leave_aggregates(compute: Compute, tx: Tx, hostname: str) -> None:
    """Take a host out of every aggregate, because it goes."""
    for aggregate in await aggregates.list_aggregates(tx):
        if hostname in aggregate.hosts:
            await remove_host(compute, tx, aggregate.number, hostname)


async def tell_placement(compute: Compute, tx: Tx, hostname: str) -> None:
    """Make the aggregates of the host's resource provider those the host is in.

    To be called too when a host is reported to placement for the first time.
    """
    host = await hosts.get_host(tx, hostname)
    if host is None:
        return
    its = [one.id for one in await aggregates.list_aggregates(tx) if hostname in one.hosts]
    try:
        await set_aggregates(compute.placement, tx, host.id, its)
    except NotFound:
        return  # placement does not know the host yet
