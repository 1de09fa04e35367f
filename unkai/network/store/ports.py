"""Rows of ports with their addresses and security groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, bindparam, delete, exists, func, insert, or_, select, update

from unkai.kit.db import AnyRow, Session, Tx, among
from unkai.kit.errors import BadRequest
from unkai.kit.policy import Caller
from unkai.network.model import AddressPair, DhcpOption, FixedIP, Port
from unkai.network.store.listing import EVERYTHING, Listing, in_parts, select_rows, shelf
from unkai.network.store.schema import networks, port_addresses, port_security_groups, ports


def _by_fixed_ips(values: Sequence[str]) -> ColumnElement[bool]:
    """`ip_address=10.0.0.3`, `subnet_id=...`, `ip_address_substr=0.0.3`; all must hold."""
    wanted: dict[str, list[str]] = {}
    for value in values:
        name, _, text = value.partition("=")
        wanted.setdefault(name, []).append(text)
    address = port_addresses.c
    made: list[ColumnElement[bool]] = []
    for name, texts in wanted.items():
        if name == "ip_address":
            made.append(address.ip_address.in_(texts))
        elif name in ("subnet_id", "subnet"):
            made.append(address.subnet_id.in_(texts))
        elif name == "ip_address_substr":
            made.append(or_(*(address.ip_address.contains(t, autoescape=True) for t in texts)))
        else:
            raise BadRequest(f"['{name}'] is invalid attribute for filtering fixed_ips")
    return exists().where(address.port_id == ports.c.id, *made)


def _by_address(values: Sequence[str]) -> ColumnElement[bool]:
    address = port_addresses.c
    return exists().where(address.port_id == ports.c.id, address.ip_address.in_(values))


def _by_subnet(values: Sequence[str]) -> ColumnElement[bool]:
    address = port_addresses.c
    return exists().where(address.port_id == ports.c.id, address.subnet_id.in_(values))


def _by_security_groups(values: Sequence[str]) -> ColumnElement[bool]:
    group = port_security_groups.c
    return exists().where(group.port_id == ports.c.id, group.security_group_id.in_(values))


PORTS = shelf(
    ports,
    {
        "binding_host_id": "binding:host_id",
        "binding_vnic_type": "binding:vnic_type",
        "binding_vif_type": "binding:vif_type",
    },
    {
        "fixed_ips": _by_fixed_ips,
        "ip_address": _by_address,
        "subnet_id": _by_subnet,
        "security_groups": _by_security_groups,
        "security_group_ids": _by_security_groups,
    },
)


BY_IDS = select(ports).where(among(ports.c.id))
ADDRESSES = (
    select(port_addresses.c.port_id, port_addresses.c.subnet_id, port_addresses.c.ip_address)
    .where(among(port_addresses.c.port_id))
    .order_by(port_addresses.c.position)
)
GROUPS = (
    select(port_security_groups)
    .where(among(port_security_groups.c.port_id))
    .order_by(port_security_groups.c.security_group_id)
)
MAC = select(ports.c.id).where(
    ports.c.network_id == bindparam("network_id"), ports.c.mac_address == bindparam("mac_address")
)
STATUSES = select(ports.c.id, ports.c.status).where(ports.c.binding_host_id != "")
STATUSES_OF = STATUSES.where(among(ports.c.id))
SET_STATUS = (
    update(ports).where(among(ports.c.id)).values(revision_number=ports.c.revision_number + 1)
)
OWNED = select(ports.c.id, ports.c.network_id, ports.c.device_id, ports.c.binding_host_id).where(
    ports.c.device_owner == bindparam("device_owner")
)
INSERT = insert(ports)
INSERT_ADDRESSES = insert(port_addresses)
INSERT_GROUPS = insert(port_security_groups)


def visible_to(caller: Caller) -> ColumnElement[bool] | None:
    """A project's own ports, and all ports on its own networks."""
    if caller.reads_all:
        return None
    mine = caller.project_id or ""
    owned = select(networks.c.id).where(networks.c.project_id == mine)
    return or_(ports.c.project_id == mine, ports.c.network_id.in_(owned))


