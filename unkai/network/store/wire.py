"""Ids of all that shall be on the wire, and what is shown beside it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import or_, select

from unkai.kit.db import Session, among
from unkai.network.model import OWNER_METADATA
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import (
    floating_ips,
    networks,
    port_addresses,
    ports,
    routers,
    security_groups,
    subnets,
)

DHCPV6 = ("dhcpv6-stateful", "dhcpv6-stateless")


METADATA = (
    select(port_addresses.c.subnet_id, port_addresses.c.ip_address)
    .join(ports, ports.c.id == port_addresses.c.port_id)
    .where(among(ports.c.network_id), ports.c.device_owner == OWNER_METADATA)
)


async def metadata_ips(session: Session, network_ids: Iterable[str]) -> dict[str, str]:
    """Address of the metadata port, by subnet."""
    found: dict[str, str] = {}
    for part in in_parts(network_ids):
        rows = await session.all(METADATA, {"ids": part})
        found |= {row.subnet_id: row.ip_address for row in rows}
    return found


async def ids_by_kind(session: Session) -> dict[str, Sequence[str]]:
    """Everything but ports; subnets with DHCP (see `has_dhcp`), floating IPs with a router."""
    statements = {
        "network": select(networks.c.id),
        "subnet": select(subnets.c.id).where(
            subnets.c.enable_dhcp.is_(True),
            or_(subnets.c.ip_version == 4, subnets.c.ipv6_address_mode.in_(DHCPV6)),
        ),
        "security_group": select(security_groups.c.id),
        "router": select(routers.c.id),
        "floating_ip": select(floating_ips.c.id).where(floating_ips.c.router_id.is_not(None)),
    }
    return {kind: await session.scalars(statement) for kind, statement in statements.items()}


async def owners_of_ports(session: Session) -> dict[str, str]:
    rows = await session.all(select(ports.c.id, ports.c.device_owner))
    return {row.id: row.device_owner for row in rows}
