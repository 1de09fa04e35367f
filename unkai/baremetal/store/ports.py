"""Ports: the NICs of nodes."""

from __future__ import annotations

from collections.abc import Sequence

from unkai.baremetal.model import Port
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import ports
from unkai.kit.db import Session

PORTS = Rows(ports, Port)


async def ports_of(session: Session, node_uuid: str) -> Sequence[Port]:
    """Oldest first."""
    return await PORTS.list(session, ports.c.node_uuid == node_uuid)


async def ports_with(session: Session, addresses: Sequence[str]) -> Sequence[Port]:
    """Those with one of these MACs, lower case."""
    return await PORTS.list(session, ports.c.address.in_(addresses))