async def list_ports(session: Session, listing: Listing, caller: Caller) -> list[Port]:
    rows = await select_rows(session, PORTS, listing, visible_to(caller))
    return await _whole(session, rows)


async def find_port(session: Session, port_id: str, caller: Caller) -> Port | None:
    """The port if the caller may see it: its own, or one on its own network."""
    found = await get_port(session, port_id)
    if found is None or caller.may_see(found.project_id):
        return found
    owner = await session.scalar(
        select(networks.c.project_id).where(networks.c.id == found.network_id)
    )
    return found if caller.may_see(owner) else None


async def get_ports(session: Session, ids: Iterable[str]) -> dict[str, Port]:
    found: dict[str, Port] = {}
    for part in in_parts(ids):
        rows = await session.all(BY_IDS, {"ids": part})
        found |= {port.id: port for port in await _whole(session, rows)}
    return found


async def get_port(session: Session, port_id: str) -> Port | None:
    return (await get_ports(session, [port_id])).get(port_id)


async def all_ports(session: Session) -> list[Port]:
    return await _whole(session, await select_rows(session, PORTS, EVERYTHING, None))


async def ports_of_network(
    session: Session, network_id: str, device_owner: str | None = None
) -> list[Port]:
    statement = select(ports).where(ports.c.network_id == network_id)
    if device_owner is not None:
        statement = statement.where(ports.c.device_owner == device_owner)
    return await _whole(session, await session.all(statement))


async def ports_with_devices(session: Session, device_ids: Iterable[str]) -> list[Port]:
    found: list[Port] = []
    for part in in_parts(device_ids):
        statement = select(ports).where(ports.c.device_id.in_(part))
        rows = await session.all(statement.order_by(ports.c.created_at, ports.c.id))
        found.extend(await _whole(session, rows))
    return found


async def ports_in_subnet(session: Session, subnet_id: str) -> list[str]:
    return list(
        await session.scalars(
            select(port_addresses.c.port_id).where(port_addresses.c.subnet_id == subnet_id)
        )
    )


async def port_id_at(session: Session, network_id: str, ip_address: str) -> str | None:
    return await session.scalar(
        select(port_addresses.c.port_id).where(
            port_addresses.c.network_id == network_id, port_addresses.c.ip_address == ip_address
        )
    )


async def binding_statuses(session: Session, port_ids: Iterable[str] | None) -> list[AnyRow]:
    """(id, status) of ports that are bound to a host: of these, or of all."""
    if port_ids is None:
        return list(await session.all(STATUSES))
    found: list[AnyRow] = []
    for part in in_parts(port_ids):
        found.extend(await session.all(STATUSES_OF, {"ids": part}))
    return found


async def ports_owned(session: Session, device_owner: str) -> Sequence[AnyRow]:
    """(id, network_id, device_id, binding_host_id) of the ports with this owner."""
    return await session.all(OWNED, {"device_owner": device_owner})


async def mac_taken(session: Session, network_id: str, mac_address: str) -> bool:
    parameters = {"network_id": network_id, "mac_address": mac_address}
    return await session.scalar(MAC, parameters) is not None


async def network_ids_in_use(session: Session, network_id: str) -> Sequence[AnyRow]:
    """(id, device_owner) of the ports of a network."""
    return await session.all(
        select(ports.c.id, ports.c.device_owner).where(ports.c.network_id == network_id)
    )


async def insert_port(tx: Tx, port: Port) -> None:
    await tx.execute(INSERT, _values(port))
    await _insert_addresses(tx, port)
    await _insert_groups(tx, port)


async def save_port(tx: Tx, port: Port, before: Port) -> None:
    """Write what differs from `before`; children only where they changed."""
    await tx.execute(update(ports).where(ports.c.id == port.id).values(**_values(port)))
    if port.fixed_ips != before.fixed_ips:
        await tx.execute(delete(port_addresses).where(port_addresses.c.port_id == port.id))
        await _insert_addresses(tx, port)
    if set(port.security_group_ids) != set(before.security_group_ids):
        group = port_security_groups.c
        await tx.execute(delete(port_security_groups).where(group.port_id == port.id))
        await _insert_groups(tx, port)


