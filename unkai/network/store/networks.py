"""Rows of networks, and who sees which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_, select, update

from unkai.kit.db import AnyRow, Session, Tx, among
from unkai.kit.policy import Caller
from unkai.network.model import Network
from unkai.network.store.listing import EVERYTHING, Listing, in_parts, select_rows, shelf
from unkai.network.store.schema import networks, rbac_policies, subnets

NETWORKS = shelf(
    networks,
    {
        "router_external": "router:external",
        "provider_network_type": "provider:network_type",
        "provider_physical_network": "provider:physical_network",
        "provider_segmentation_id": "provider:segmentation_id",
    },
)


BY_IDS = select(networks).where(among(networks.c.id))
SUBNETS = (
    select(subnets.c.network_id, subnets.c.id)
    .where(among(subnets.c.network_id))
    .order_by(subnets.c.created_at, subnets.c.id)
)


def shared_with(caller: Caller, action: str) -> ColumnElement[bool]:
    """Networks that an RBAC policy opens to the caller's project."""
    return networks.c.id.in_(
        select(rbac_policies.c.object_id).where(
            rbac_policies.c.object_type == "network",
            rbac_policies.c.action == action,
            rbac_policies.c.target_project.in_([caller.project_id or "", "*"]),
        )
    )


def visible_to(caller: Caller) -> ColumnElement[bool] | None:
    if caller.reads_all:
        return None
    return or_(
        networks.c.project_id == (caller.project_id or ""),
        networks.c.shared.is_(True),
        networks.c.router_external.is_(True),
        shared_with(caller, "access_as_shared"),
        shared_with(caller, "access_as_external"),
    )


async def list_networks(session: Session, listing: Listing, caller: Caller) -> list[Network]:
    rows = await select_rows(session, NETWORKS, listing, visible_to(caller))
    return await _whole(session, rows)


async def find_network(session: Session, network_id: str, caller: Caller) -> Network | None:
    """The network if the caller may see it. One's own is found without looking further."""
    found = await get_network(session, network_id)
    if found is None or caller.may_see(found.project_id) or found.shared or found.router_external:
        return found
    statement = select(networks.c.id).where(networks.c.id == network_id)
    statement = statement.where(
        or_(shared_with(caller, "access_as_shared"), shared_with(caller, "access_as_external"))
    )
    return None if await session.scalar(statement) is None else found


async def get_networks(session: Session, ids: Iterable[str]) -> dict[str, Network]:
    found: dict[str, Network] = {}
    for part in in_parts(ids):
        rows = await session.all(BY_IDS, {"ids": part})
        found |= {network.id: network for network in await _whole(session, rows)}
    return found


async def get_network(session: Session, network_id: str) -> Network | None:
    return (await get_networks(session, [network_id])).get(network_id)


async def default_external_network(session: Session) -> Network | None:
    rows = await session.all(
        select(networks).where(networks.c.router_external.is_(True), networks.c.is_default)
    )
    return (await _whole(session, rows[:1]))[0] if rows else None


async def usable_networks(session: Session, project_id: str) -> list[Network]:
    """Networks a server of the project lands on when it names none: its own and shared ones."""
    rows = await session.all(
        select(networks)
        .where(
            or_(
                and_(networks.c.project_id == project_id, networks.c.router_external.is_(False)),
                networks.c.shared.is_(True),
            )
        )
        .order_by(networks.c.id)
    )
    return await _whole(session, rows)


async def network_named(session: Session, project_id: str, name: str) -> str | None:
    """The id of the project's oldest network of this name."""
    return await session.scalar(
        select(networks.c.id)
        .where(networks.c.project_id == project_id, networks.c.name == name)
        .order_by(networks.c.created_at)
        .limit(1)
    )


async def is_shared_with(session: Session, network_id: str, caller: Caller) -> bool:
    """Whether an RBAC policy lets the caller's project use the network as a shared one."""
    found = await session.scalar(
        select(networks.c.id).where(
            networks.c.id == network_id, shared_with(caller, "access_as_shared")
        )
    )
    return found is not None


async def insert_network(tx: Tx, network: Network) -> None:
    await tx.execute(insert(networks).values(**_values(network)))


async def save_network(tx: Tx, network: Network) -> None:
    statement = update(networks).where(networks.c.id == network.id)
    await tx.execute(statement.values(**_values(network)))


async def delete_network(tx: Tx, network_id: str) -> None:
    await tx.execute(delete(networks).where(networks.c.id == network_id))


async def unset_default_networks(tx: Tx, but: str) -> None:
    await tx.execute(
        update(networks).where(networks.c.is_default, networks.c.id != but).values(is_default=False)
    )


async def next_segment(session: Session, network_type: str) -> int:
    """A segmentation id no network of the type has."""
    highest = await session.scalar(
        select(func.max(networks.c.provider_segmentation_id)).where(
            networks.c.provider_network_type == network_type
        )
    )
    return (highest or 0) + 1


async def segment_taken(session: Session, network: Network) -> bool:
    """Whether another network has this VLAN (or, flat, the physical network itself)."""
    found = await session.scalar(
        select(networks.c.id).where(
            networks.c.id != network.id,
            networks.c.provider_network_type == network.provider_network_type,
            networks.c.provider_physical_network.is_not_distinct_from(
                network.provider_physical_network
            ),
            networks.c.provider_segmentation_id.is_not_distinct_from(
                network.provider_segmentation_id
            ),
        )
    )
    return found is not None


async def all_networks(session: Session) -> list[Network]:
    return await _whole(session, await select_rows(session, NETWORKS, EVERYTHING, None))


async def _whole(session: Session, rows: Sequence[AnyRow]) -> list[Network]:
    subnet_ids: dict[str, list[str]] = {}
    for part in in_parts(row.id for row in rows):
        found = await session.all(SUBNETS, {"ids": part})
        for child in found:
            subnet_ids.setdefault(child.network_id, []).append(child.id)
    return [_network(row, tuple(subnet_ids.get(row.id, ()))) for row in rows]


def _network(row: AnyRow, subnet_ids: tuple[str, ...]) -> Network:
    return Network(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        status=row.status,
        admin_state_up=row.admin_state_up,
        shared=row.shared,
        mtu=row.mtu,
        port_security_enabled=row.port_security_enabled,
        router_external=row.router_external,
        is_default=row.is_default,
        provider_network_type=row.provider_network_type,
        provider_physical_network=row.provider_physical_network,
        provider_segmentation_id=row.provider_segmentation_id,
        availability_zone_hints=tuple(row.availability_zone_hints),
        availability_zones=tuple(row.availability_zone_hints),
        dns_domain=row.dns_domain,
        subnet_ids=subnet_ids,
        tags=tuple(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision_number=row.revision_number,
    )


def _values(network: Network) -> dict[str, Any]:
    return {column.name: getattr(network, column.name) for column in networks.columns}
