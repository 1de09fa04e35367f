"""Ports: the NICs of nodes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from unkai.baremetal.model import Port
from unkai.baremetal.store.nodes import below_seen
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import ports
from unkai.kit.db import Session
from unkai.kit.policy import Caller

PORTS = Rows(ports, Port)


async def ports_of(session: Session, node_uuid: str) -> Sequence[Port]:
    """Oldest first."""
    return await PORTS.list(session, ports.c.node_uuid == node_uuid)


async def ports_with(session: Session, addresses: Sequence[str]) -> Sequence[Port]:
    """Those with one of these MACs, lower case."""
    return await PORTS.list(session, ports.c.address.in_(addresses))


async def members_of(session: Session, portgroup_uuid: str) -> Sequence[Port]:
    return await PORTS.list(session, ports.c.portgroup_uuid == portgroup_uuid)


def ports_where(
    caller: Caller,
    *,
    node_uuid: str | None = None,
    portgroup_uuid: str | None = None,
    address: str | None = None,
    contains: str | None = None,
    shards: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list: of nodes the caller sees, and what else is asked for.

    contains: a part of the description. shards, groups: of nodes in these (conductor groups).
    """
    wheres = list(below_seen(caller, ports.c.node_uuid, shards=shards, groups=groups))
    if node_uuid is not None:
        wheres.append(ports.c.node_uuid == node_uuid)
    if portgroup_uuid is not None:
        wheres.append(ports.c.portgroup_uuid == portgroup_uuid)
    if address is not None:
        wheres.append(ports.c.address == address)
    if contains:
        wheres.append(ports.c.description.contains(contains, autoescape=True))
    return tuple(wheres)
