"""Rows of floating IPs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update

from unkai.kit.db import AnyRow, Session, Tx
from unkai.kit.policy import Caller
from unkai.network.model import FloatingIP
from unkai.network.store.listing import Listing, in_parts, owned_or_all, select_rows, shelf
from unkai.network.store.schema import floating_ips

FLOATING_IPS = shelf(floating_ips, hidden=["floating_port_id"])


async def list_floating_ips(session: Session, listing: Listing, caller: Caller) -> list[FloatingIP]:
    visible = owned_or_all(FLOATING_IPS, caller)
    return _whole(await select_rows(session, FLOATING_IPS, listing, visible))


async def get_floating_ips(session: Session, ids: Iterable[str]) -> dict[str, FloatingIP]:
    found: dict[str, FloatingIP] = {}
    for part in in_parts(ids):
        rows = await session.all(select(floating_ips).where(floating_ips.c.id.in_(part)))
        found |= {row.id: row for row in _whole(rows)}
    return found


async def get_floating_ip(session: Session, floating_ip_id: str) -> FloatingIP | None:
    return (await get_floating_ips(session, [floating_ip_id])).get(floating_ip_id)


async def port_of_floating_ip(session: Session, floating_ip_id: str) -> str:
    """The port on the external network that holds the address."""
    return await session.scalar(
        select(floating_ips.c.floating_port_id).where(floating_ips.c.id == floating_ip_id)
    )


async def floating_ips_of_ports(
    session: Session, port_ids: Iterable[str]
) -> dict[str, list[FloatingIP]]:
    """Associated floating IPs, by the port they lead to."""
    found: dict[str, list[FloatingIP]] = {}
    for part in in_parts(port_ids):
        statement = select(floating_ips).where(floating_ips.c.port_id.in_(part))
        for row in _whole(await session.all(statement.order_by(floating_ips.c.created_at))):
            found.setdefault(row.port_id or "", []).append(row)
    return found


async def floating_ips_of_router(session: Session, router_id: str) -> list[FloatingIP]:
    statement = select(floating_ips).where(floating_ips.c.router_id == router_id)
    return _whole(await session.all(statement))


async def floating_ips_on(session: Session, network_id: str) -> list[FloatingIP]:
    statement = select(floating_ips).where(floating_ips.c.floating_network_id == network_id)
    return _whole(await session.all(statement))


async def all_associated(session: Session) -> list[FloatingIP]:
    statement = select(floating_ips).where(floating_ips.c.router_id.is_not(None))
    return _whole(await session.all(statement))


async def insert_floating_ip(tx: Tx, floating_ip: FloatingIP, floating_port_id: str) -> None:
    values = _values(floating_ip) | {"floating_port_id": floating_port_id}
    await tx.execute(insert(floating_ips).values(**values))


async def save_floating_ip(tx: Tx, floating_ip: FloatingIP) -> None:
    statement = update(floating_ips).where(floating_ips.c.id == floating_ip.id)
    await tx.execute(statement.values(**_values(floating_ip)))


async def delete_floating_ip(tx: Tx, floating_ip_id: str) -> None:
    await tx.execute(delete(floating_ips).where(floating_ips.c.id == floating_ip_id))


def _whole(rows: Sequence[AnyRow]) -> list[FloatingIP]:
    return [_floating_ip(row) for row in rows]


def _floating_ip(row: AnyRow) -> FloatingIP:
    values: dict[str, Any] = {
        c.name: getattr(row, c.name) for c in floating_ips.columns if c.name != "floating_port_id"
    }
    values["tags"] = tuple(row.tags)
    return FloatingIP(**values)


def _values(floating_ip: FloatingIP) -> dict[str, Any]:
    return {
        column.name: getattr(floating_ip, column.name)
        for column in floating_ips.columns
        if column.name != "floating_port_id"
    }
