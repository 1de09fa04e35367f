"""Volume connectors and targets: what a node boots from over the network, and as whom."""

from __future__ import annotations

from typing import TypeVar

from sqlalchemy import ColumnElement

from unkai.baremetal.model import VolumeConnector, VolumeTarget
from unkai.baremetal.store.nodes import below_seen
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import volume_connectors, volume_targets
from unkai.kit.db import Session
from unkai.kit.policy import Caller

V = TypeVar("V", VolumeConnector, VolumeTarget)
CONNECTORS = Rows(volume_connectors, VolumeConnector)
TARGETS = Rows(volume_targets, VolumeTarget)


async def clash(session: Session, one: VolumeConnector | VolumeTarget) -> bool:
    """Whether another one takes its place: the same initiator, or the node's boot index."""
    if isinstance(one, VolumeConnector):
        table = volume_connectors.c
        same = (table.type == one.type, table.connector_id == one.connector_id)
        return await CONNECTORS.first(session, *same, table.uuid != one.uuid) is not None
    columns = volume_targets.c
    place = (columns.node_uuid == one.node_uuid, columns.boot_index == one.boot_index)
    return await TARGETS.first(session, *place, columns.uuid != one.uuid) is not None


def volumes_where(
    caller: Caller, rows: Rows[V], node_uuid: str | None
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list: of nodes the caller sees, or of one."""
    column = rows.table.c.node_uuid
    wheres = below_seen(caller, column)
    return wheres if node_uuid is None else (*wheres, column == node_uuid)
