"""The node a caller names: what it may not see does not exist."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import TypeVar

from unkai.baremetal.actions.rights import may, require
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.states import busy
from unkai.baremetal.store import nodes
from unkai.kit.db import Session, Tx
from unkai.kit.errors import Conflict, NotFound
from unkai.kit.policy import Caller

T = TypeVar("T")
SHORT = frozenset({"set-power", "restore-power", "set-boot-mode", "set-secure-boot"})
"""Kinds of work that end within seconds on most machines."""
POLL_S = 0.05
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")


def is_uuid(text: str) -> bool:
    return _UUID.match(text) is not None


def unknown(ident: str) -> NotFound:
    return NotFound(f"Node {ident} could not be found.", code="node-unknown")


async def find_node(session: Session, caller: Caller, ident: str) -> Node:
    """By uuid or name. NotFound unless the caller sees all nodes, owns this one or leases it."""
    found = None
    if is_uuid(ident):
        found = await nodes.get_node(session, ident.lower())
    if found is None:
        found = await nodes.node_by_name(session, ident)
    if found is None or not may(caller, found, "baremetal:node:get"):
        raise unknown(ident)
    return found


async def permitted_node(session: Session, caller: Caller, ident: str, *rules: str) -> Node:
    """A node for which all of these rules hold: NotFound if it is not to be seen, else Forbidden.

    rules: upstream's names, of `rights.RIGHTS`.
    """
    node = await find_node(session, caller, ident)
    for rule in rules:
        require(caller, node, rule)
    return node


class BusyForNow(Conflict):
    """What holds the node is short: a client need not be told, if it ends soon."""


async def not_busy(baremetal: Baremetal, session: Session, node: Node) -> None:
    """Conflict (code "node-locked") while something is under way on it."""
    kind = await baremetal.kit.operations.busy(session, f"node/{node.uuid}")
    if kind is None:
        return
    refused = busy(node.uuid, node.conductor or baremetal.conductor)
    if kind in SHORT:
        raise BusyForNow(refused.message, code=refused.code)
    raise refused


async def transact_when_free(baremetal: Baremetal, fn: Callable[[Tx], Awaitable[T]]) -> T:
    """Run a transaction that needs a free node; wait a moment for what is short."""
    kit = baremetal.kit
    until = kit.clock.monotonic() + baremetal.settings.lock_patience_s
    while True:
        try:
            return await kit.database.transact(fn)
        except BusyForNow:
            if kit.clock.monotonic() >= until:
                raise
        await kit.clock.sleep(POLL_S)


async def free_node(
    baremetal: Baremetal, session: Session, caller: Caller, ident: str, *rules: str
) -> Node:
    """One that nothing is under way on; Conflict (code "node-locked") else."""
    node = await permitted_node(session, caller, ident, *rules)
    await not_busy(baremetal, session, node)
    return node
