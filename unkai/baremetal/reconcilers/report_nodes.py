"""Placement knows every node: one unit of its resource class, given out only while it is available.

A node is a resource provider of the node's uuid. What cannot be used now is reserved, so that a
claim fails and `unkai explain` says why.
"""

from __future__ import annotations

import re

from unkai.baremetal.actions.reserve_node import why_not
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import get_node, nodes_to_report
from unkai.kit.db import Tx
from unkai.kit.errors import Fault, NotFound
from unkai.kit.log import log
from unkai.placement.actions.providers import (
    delete_provider,
    ensure_provider,
    set_inventories,
    set_traits,
)
from unkai.placement.model import Inventory


def class_of(node: Node) -> str | None:
    """The placement class of a node's resource_class: CUSTOM_ and its letters in capitals."""
    if not node.resource_class:
        return None
    return "CUSTOM_" + re.sub(r"[^A-Z0-9_]", "_", node.resource_class.upper())


class NodeReporter:
    """Looks at what changed, and every so many seconds at every node.

    What was reported is remembered, so that only what differs is written.
    """

    def __init__(self, baremetal: Baremetal, every_s: float) -> None:
        self._baremetal = baremetal
        self._every_s = every_s
        self._all_due_at = float("-inf")
        self._changed: set[str] = set()
        self._reported: dict[str, tuple[object, ...]] = {}

    def changed(self, uuid: str) -> None:
        self._changed.add(uuid)

    async def run(self) -> None:
        database, now = self._baremetal.kit.database, self._baremetal.kit.clock.monotonic()
        if now >= self._all_due_at:
            self._all_due_at = now + self._every_s
            for node in await database.read_apart(nodes_to_report):
                await self._compare(node)
        while self._changed:
            uuid = self._changed.pop()
            node = await get_node(database.reader, uuid)
            if node is None:
                await self._forget(uuid)
            else:
                await self._compare(node)

    async def _compare(self, node: Node) -> None:
        said = (class_of(node), _reserved(node), tuple(node.traits))
        if self._reported.get(node.uuid) == said:
            return
        try:
            await self._report(node)
        except Fault as fault:
            log.warning("a node is not reported", node=node.uuid, error=fault.message)
        else:
            self._reported[node.uuid] = said

    async def _report(self, node: Node) -> None:
        name = class_of(node)
        stock = Inventory(total=1, reserved=_reserved(node), max_unit=1)
        placement = self._baremetal.placement

        async def write(tx: Tx) -> None:
            await ensure_provider(placement, tx, node.uuid, f"node {node.uuid}")
            await set_inventories(placement, tx, node.uuid, {name: stock} if name else {})
            await set_traits(placement, tx, node.uuid, frozenset(node.traits))

        await self._baremetal.kit.database.transact(write)

    async def _forget(self, uuid: str) -> None:
        self._reported.pop(uuid, None)
        placement = self._baremetal.placement
        try:
            await self._baremetal.kit.database.transact(
                lambda tx: delete_provider(placement, tx, uuid)
            )
        except NotFound:
            return  # never reported, or forgotten before
        except Fault as fault:
            log.warning("a node's provider stays", node=uuid, error=fault.message)


def _reserved(node: Node) -> int:
    """1 while the node takes no instance; one that carries an instance is used, not reserved."""
    return 0 if node.instance_uuid is not None else int(why_not(node) is not None)
