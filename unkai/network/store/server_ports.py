"""Ports as servers show them: only what a list of servers needs, a statement a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.sql.base import Executable

from unkai.kit.db import Session, among
from unkai.network.store.listing import in_parts
from unkai.network.store.schema import (
    floating_ips,
    networks,
    port_addresses,
    port_security_groups,
    ports,
    security_groups,
)

ADDRESSES = (
    select(
        ports.c.device_id,
        ports.c.id.label("port_id"),
        ports.c.mac_address,
        networks.c.name.label("network"),
        port_addresses.c.ip_address,
    )
    .join(networks, networks.c.id == ports.c.network_id)
    .outerjoin(port_addresses, port_addresses.c.port_id == ports.c.id)
    .where(among(ports.c.device_id))
    .order_by(ports.c.created_at, ports.c.id, port_addresses.c.position)
)
GROUPS = (
    select(ports.c.device_id, security_groups.c.name)
    .join(port_security_groups, port_security_groups.c.port_id == ports.c.id)
    .join(security_groups, security_groups.c.id == port_security_groups.c.security_group_id)
    .where(among(ports.c.device_id))
    .distinct()
    .order_by(security_groups.c.name)
)
FLOATING = (
    select(floating_ips.c.port_id, floating_ips.c.floating_ip_address.label("address"))
    .join(ports, ports.c.id == floating_ips.c.port_id)
    .where(among(ports.c.device_id))
)


async def ports_of_servers(session: Session) -> list[Any]:
    """(id, device_id, binding_host_id) of every port whose owner is compute."""
    wanted = (ports.c.id, ports.c.device_id, ports.c.binding_host_id)
    statement = select(*wanted).where(ports.c.device_owner.like("compute:%"))
    return list(await session.all(statement))


async def addresses_of_devices(session: Session, device_ids: Sequence[str]) -> list[Any]:
    """(device_id, port_id, mac_address, network, ip_address), ports in the order they were made.

    A port without an address is one row with none.
    """
    return await _of_devices(session, ADDRESSES, device_ids)


async def groups_of_devices(session: Session, device_ids: Sequence[str]) -> list[Any]:
    """(device_id, name), each pair once."""
    return await _of_devices(session, GROUPS, device_ids)


async def floating_of_devices(session: Session, device_ids: Sequence[str]) -> list[Any]:
    """(port_id, address), of floating IPs."""
    return await _of_devices(session, FLOATING, device_ids)


async def _of_devices(
    session: Session, statement: Executable, device_ids: Sequence[str]
) -> list[Any]:
    found: list[Any] = []
    for part in in_parts(device_ids):
        found.extend(await session.all(statement, {"ids": part}))
    return found
