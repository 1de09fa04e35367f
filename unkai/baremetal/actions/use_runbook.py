"""A runbook's steps, for a node that is approved for it by its traits."""

from __future__ import annotations

from typing import Any

from unkai.baremetal.actions.rights import system_member
from unkai.baremetal.model import Node
from unkai.baremetal.service import Baremetal
from unkai.baremetal.store.runbooks import find_runbook
from unkai.kit.errors import BadRequest, NotFound
from unkai.kit.policy import Caller


async def runbook_steps(
    baremetal: Baremetal, caller: Caller, node: Node, ident: str, *, by_trait: bool
) -> tuple[list[dict[str, Any]], bool]:
    """(steps, whether they run without a ramdisk); NotFound for one the caller may not use.

    by_trait: the runbook names its traits; before 1.112 its own name had to be one of the node's.
    """
    found = await find_runbook(baremetal.kit.database.reader, ident)
    mine = found is not None and (
        found.public
        or system_member(caller)
        or (
            "manager" in caller.roles
            and found.owner is not None
            and found.owner == caller.project_id
        )
    )
    if found is None or not mine:
        raise NotFound(f"Runbook {ident} could not be found.", code="runbook-unknown")
    wanted = set(found.traits) if by_trait else {found.name}
    if not wanted & set(node.traits):
        raise BadRequest(
            f"This runbook has not been approved for use on this node {node.uuid}.",
            code="runbook-not-approved",
            remedy="Ask an administrator to add one of its traits to the node.",
        )
    steps = sorted(found.steps, key=lambda step: step.order or 0)
    said = [{"interface": one.interface, "step": one.step, "args": one.args} for one in steps]
    return said, found.disable_ramdisk
