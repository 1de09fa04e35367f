"""Chassis: what nodes stand in."""

from __future__ import annotations

from unkai.baremetal.model import Chassis
from unkai.baremetal.store.nodes import NODES
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import chassis, nodes
from unkai.kit.db import Session

CHASSIS = Rows(chassis, Chassis)


async def holds_nodes(session: Session, uuid: str) -> bool:
    return await NODES.first(session, nodes.c.chassis_uuid == uuid) is not None
