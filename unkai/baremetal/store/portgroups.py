"""Port groups: NICs of a node that are one to the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from unkai.baremetal.model import Portgroup
from unkai.baremetal.store.nodes import below_seen
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import portgroups
from unkai.kit.db import Session, Tx
from unkai.kit.policy import Caller

PORTGROUPS = Rows(portgroups, Portgroup)


async def portgroups_of(session: Session, node_uuid: str) -> Sequence[Portgroup]:
    """Oldest first."""
    return await PORTGROUPS.list(session, portgroups.c.node_uuid == node_uuid)


async def change_portgroup(tx: Tx, uuid: str, now: float, **values: Any) -> None:
    await PORTGROUPS.change(tx, uuid, updated_at=now, **values)


def portgroups_where(
    caller: Caller,
    *,
    node_uuid: str | None = None,
    address: str | None = None,
    shards: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list: of nodes the caller sees, and what else is asked for."""
    table = portgroups.c
    wheres = list(below_seen(caller, table.node_uuid, shards=shards, groups=groups))
    if node_uuid is not None:
        wheres.append(table.node_uuid == node_uuid)
    if address is not None:
        wheres.append(table.address == address)
    return tuple(wheres)
