"""The node a caller names: what it may not see does not exist."""

from __future__ import annotations

import re

from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import busy
from unkai.baremetal.store import nodes
from unkai.kit.db import Session
from unkai.kit.errors import Forbidden, NotFound
from unkai.kit.policy import Caller

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def unknown(ident: str) -> NotFound:
    return NotFound(f"Node {ident} could not be found.", code="node-unknown")


def owns(caller: Caller, node: Node) -> bool:
    return caller.is_admin or (node.owner is not None and node.owner == caller.project_id)


def leases(caller: Caller, node: Node) -> bool:
    return node.lessee is not None and node.lessee == caller.project_id


async def find_node(session: Session, caller: Caller, ident: str) -> Node:
    """By uuid or name. NotFound unless the caller sees all nodes, owns this one or leases it."""
    found = None
    if _UUID.match(ident):
        found = await nodes.get_node(session, ident.lower())
    if found is None:
        found = await nodes.node_by_name(session, ident)
    if found is None or not (caller.reads_all or owns(caller, found) or leases(caller, found)):
        raise unknown(ident)
    return found


async def own_node(session: Session, caller: Caller, ident: str, *, lessee: bool = False) -> Node:
    """A node the caller may change; Forbidden where it may only see it.

    lessee: whether whoever leases it may do this too.
    """
    node = await find_node(session, caller, ident)
    if not (owns(caller, node) or (lessee and leases(caller, node))):
        raise Forbidden(f"Node {node.uuid} is not yours to change.", code="policy")
    return node


async def free_node(
    baremetal: Baremetal, session: Session, caller: Caller, ident: str, *, lessee: bool = False
) -> Node:
    """One that nothing is under way on; Conflict (code "node-locked") else."""
    node = await own_node(session, caller, ident, lessee=lessee)
    if await baremetal.kit.operations.busy(session, f"node/{node.uuid}") is not None:
        raise busy(node.uuid, node.conductor or baremetal.conductor)
    return node
