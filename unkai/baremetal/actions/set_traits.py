"""A node's traits: what it can do, by names that everybody knows or that somebody made up."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from unkai.baremetal.actions.change_state import NODE_CHANGED
from unkai.baremetal.actions.find_node import free_node, transact_when_free
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller

MAX_TRAITS = 50


async def set_traits(
    baremetal: Baremetal, caller: Caller, ident: str, traits: Iterable[str]
) -> None:
    """In place of those it has."""
    wanted = sorted(set(traits))
    await _change(baremetal, caller, ident, "set", lambda _: wanted)


async def add_trait(baremetal: Baremetal, caller: Caller, ident: str, trait: str) -> None:
    await _change(baremetal, caller, ident, "set", lambda node: sorted({*node.traits, trait}))


async def remove_traits(baremetal: Baremetal, caller: Caller, ident: str) -> None:
    await _change(baremetal, caller, ident, "delete", lambda _: [])


async def remove_trait(baremetal: Baremetal, caller: Caller, ident: str, trait: str) -> None:
    """NotFound if it has no such trait."""

    def without(node: Node) -> list[str]:
        if trait not in node.traits:
            raise NotFound(f"Node {node.uuid} doesn't have a trait '{trait}'.")
        return [one for one in node.traits if one != trait]

    await _change(baremetal, caller, ident, "delete", without)


async def _change(
    baremetal: Baremetal,
    caller: Caller,
    ident: str,
    verb: str,
    change: Callable[[Node], list[str]],
) -> None:
    async def write(tx: Tx) -> None:
        rule = f"baremetal:node:traits:{verb}"
        node = await free_node(baremetal, tx, caller, ident, rule)
        traits = change(node)
        if len(traits) > MAX_TRAITS:
            raise BadRequest(
                f"A node has at most {MAX_TRAITS} traits; these would be {len(traits)}.",
                code="too-many-traits",
            )
        if traits != node.traits:
            await nodes.change_node(tx, node, baremetal.kit.clock.now(), traits=traits)
            await baremetal.kit.events.emit(tx, NODE_CHANGED, node.uuid)

    await transact_when_free(baremetal, write)
