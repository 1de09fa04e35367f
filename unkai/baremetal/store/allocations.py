"""Allocations: who asked for a node, and which one it got."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, delete, or_

from unkai.baremetal.model import Allocation, Node, State
from unkai.baremetal.store.nodes import NODES
from unkai.baremetal.store.rows import Rows
from unkai.baremetal.store.schema import allocations, nodes
from unkai.kit.db import Session, Tx

ALLOCATIONS = Rows(allocations, Allocation)


async def forget_node(tx: Tx, node_uuid: str) -> int:
    """The allocations of a node end with its instance; how many."""
    return await tx.count(delete(allocations).where(allocations.c.node_uuid == node_uuid))


async def free_nodes(session: Session, wanted: Allocation) -> Sequence[Node]:
    """Available nodes that an allocation could get, whatever their traits."""
    wheres = [
        nodes.c.resource_class == wanted.resource_class,
        nodes.c.provision_state == State.AVAILABLE,
        nodes.c.instance_uuid.is_(None),
        nodes.c.power_state.is_not(None),
        nodes.c.maintenance.is_(False),
    ]
    if wanted.candidate_nodes:
        wheres.append(nodes.c.uuid.in_(wanted.candidate_nodes))
    if wanted.owner is not None:
        wheres.append(or_(nodes.c.owner == wanted.owner, nodes.c.lessee == wanted.owner))
    return await NODES.list(session, *wheres)


def allocations_where(
    *,
    node_uuid: str | None = None,
    resource_class: str | None = None,
    state: str | None = None,
    owner: str | None = None,
) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a list; None asks for nothing."""
    asked = {
        "node_uuid": node_uuid,
        "resource_class": resource_class,
        "state": state,
        "owner": owner,
    }
    return tuple(allocations.c[name] == value for name, value in asked.items() if value is not None)
