"""Compute hosts: what each said of itself, whether it may be used, when it was last heard."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from sqlalchemy import delete, func, insert, select, update

from unkai.compute.model import ComputeHost
from unkai.compute.store.schema import hosts, servers
from unkai.kit.db import AnyRow, Session, Tx


def of_row(row: AnyRow) -> ComputeHost:
    return msgspec.convert(row, ComputeHost, from_attributes=True)


_ALL = select(hosts).order_by(hosts.c.number)


async def list_hosts(session: Session) -> list[ComputeHost]:
    return [of_row(row) for row in await session.all(_ALL)]


async def get_host(session: Session, hostname: str) -> ComputeHost | None:
    row = await session.first(select(hosts).where(hosts.c.hostname == hostname))
    return of_row(row) if row else None


async def find_by_service(session: Session, service_id: str) -> ComputeHost | None:
    row = await session.first(select(hosts).where(hosts.c.service_id == service_id))
    return of_row(row) if row else None


async def add_host(
    tx: Tx, hostname: str, facts: dict[str, object], *, host_id: str, service_id: str, now: float
) -> None:
    last = await tx.scalar(select(func.max(hosts.c.number)))
    await tx.execute(
        insert(hosts).values(
            hostname=hostname,
            id=host_id,
            number=(last or 0) + 1,
            service_id=service_id,
            facts=facts,
            recovered_boot_id=facts["boot_id"],
            disabled=False,
            disabled_reason=None,
            forced_down=False,
            seen_at=now,
            created_at=now,
            updated_at=now,
        )
    )


async def host_seen(tx: Tx, hostname: str, now: float) -> None:
    await tx.execute(update(hosts).where(hosts.c.hostname == hostname).values(seen_at=now))


async def host_described(tx: Tx, hostname: str, facts: dict[str, object], now: float) -> None:
    await tx.execute(
        update(hosts)
        .where(hosts.c.hostname == hostname)
        .values(facts=facts, seen_at=now, updated_at=now)
    )


async def recovered(tx: Tx, hostname: str, boot_id: str) -> None:
    """What should run after this boot of the host was brought back."""
    await tx.execute(
        update(hosts).where(hosts.c.hostname == hostname).values(recovered_boot_id=boot_id)
    )


async def set_disabled(
    tx: Tx, hostname: str, *, disabled: bool, reason: str | None, now: float
) -> None:
    await tx.execute(
        update(hosts)
        .where(hosts.c.hostname == hostname)
        .values(disabled=disabled, disabled_reason=reason, updated_at=now)
    )


async def set_forced_down(tx: Tx, hostname: str, *, forced_down: bool, now: float) -> None:
    await tx.execute(
        update(hosts)
        .where(hosts.c.hostname == hostname)
        .values(forced_down=forced_down, updated_at=now)
    )


async def delete_host(tx: Tx, hostname: str) -> None:
    await tx.execute(delete(hosts).where(hosts.c.hostname == hostname))


async def servers_on(
    session: Session, hostnames: Collection[str]
) -> dict[str, list[tuple[str, str]]]:
    """Host to (id, name) of the servers on it."""
    rows = await session.all(
        select(servers.c.host, servers.c.id, servers.c.name)
        .where(servers.c.host.in_(hostnames), servers.c.deleted_at.is_(None))
        .order_by(servers.c.created_at, servers.c.id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.host, []).append((row.id, row.name))
    return found


async def busy_by_host(session: Session) -> dict[str, int]:
    """How many servers of each host something is being done to."""
    rows = await session.all(
        select(servers.c.host, func.count().label("servers"))
        .where(servers.c.task_state.is_not(None), servers.c.deleted_at.is_(None))
        .group_by(servers.c.host)
    )
    return {row.host: row.servers for row in rows}
