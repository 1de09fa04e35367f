"""Names and addresses beside the ports of many devices, a statement each."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from unkai.kit.db import Session
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import floating_ips, networks, security_groups


async def names_of_networks(session: Session, ids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """(name, MTU) by network."""
    found: dict[str, tuple[str, int]] = {}
    for part in in_parts(ids):
        rows = await session.all(
            select(networks.c.id, networks.c.name, networks.c.mtu).where(networks.c.id.in_(part))
        )
        found |= {row.id: (row.name, row.mtu) for row in rows}
    return found


async def names_of_groups(session: Session, ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in in_parts(ids):
        rows = await session.all(
            select(security_groups.c.id, security_groups.c.name).where(
                security_groups.c.id.in_(part)
            )
        )
        found |= {row.id: row.name for row in rows}
    return found


async def floating_addresses(
    session: Session, port_ids: Iterable[str]
) -> dict[str, list[tuple[str, str]]]:
    """(fixed address, floating address) by port."""
    found: dict[str, list[tuple[str, str]]] = {}
    for part in in_parts(port_ids):
        rows = await session.all(
            select(
                floating_ips.c.port_id,
                floating_ips.c.fixed_ip_address,
                floating_ips.c.floating_ip_address,
            ).where(floating_ips.c.port_id.in_(part))
        )
        for row in rows:
            pair = (row.fixed_ip_address, row.floating_ip_address)
            found.setdefault(row.port_id, []).append(pair)
    return found
