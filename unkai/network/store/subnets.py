"""Rows of subnets. A subnet is seen by whoever sees its network."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from unkai.kit.db import AnyRow, Session, Tx, among
from unkai.kit.policy import Caller
from unkai.network.model import AllocationPool, Route, Subnet
from unkai.network.store.listing import Listing, in_parts, select_rows, shelf
from unkai.network.store.networks import shared_with
from unkai.network.store.schema import networks, port_addresses, ports, subnets

SUBNETS = shelf(subnets)


BY_IDS = select(subnets).where(among(subnets.c.id))
OF_NETWORKS = (
    select(subnets).where(among(subnets.c.network_id)).order_by(subnets.c.created_at, subnets.c.id)
)


def visible_to(caller: Caller) -> ColumnElement[bool] | None:
    """A project's own subnets, and those of networks it may use. Not those of external ones."""
    if caller.reads_all:
        return None
    usable = select(networks.c.id).where(
        or_(
            networks.c.project_id == (caller.project_id or ""),
            networks.c.shared.is_(True),
            shared_with(caller, "access_as_shared"),
        )
    )
    return or_(subnets.c.project_id == (caller.project_id or ""), subnets.c.network_id.in_(usable))


async def list_subnets(session: Session, listing: Listing, caller: Caller) -> list[Subnet]:
    rows = await select_rows(session, SUBNETS, listing, visible_to(caller))
    return [_subnet(row) for row in rows]


async def find_subnet(session: Session, subnet_id: str, caller: Caller) -> Subnet | None:
    """The subnet if the caller may see it. One's own is found without looking further."""
    found = (await get_subnets(session, [subnet_id])).get(subnet_id)
    visible = visible_to(caller)
    if found is None or visible is None or caller.may_see(found.project_id):
        return found
    seen = select(subnets.c.id).where(subnets.c.id == subnet_id, visible)
    return None if await session.scalar(seen) is None else found


async def get_subnets(session: Session, ids: Iterable[str]) -> dict[str, Subnet]:
    found: dict[str, Subnet] = {}
    for part in in_parts(ids):
        rows = await session.all(BY_IDS, {"ids": part})
        found |= {row.id: _subnet(row) for row in rows}
    return found


async def subnets_of(session: Session, network_ids: Iterable[str]) -> dict[str, list[Subnet]]:
    """Subnets by network, in the order they were made."""
    found: dict[str, list[Subnet]] = {}
    for part in in_parts(network_ids):
        rows = await session.all(OF_NETWORKS, {"ids": part})
        for row in rows:
            found.setdefault(row.network_id, []).append(_subnet(row))
    return found


async def subnets_of_pool(session: Session, subnet_pool_id: str) -> list[Subnet]:
    rows = await session.all(select(subnets).where(subnets.c.subnetpool_id == subnet_pool_id))
    return [_subnet(row) for row in rows]


async def insert_subnet(tx: Tx, subnet: Subnet) -> None:
    await tx.execute(insert(subnets).values(**_values(subnet)))


async def save_subnet(tx: Tx, subnet: Subnet) -> None:
    statement = update(subnets).where(subnets.c.id == subnet.id)
    await tx.execute(statement.values(**_values(subnet)))


async def delete_subnet(tx: Tx, subnet_id: str) -> None:
    await tx.execute(delete(subnets).where(subnets.c.id == subnet_id))


async def owners_in_subnet(session: Session, subnet_id: str) -> dict[str, str]:
    """Ports with an address in the subnet: id to device owner."""
    rows = await session.all(
        select(ports.c.id, ports.c.device_owner)
        .join(port_addresses, port_addresses.c.port_id == ports.c.id)
        .where(port_addresses.c.subnet_id == subnet_id)
    )
    return {row.id: row.device_owner for row in rows}


async def addresses_used(session: Session, subnet_ids: Iterable[str]) -> dict[str, int]:
    """How many addresses ports have, by subnet."""
    found: dict[str, int] = {}
    for part in in_parts(subnet_ids):
        rows = await session.all(
            select(port_addresses.c.subnet_id, func.count().label("used"))
            .where(port_addresses.c.subnet_id.in_(part))
            .group_by(port_addresses.c.subnet_id)
        )
        found |= {row.subnet_id: row.used for row in rows}
    return found


def _subnet(row: AnyRow) -> Subnet:
    return Subnet(
        id=row.id,
        project_id=row.project_id,
        network_id=row.network_id,
        cidr=row.cidr,
        name=row.name,
        description=row.description,
        ip_version=row.ip_version,
        gateway_ip=row.gateway_ip,
        enable_dhcp=row.enable_dhcp,
        allocation_pools=tuple(AllocationPool(**pool) for pool in row.allocation_pools),
        dns_nameservers=tuple(row.dns_nameservers),
        host_routes=tuple(Route(**route) for route in row.host_routes),
        ipv6_ra_mode=row.ipv6_ra_mode,
        ipv6_address_mode=row.ipv6_address_mode,
        subnetpool_id=row.subnetpool_id,
        segment_id=row.segment_id,
        service_types=tuple(row.service_types),
        dns_publish_fixed_ip=row.dns_publish_fixed_ip,
        tags=tuple(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision_number=row.revision_number,
    )


def _values(subnet: Subnet) -> dict[str, Any]:
    values = {column.name: getattr(subnet, column.name) for column in subnets.columns}
    return values | {
        "allocation_pools": msgspec.to_builtins(subnet.allocation_pools),
        "host_routes": msgspec.to_builtins(subnet.host_routes),
    }
