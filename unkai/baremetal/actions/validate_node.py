"""Ask every interface of a node whether what is said of it is enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unkai.baremetal.actions.find_node import permitted_node
from unkai.baremetal.drivers.base import Driver
from unkai.baremetal.model import INTERFACES, Node
from unkai.baremetal.service import Baremetal
from unkai.kit.errors import Fault
from unkai.kit.policy import Caller


async def validate_node(baremetal: Baremetal, caller: Caller, ident: str) -> dict[str, Any]:
    """Kind of interface to {"result": true, false or null where it has none, "reason"}."""
    session = baremetal.kit.database.reader
    node = await permitted_node(session, caller, ident, "baremetal:node:validate")
    return {kind: _verdict(baremetal, node, kind) for kind in INTERFACES}


def _verdict(baremetal: Baremetal, node: Node, kind: str) -> dict[str, Any]:
    known: Mapping[str, Driver] = getattr(baremetal.drivers, kind, {})
    name = node.interface(kind)
    driver = known.get(name)
    if driver is None:
        if name.startswith("no-"):
            return {"result": None, "reason": "not supported"}
        return {"result": True}
    try:
        driver.validate(node)
    except Fault as fault:
        return {"result": False, "reason": fault.public}
    return {"result": True}
