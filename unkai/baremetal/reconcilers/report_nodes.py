"""Placement knows every node: one unit of its resource class, given out only while it is available.

A node is a resource provider of the node's uuid. What cannot be used now is reserved, so that a
claim fails and `unkai explain` says why. Woken by every change of a node.
"""

from __future__ import annotations

import re

from unkai.baremetal.actions.reserve_node import why_not
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.nodes import NODES
from unkai.kit.db import Tx
from unkai.kit.errors import Fault
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
    """Remembers what was reported: only what differs is written."""

    def __init__(self, baremetal: Baremetal) -> None:
        self._baremetal = baremetal
        self._reported: dict[str, tuple[object, ...]] = {}

    async def run(self) -> None:
        reader = self._baremetal.kit.database.reader
        found = {node.uuid: node for node in await NODES.list(reader)}
        for uuid in [uuid for uuid in self._reported if uuid not in found]:
            await self._forget(uuid)
        for node in found.values():
            said = (node.name, class_of(node), _reserved(node), tuple(node.traits))
            if self._reported.get(node.uuid) != said:
                await self._report(node)
                self._reported[node.uuid] = said

    async def _report(self, node: Node) -> None:
        name = class_of(node)
        stock = Inventory(total=1, reserved=_reserved(node), max_unit=1)
        inventories = {name: stock} if name else {}
        traits = frozenset(trait for trait in node.traits)
        placement = self._baremetal.placement

        async def write(tx: Tx) -> None:
            await ensure_provider(placement, tx, node.uuid, f"node {node.uuid}")
            await set_inventories(placement, tx, node.uuid, inventories)
            await set_traits(placement, tx, node.uuid, traits)

        try:
            await self._baremetal.kit.database.transact(write)
        except Fault as fault:
            log.warning("a node is not reported", node=node.uuid, error=fault.message)

    async def _forget(self, uuid: str) -> None:
        placement = self._baremetal.placement
        try:
            await self._baremetal.kit.database.transact(
                lambda tx: delete_provider(placement, tx, uuid)
            )
        except Fault as fault:
            log.warning("a node's provider stays", node=uuid, error=fault.message)
        self._reported.pop(uuid, None)


def _reserved(node: Node) -> int:
    """1 while the node takes no instance; one that carries an instance is used, not reserved."""
    return 0 if node.instance_uuid is not None else int(why_not(node) is not None)
