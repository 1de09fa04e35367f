"""What administrators said of the service's binaries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from unkai.block_storage.model import Host
from unkai.block_storage.store.schema import hosts
from unkai.kit.db import Session, Tx

COLUMNS = tuple(column.name for column in hosts.c)
ALL = select(hosts).order_by(hosts.c.binary, hosts.c.host)


async def all_hosts(session: Session) -> list[Host]:
    rows = await session.all(ALL)
    return [Host(**{name: getattr(row, name) for name in COLUMNS}) for row in rows]


async def find(session: Session, binary: str, host: str) -> Host | None:
    found = await all_hosts(session)
    return next((one for one in found if (one.binary, one.host) == (binary, host)), None)


async def add(tx: Tx, host: Host) -> None:
    await tx.execute(insert(hosts), {name: getattr(host, name) for name in COLUMNS})


async def change(tx: Tx, binary: str, host: str, at: float, **values: Any) -> bool:
    mine = (hosts.c.binary == binary) & (hosts.c.host == host)
    return bool(await tx.count(update(hosts).where(mine).values(updated_at=at, **values)))