async def set_statuses(tx: Tx, port_ids: Iterable[str], status: str, now: float) -> None:
    for part in in_parts(port_ids):
        await tx.execute(SET_STATUS, {"ids": part, "status": status, "updated_at": now})


async def delete_ports(tx: Tx, port_ids: Iterable[str]) -> None:
    for part in in_parts(port_ids):
        await tx.execute(delete(port_addresses).where(port_addresses.c.port_id.in_(part)))
        group = port_security_groups.c
        await tx.execute(delete(port_security_groups).where(group.port_id.in_(part)))
        await tx.execute(delete(ports).where(ports.c.id.in_(part)))


async def count_device_ports(session: Session, device_owner: str, device_id: str) -> int:
    return await session.scalar(
        select(func.count()).where(
            ports.c.device_owner == device_owner, ports.c.device_id == device_id
        )
    )


async def _insert_addresses(tx: Tx, port: Port) -> None:
    if port.fixed_ips:
        rows = [
            {
                "network_id": port.network_id,
                "ip_address": fixed.ip_address,
                "subnet_id": fixed.subnet_id,
                "port_id": port.id,
                "position": position,
            }
            for position, fixed in enumerate(port.fixed_ips)
        ]
        await tx.execute(INSERT_ADDRESSES, rows)


async def _insert_groups(tx: Tx, port: Port) -> None:
    if port.security_group_ids:
        rows = [
            {"port_id": port.id, "security_group_id": group_id}
            for group_id in dict.fromkeys(port.security_group_ids)
        ]
        await tx.execute(INSERT_GROUPS, rows)


async def _whole(session: Session, rows: Sequence[AnyRow]) -> list[Port]:
    fixed_ips: dict[str, list[FixedIP]] = {}
    groups: dict[str, list[str]] = {}
    for part in in_parts(row.id for row in rows):
        for found in await session.all(ADDRESSES, {"ids": part}):
            fixed = FixedIP(found.subnet_id, found.ip_address)
            fixed_ips.setdefault(found.port_id, []).append(fixed)
        for found in await session.all(GROUPS, {"ids": part}):
            groups.setdefault(found.port_id, []).append(found.security_group_id)
    return [
        _port(row, tuple(fixed_ips.get(row.id, ())), tuple(groups.get(row.id, ()))) for row in rows
    ]


def _port(row: AnyRow, fixed_ips: tuple[FixedIP, ...], groups: tuple[str, ...]) -> Port:
    return Port(
        id=row.id,
        project_id=row.project_id,
        network_id=row.network_id,
        mac_address=row.mac_address,
        name=row.name,
        description=row.description,
        status=row.status,
        admin_state_up=row.admin_state_up,
        device_id=row.device_id,
        device_owner=row.device_owner,
        fixed_ips=fixed_ips,
        security_group_ids=groups,
        port_security_enabled=row.port_security_enabled,
        allowed_address_pairs=tuple(AddressPair(**pair) for pair in row.allowed_address_pairs),
        extra_dhcp_opts=tuple(DhcpOption(**option) for option in row.extra_dhcp_opts),
        binding_host_id=row.binding_host_id,
        binding_vnic_type=row.binding_vnic_type,
        binding_vif_type=row.binding_vif_type,
        binding_vif_details=row.binding_vif_details,
        binding_profile=row.binding_profile,
        dns_name=row.dns_name,
        dns_domain=row.dns_domain,
        ip_allocation=row.ip_allocation,
        propagate_uplink_status=row.propagate_uplink_status,
        tags=tuple(row.tags),
        created_at=row.created_at,
        updated_at=row.updated_at,
        revision_number=row.revision_number,
    )


def _values(port: Port) -> dict[str, Any]:
    values = {column.name: getattr(port, column.name) for column in ports.columns}
    return values | {
        "allowed_address_pairs": msgspec.to_builtins(port.allowed_address_pairs),
        "extra_dhcp_opts": msgspec.to_builtins(port.extra_dhcp_opts),
        "binding_vif_details": dict(port.binding_vif_details),
        "binding_profile": dict(port.binding_profile),
    }
