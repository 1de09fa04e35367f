"""Whether a node's serial console may be opened."""

from __future__ import annotations

from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.drivers.base import unsupported
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store import nodes
from unkai.kit.db import Tx
from unkai.kit.policy import Caller


async def set_console(baremetal: Baremetal, caller: Caller, ident: str, *, enabled: bool) -> None:
    """BadRequest (code "unsupported-interface") where the node has no console."""

    async def write(tx: Tx) -> None:
        node = await permitted_node(tx, caller, ident, "baremetal:node:set_console_state")
        if node.interface("console") == "no-console":
            raise unsupported(node, "console")
        driver = baremetal.drivers.console.get(node.interface("console"))
        if driver is not None and enabled:
            driver.validate(node)
        if node.console_enabled != enabled:
            now = baremetal.kit.clock.now()
            await nodes.change_node(tx, node, now, console_enabled=enabled)

    await baremetal.kit.database.transact(write)
